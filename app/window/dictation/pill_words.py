"""What the pill says in each state, in words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from app.dictation.shown import Do, Shown, Stage


def tr(text: str) -> str:
    return QCoreApplication.translate("Pill", text)


ICONS = {
    Stage.INSERTED: "check",
    Stage.COPIED: "copy",
    Stage.NOTHING: "mic",
    Stage.OFFERED: "edit",
    Stage.CANCELLED: "close",
    Stage.DENIED: "mic-off",
    Stage.FAILED: "alert",
    Stage.ASKING: "mic",
}


def line(shown: Shown) -> str:
    """Instead of the words that were heard, or while there are none."""
    if shown.warning:
        return shown.warning
    if shown.sentence:
        return shown.sentence
    return {
        Stage.ASKING: tr("macOS asks whether Cadre may listen"),
        Stage.LISTENING: tr("Listening…"),
        Stage.WORKING: tr("Writing it down…"),
        Stage.INSERTED: tr("Inserted"),
        Stage.CANCELLED: tr("Cancelled"),
    }.get(shown.stage, "")


def spoken(shown: Shown) -> str:
    """For who cannot see it; words that are heard are not read out while somebody speaks."""
    return tr("Dictation: {state}").format(state=line(shown)) if shown.stage is not Stage.HIDDEN else ""


def act(do: Do) -> str:
    return {
        Do.END: tr("Done"),
        Do.CANCEL: tr("Cancel"),
        Do.RETRY: tr("Try Again"),
        Do.SHOW: tr("Show"),
        Do.SWAP: tr("Use It"),
        Do.AS_SPOKEN: tr("As Spoken"),
        Do.ALLOW: tr("Open Settings"),
        Do.HIDE: tr("Dismiss"),
    }[do]
