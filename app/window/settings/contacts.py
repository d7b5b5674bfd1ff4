"""Every contact that Cadre can make, in words. docs/models.md says the same."""

from __future__ import annotations

import os

from PySide6.QtCore import QCoreApplication

from engine.models.download.address import PUBLIC


def tr(text: str) -> str:
    return QCoreApplication.translate("Contacts", text)


def contacts() -> tuple[str, ...]:
    """Where to and when, one sentence each."""
    hub = (os.environ.get("HF_ENDPOINT") or PUBLIC).rstrip("/")
    return (
        tr("{hub} and the delivery servers that it names: when you download a model or search for one.").format(
            hub=hub
        ),
        tr("Nothing else: no account, no telemetry, no reports of crashes, no search for updates."),
        tr("Links in answers open in your browser, and only when you click them."),
    )
