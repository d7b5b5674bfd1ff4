"""Text that reads right to left, in an interface that does or does not."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage, QPainter

from app.window import direction, theme
from app.window.direction import reads_right_to_left
from app.window.transcript.formats import INDENT, Formats
from app.window.transcript.markdown_view import MarkdownView


@pytest.mark.parametrize(
    ("text", "mirrored"),
    [("خبز", True), ("שלום", True), ("1. خبز b", True), ("b خبز", False), ("12 + 3", False), ("", False)],
)
def test_a_text_reads_as_its_first_letter(text, mirrored):
    assert reads_right_to_left(text) is mirrored


def test_an_items_marker_hangs_on_the_side_where_its_text_begins(qtbot):
    view = MarkdownView(Formats(theme.colours()))
    qtbot.addWidget(view)
    view.add("1. bread\n2. خبز\n\n> خبز")

    shapes = [view.document().findBlockByNumber(number).blockFormat() for number in range(3)]
    assert [(shape.leftMargin(), shape.rightMargin()) for shape in shapes] == [(INDENT, 0), (0, INDENT), (0, 14)]


@pytest.mark.parametrize("way", [Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft])
def test_a_title_begins_where_the_interface_does_and_keeps_its_stop_behind(qapp, way):
    image = QImage(300, 30, QImage.Format.Format_Grayscale8)
    image.fill(255)
    painter = QPainter(image)
    painter.setLayoutDirection(way)
    direction.draw(painter, QRect(0, 0, 300, 30), "T___", Qt.AlignmentFlag.AlignTop)
    painter.end()

    ink = {x: [y for y in range(30) if image.pixelColor(x, y).red() < 128] for x in range(300)}
    inked = [x for x in ink if ink[x]]
    assert (inked[-1] > 290) is (way is Qt.LayoutDirection.RightToLeft)
    assert (inked[0] < 10) is (way is Qt.LayoutDirection.LeftToRight)
    assert min(ink[inked[0]]) < min(ink[inked[-1]])  # the letter's bar is higher than the lines after it
