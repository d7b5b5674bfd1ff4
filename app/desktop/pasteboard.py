"""The clipboard as Qt knows it. What is lent is made when somebody asks for it, which is the receipt.

The other program's reading is told where Qt makes data only then, as under X11. Interface thread.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QClipboard, QGuiApplication

_TEXT = ("text/plain;charset=utf-8", "text/plain")
_LENT = "application/x-cadre-lent"
_numbers = itertools.count(1)


class QtPasteboard:
    """Keeps app.desktop.parts.Pasteboard."""

    def copy(self, text: str) -> None:
        _clipboard().setText(text)

    def lend(self, text: str, read: Callable[[], None]) -> _Lent:
        before = _copied(_held())
        mark = f"{_LENT}-{next(_numbers)}"
        _clipboard().setMimeData(_Promise(text, mark, read))
        return _Lent(before, mark)


class _Lent:
    receipts = True

    def __init__(self, before: QMimeData, mark: str) -> None:
        self._before: QMimeData | None = before
        self._mark = mark

    def is_ours(self) -> bool:
        return self._mark in _held().formats()

    def give_back(self) -> None:
        if self._before is not None and self.is_ours():
            _clipboard().setMimeData(self._before)
        self._before = None


class _Promise(QMimeData):
    def __init__(self, text: str, mark: str, read: Callable[[], None]) -> None:
        super().__init__()
        self._text, self._mark, self._read = text, mark, read

    def formats(self) -> list[str]:
        return [*_TEXT, self._mark]

    def hasFormat(self, name: str) -> bool:  # noqa: N802 -- Qt's name
        return name in self.formats()

    def retrieveData(self, name: str, _kind: object) -> object:  # noqa: N802 -- Qt's name
        if name not in _TEXT:
            return None
        self._read()
        return self._text


def _copied(data: QMimeData) -> QMimeData:
    """All formats: pictures and files are as dear to their owner as text."""
    copy = QMimeData()
    for name in data.formats():
        copy.setData(name, data.data(name))
    if data.hasImage():
        copy.setImageData(data.imageData())
    return copy


def _held() -> QMimeData:
    """Of an empty clipboard Qt may give nothing at all."""
    return _clipboard().mimeData() or QMimeData()


def _clipboard() -> QClipboard:
    return QGuiApplication.clipboard()
