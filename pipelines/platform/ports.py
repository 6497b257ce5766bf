"""Ports on 127.0.0.1. Not for addresses: nothing of the platform listens on any other."""

from __future__ import annotations

import secrets
import socket

from pipelines.errors import PlatformError

LOOPBACK = "127.0.0.1"
# Below the range that outgoing connections are given on Linux (32768 …): a server that is down keeps its port.
LOWEST, HIGHEST = 20_000, 32_000
ATTEMPTS = 200


def is_free(port: int) -> bool:
    """Tell whether a server could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def free_port(preferred: int | None = None) -> int:
    """Give the preferred port if it is free, else a random free one.

    Raises:
        PlatformError: none is free.
    """
    if preferred and is_free(preferred):
        return preferred
    for _ in range(ATTEMPTS):
        port = LOWEST + secrets.randbelow(HIGHEST - LOWEST)
        if is_free(port):
            return port
    raise PlatformError(f"No free port was found on {LOOPBACK}; stop some servers of this machine.")
