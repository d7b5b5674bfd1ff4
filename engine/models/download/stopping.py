"""How one thread ends another one's download at once, also while that waits for the network."""

from __future__ import annotations

import contextlib
import socket
import threading

from engine.errors import Cancelled


class Stop:
    """Set once, by any thread. Knows the socket that the download reads from, so that a stalled read wakes up."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None

    def set(self) -> None:
        with self._lock:
            self._event.set()
            _wake(self._socket)

    @property
    def is_set(self) -> bool:
        return self._event.is_set()

    def check(self) -> None:
        """Raises Cancelled."""
        if self.is_set:
            raise Cancelled

    def wait(self, seconds: float) -> None:
        """Raises Cancelled when it is set meanwhile."""
        if self._event.wait(seconds):
            raise Cancelled

    def watch(self, connection: object) -> None:
        """The connection that is read from now on."""
        with self._lock:
            self._socket = connection if isinstance(connection, socket.socket) else None
            if self.is_set:
                _wake(self._socket)


def _wake(connection: socket.socket | None) -> None:
    """Past the TLS layer, which may be in the middle of a read on the other thread."""
    if connection is not None:
        with contextlib.suppress(OSError):
            socket.socket.shutdown(connection, socket.SHUT_RDWR)
