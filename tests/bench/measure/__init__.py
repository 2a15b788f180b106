"""What `make bench` is made of; ../bench.py is where it starts."""
