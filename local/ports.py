"""Ports on loopback: the one asked for while it is free, otherwise one that nobody uses."""

import random
import socket
import sys
from collections import deque
from collections.abc import Iterator

HOST = "127.0.0.1"

# Below the range from which the kernel takes ports for outgoing connections: a restarted server finds its port again.
_OWN_RANGE = range(20_000, 32_000)
# A claim has to last until the server listens; more than one stack needs at once.
_CLAIMS = 200
_claims: deque[socket.socket] = deque()


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of loopback now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_ports() -> Iterator[int]:
    """Free ports, each given once."""
    # The system's randomness: processes whose generators were seeded alike must not take the same ports.
    candidates = random.SystemRandom().sample(_OWN_RANGE, len(_OWN_RANGE))
    return (port for port in candidates if is_free(port) and _claim(port))


def _claim(port: int) -> bool:
    """Whether no other process was given the port: until its server listens, it looks free to all."""
    if sys.platform != "linux":
        return True
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(f"\0lectern-port-{port}")  # a name that the kernel forgets with the process
    except OSError:
        claim.close()
        return False
    _claims.append(claim)
    if len(_claims) > _CLAIMS:
        _claims.popleft().close()
    return True


def public_port(wanted: int) -> int:
    """The wanted port, or the next free one above it."""
    return next(port for port in range(wanted, 65_536) if is_free(port))
