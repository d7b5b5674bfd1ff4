"""The real window offscreen, with an engine that acts. What Qt or the log complains about fails the test."""

from __future__ import annotations

import logging
import threading

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QTimer
from PySide6.QtWidgets import QApplication

from app.store.store import Store
from app.window import theme
from app.window.models import Models
from app.window.start import Desktop
from tests.window.acting import ActingEngine

PATIENCE = 20_000
"""Milliseconds that a test waits for what must come; nothing waits for what must not."""


@pytest.fixture(autouse=True)
def _nothing_left_behind(qapp, caplog, monkeypatch):
    """No thread, no running timer, no complaint in the log."""
    monkeypatch.setenv("CADRE_REDUCED_MOTION", "1")
    caplog.set_level(logging.WARNING)
    before = set(threading.enumerate())
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    left = [thread.name for thread in threading.enumerate() if thread not in before and thread.is_alive()]
    timers = [timer for timer in shiboken6.getAllValidWrappers() if isinstance(timer, QTimer)]
    running = [(timer.parent(), timer.interval()) for timer in timers if timer.isActive()]
    assert left == []
    assert running == []
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "chats" / "chats.sqlite")
    yield store
    try:
        store.close()
    finally:
        QApplication.processEvents()


@pytest.fixture
def engine():
    return ActingEngine()


@pytest.fixture
def desktop(qtbot, store, engine):
    theme.dress(dark=False)
    desktop = Desktop(store, lambda: engine, Models(look=list))
    desktop.window.show()
    qtbot.waitUntil(lambda: desktop.models.ready, timeout=PATIENCE)
    yield desktop
    desktop.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def window(desktop):
    return desktop.window
