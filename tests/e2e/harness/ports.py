"""Free ports for servers that cannot take port 0."""

import random
import socket

# Below what Linux takes for outgoing connections (32768 and up), so that a
# port found free here is not taken by a client in the meantime.
_FIRST, _LAST = 20000, 32000


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Different ports that nobody listens on at the moment."""
    found: list[int] = []
    for port in random.SystemRandom().sample(range(_FIRST, _LAST), 2000):
        if is_free(port):
            found.append(port)
            if len(found) == count:
                return found
    raise RuntimeError(f"no {count} free ports in {_FIRST}-{_LAST}")


def is_open(port: int) -> bool:
    """Whether a connection is accepted."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
