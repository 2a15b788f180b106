"""Pairs of a schema and a document, made, judged, shrunk."""
