"""Tab goes where the eye goes: through a window's layouts, in whatever order its parts were made."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLayout, QMainWindow, QScrollArea, QWidget


def follow_layouts(window: QWidget) -> None:
    """Call it when Tab is pressed: messages and rows come and go, and Qt goes by when they were made."""
    for one, other in pairwise(_stops(window)):
        QWidget.setTabOrder(one, other)


def _stops(widget: QWidget) -> Iterator[QWidget]:
    proxy = widget.focusProxy()
    if proxy is not None and proxy.isAncestorOf(widget):
        return
    if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
        yield widget
    if proxy is None:
        for child in _inside(widget):
            yield from _stops(child)


def _inside(widget: QWidget) -> list[QWidget]:
    """Its children as they are laid out, then those that stand where they want."""
    only = _only(widget)
    if only is not None:
        return [only]
    laid_out = _in_layout(widget.layout())
    children = [child for child in widget.children() if isinstance(child, QWidget) and not child.isWindow()]
    return laid_out + [child for child in children if child not in laid_out]


def _only(widget: QWidget) -> QWidget | None:
    """What alone counts of these, beside menus and scroll bars."""
    if isinstance(widget, QMainWindow):
        return widget.centralWidget()
    return widget.widget() if isinstance(widget, QScrollArea) else None


def _in_layout(layout: QLayout | None) -> list[QWidget]:
    if layout is None:
        return []
    found: list[QWidget] = []
    for item in (layout.itemAt(number) for number in range(layout.count())):
        part = item.widget() if item is not None else None
        found += [part] if part is not None else _in_layout(item.layout() if item is not None else None)
    return found
