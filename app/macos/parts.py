"""All of the Mac's parts. Each loads what it needs of the system when it is first used."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from app.desktop.microphone import QtMicrophone
from app.desktop.parts import Parts
from app.macos.awake import Activity
from app.macos.dock import ActivationPolicy
from app.macos.front import FrontApp
from app.macos.hotkey import CarbonHotkey
from app.macos.keys import PostedKeys
from app.macos.login import LaunchAgent
from app.macos.panels import NativePanels
from app.macos.pasteboard import GeneralPasteboard
from app.macos.selection import FocusedSelection


def parts() -> Parts:
    front = FrontApp()
    return Parts(
        hotkey=CarbonHotkey(),
        front=front,
        selection=FocusedSelection(front),
        keys=PostedKeys(),
        pasteboard=GeneralPasteboard(),
        microphone=QtMicrophone(),
        panels=NativePanels(),
        dock=ActivationPolicy(),
        awake=Activity(),
        login=LaunchAgent(),
        show_folder_words=QCoreApplication.translate("Desktop", "Show in Finder"),
    )
