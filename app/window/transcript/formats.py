"""How Markdown looks: the character and block formats of one theme. Made anew when the system's look changes."""

from __future__ import annotations

from functools import cached_property

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QTextBlockFormat, QTextCharFormat, QTextFormat, QTextOption

from app.markdown.blocks import Place, Run
from app.window import theme
from app.window.theme import Colours
from app.window.transcript.typesetter import Typesetter

QUOTE = QTextFormat.Property.UserProperty + 1
"""On a block: how deep in quotes it stands."""
RULE = QTextFormat.Property.UserProperty + 2
"""On a block: it is a horizontal rule."""
INDENT = 22
SPACING = 10
_HEADINGS = {1: 1.35, 2: 1.2, 3: 1.08}
_LINE_HEIGHT = 128


MIRRORED_GAP = "\u2002"
"""After a marker where text reads right to left: Qt measures tab stops from the left there, too."""


class Formats:
    """typesetter: draws formulas; without one they are shown as they are written."""

    def __init__(self, colours: Colours, typesetter: Typesetter | None = None) -> None:
        self.colours = colours
        self.typesetter = typesetter
        self.body = theme.body()
        self.mono = theme.mono()

    @cached_property
    def text(self) -> QTextCharFormat:
        look = QTextCharFormat()
        look.setFont(self.body)
        look.setForeground(self.colours.text)
        return look

    @cached_property
    def code(self) -> QTextCharFormat:
        look = QTextCharFormat()
        look.setFont(self.mono)
        look.setForeground(self.colours.text)
        return look

    def coloured_code(self, colour: QColor | None, *, italic: bool = False) -> QTextCharFormat:
        look = QTextCharFormat(self.code)
        if colour is not None:
            look.setForeground(colour)
        look.setFontItalic(italic)
        return look

    def heading(self, level: int) -> QTextCharFormat:
        look = QTextCharFormat(self.text)
        look.setFontWeight(QFont.Weight.DemiBold)
        look.setFontPointSize(self.body.pointSizeF() * _HEADINGS.get(level, 1.0))
        return look

    def of(self, run: Run, base: QTextCharFormat) -> QTextCharFormat:
        look = QTextCharFormat(base)
        if run.bold:
            look.setFontWeight(QFont.Weight.DemiBold)
        if run.italic:
            look.setFontItalic(True)
        if run.strike:
            look.setFontStrikeOut(True)
        if run.code:
            look.setFontFamilies(self.mono.families())
            look.setFontFixedPitch(True)
            look.setFontPointSize(base.fontPointSize() * self.mono.pointSizeF() / self.body.pointSizeF())
            look.setBackground(self.colours.fill)
        if run.link:
            look.setAnchor(True)
            look.setAnchorHref(run.link)
            look.setForeground(self.colours.link)
            look.setToolTip(run.link)
        return look

    # --- blocks -------------------------------------------------------------------------------------------

    def paragraph(
        self, place: Place, *, first: bool, after_item: bool = False, mirrored: bool = False
    ) -> QTextBlockFormat:
        """after_item: it follows a block of the same list, which wants less air. mirrored: it reads right to left, so
        that its marker hangs on the right.
        """
        block = QTextBlockFormat()
        block.setLineHeight(_LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        block.setTopMargin(0 if first else SPACING / 2.5 if after_item else SPACING)
        indent = place.indent * INDENT + place.quote * 14
        if mirrored:
            block.setRightMargin(indent)
        else:
            block.setLeftMargin(indent)
        if place.marker and mirrored:
            block.setTextIndent(-QFontMetricsF(self.body).horizontalAdvance(place.marker + MIRRORED_GAP))
        elif place.marker:
            width = self.marker_width(place.marker)
            block.setTextIndent(-width)
            block.setTabPositions([QTextOption.Tab(width, QTextOption.TabType.LeftTab)])
        if place.quote:
            block.setProperty(QUOTE, place.quote)
        return block

    def marker_width(self, marker: str) -> float:
        """Room to the left of an item's text; numbers may need more of it."""
        return max(INDENT - 6.0, QFontMetricsF(self.body).horizontalAdvance(marker + " ") + 2)

    @cached_property
    def formula_source(self) -> QTextCharFormat:
        """One that is not drawn, or not yet."""
        look = QTextCharFormat(self.code)
        look.setForeground(self.colours.secondary)
        return look

    def formula_line(self, place: Place, *, first: bool, drawn: bool) -> QTextBlockFormat:
        """A line of its own for a formula; one that is not drawn reads like text."""
        block = self.paragraph(place, first=first)
        block.setTextIndent(0)
        if drawn:
            block.setLineHeight(0, QTextBlockFormat.LineHeightTypes.SingleHeight.value)
            block.setTopMargin(0 if first else SPACING * 1.4)
            block.setBottomMargin(SPACING * 0.4)
            block.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        else:
            block.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        return block

    def title(self, place: Place, level: int, *, first: bool, mirrored: bool = False) -> QTextBlockFormat:
        block = self.paragraph(place, first=first, mirrored=mirrored)
        if not first:
            block.setTopMargin(SPACING * (2 if level <= 2 else 1.6))
        block.setHeadingLevel(level)
        return block

    def rule(self) -> QTextBlockFormat:
        block = QTextBlockFormat()
        block.setTopMargin(SPACING)
        block.setProperty(RULE, True)
        return block

    def code_line(self) -> QTextBlockFormat:
        block = QTextBlockFormat()
        block.setLineHeight(118, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        block.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        return block

    @cached_property
    def code_header(self) -> float:
        """Pixels above the first line for the language's name and the copy button."""
        return QFontMetricsF(theme.small()).height() + 8
