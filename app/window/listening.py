"""The running Cadre's end of the doorbell: takes one known word from whoever runs as the same person."""

from __future__ import annotations

import logging

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from app.desktop.doorbell import LONGEST, WORDS, address

log = logging.getLogger(__name__)


class Listening(QObject):
    """rang: with the word. Call `start` only as the one Cadre of this home."""

    rang = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._answer)

    def start(self) -> bool:
        if self._server.listen(str(address())):  # in place of a socket that lies there
            return True
        log.info("nobody can ring: %s", self._server.errorString())
        return False

    def close(self) -> None:
        self._server.close()

    def _answer(self) -> None:
        while (line := self._server.nextPendingConnection()) is not None:
            line.disconnected.connect(line.deleteLater)
            line.readyRead.connect(lambda line=line: self._take(line))
            if line.bytesAvailable():
                self._take(line)

    def _take(self, line: QLocalSocket) -> None:
        """Nothing is kept of what is no word."""
        if not line.canReadLine() and line.bytesAvailable() < LONGEST:
            return
        word = bytes(line.read(LONGEST).data()).decode("ascii", "replace").strip()
        known = word in WORDS
        line.write(b"ok\n" if known else b"no\n")
        line.disconnectFromServer()
        if known:
            self.rang.emit(word)
