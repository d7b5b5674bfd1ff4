"""The first start: no model is there but the demonstration."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton

from app import settings
from app.window.models_page import downloads, page
from app.window.words import record_line
from engine.errors import KnownError
from engine.models.catalogue import InstalledModel
from engine.models.download.progress import Progress, Stage
from engine.models.folders import BUILTIN, Source
from tests.models.download.test_runner import DONE, Work
from tests.window import acting
from tests.window.acting import answering
from tests.window.conftest import PATIENCE
from tests.window.driving import asked, idle, last_answer, shown_text


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    """Queues and settings of its own."""
    monkeypatch.setenv("CADRE_HOME", str(tmp_path / "home"))


def look(qtbot, window, *models: InstalledModel) -> None:
    window._models._look = lambda: list(models)
    with qtbot.waitSignal(window._models.changed, timeout=PATIENCE):
        window._models.refresh()


def model(name: str, problem: str | None = None) -> InstalledModel:
    return InstalledModel(name, Path("/models") / name, 1, Source.CADRE, "qwen3_moe", problem)


def test_it_offers_a_model_and_the_demonstration(qtbot, window):
    page = window.pane.empty

    assert page._head.text() == "Welcome to Cadre"
    assert page.get.isVisible()
    assert not page.requests.isVisible()
    with qtbot.waitSignal(page.model_wanted, timeout=PATIENCE):
        page.get.click()


def test_the_demonstration_is_asked_in_the_open(qtbot, window, engine, store):
    engine.script = answering("For what time?")
    page = window.pane.empty
    qtbot.keyClicks(window.pane.composer.field, "half a thought")
    page.see.click()
    assert page.requests.buttons[0].isVisible()

    page.requests.buttons[0].click()
    ask = asked(qtbot, engine)
    idle(qtbot, window)

    assert ask.model == BUILTIN
    assert ask.turns[-1].content == page.requests.buttons[0].text()
    assert shown_text(last_answer(window)) == "For what time?"
    assert window.monitor.isVisible()
    assert window.pane.composer.field.hasFocus()
    assert window.pane.composer.text() == store.chats.get(window.conversation.chat).draft == "half a thought"
    assert store.chats.get(window.conversation.chat).settings.model == BUILTIN
    window.new_chat()
    assert window.conversation.settings.model == ""


@pytest.mark.parametrize(("problem", "first"), [(None, False), ("Half of it is missing.", True)])
def test_with_a_model_that_works_it_is_over(qtbot, window, problem, first):
    look(qtbot, window, model("org/real", problem))

    assert (window.pane.empty._head.text() == "Welcome to Cadre") is first
    assert window.pane.empty.get.isVisible() is first
    assert window.pane.empty.see.isVisible() is first


def test_a_demonstrations_answer_says_so():
    from app.record import as_json

    record = acting.record("So.")

    assert record_line(as_json(replace(record, model=BUILTIN))).startswith("demonstration · used 30 %")
    assert not record_line(as_json(record)).startswith("demonstration")


# --- the first model --------------------------------------------------------------------------------------


@pytest.fixture
def offered(desktop, monkeypatch):
    """On a Mac of 32 GB with room on its disk; downloads do as they are told. The card that offers."""
    monkeypatch.setattr(page, "_free_disk", lambda: 500 * 10**9)
    desktop.models_page._known = replace(desktop.models_page._known, memory=32 * 10**9)
    desktop.downloads._work = work = Work()
    desktop.models_page._take_models()
    yield desktop.window.pane.empty.first, work
    desktop.window.pane.notice.end()


def press(qtbot, card, words: str) -> None:
    def shown():
        return [b for b in card.findChildren(QPushButton) if b.text() == words and b.isVisible()]

    qtbot.waitUntil(lambda: bool(shown()), timeout=PATIENCE)
    shown()[0].click()


def test_it_offers_the_model_that_suits_with_what_it_takes(offered):
    card, _ = offered

    assert card.isVisible()
    assert card.row.content.badge == "Suits this machine"
    assert re.search(r"Fits: .* GB of memory .* GB on disk; about \d+ min to download", card.row.content.note)


def test_without_room_it_says_what_is_missing_and_looks_again(qtbot, desktop, offered, monkeypatch):
    card, _ = offered
    monkeypatch.setattr(page, "_free_disk", lambda: 2 * 10**9)
    desktop.models_page._take_models()

    assert card.row.content.note.startswith("No room: ")
    assert card.row.content.warns
    assert card.height() == card.row.heightForWidth(card.row.width()) + 8  # all of its words are seen
    monkeypatch.setattr(page, "_free_disk", lambda: 500 * 10**9)
    press(qtbot, card, "Look Again")
    qtbot.waitUntil(lambda: card.row.content.note.startswith("Fits: "), timeout=PATIENCE)
    assert card.height() == card.row.heightForWidth(card.row.width()) + 8


def test_it_is_downloaded_there_and_then_answers(qtbot, window, offered):
    card, work = offered
    page = window.pane.empty
    press(qtbot, card, "Download")
    name = work.begun.get(timeout=PATIENCE / 1000)
    work.outcomes.put(Progress(Stage.LOADING, "", 4 * 10**9, 16 * 10**9, 4 * 10**9))
    qtbot.waitUntil(lambda: card.row.content.share == 0.25, timeout=PATIENCE)
    assert card.row.content.about.startswith("4.0 GB of 16.0 GB")
    assert card.row.content.title == "Qwen3 30B"
    press(qtbot, card, "Pause")
    qtbot.waitUntil(lambda: card.row.content.about.startswith("Paused"), timeout=PATIENCE)
    press(qtbot, card, "Resume")
    window._models._look = lambda: [model(name)]
    work.outcomes.put(DONE)

    qtbot.waitUntil(lambda: page._head.text() == "What would you like to know?", timeout=PATIENCE)
    assert not card.isVisible()
    assert window.conversation.model == str(Path("/models") / name)


def test_a_download_that_fails_says_why_there(qtbot, window, offered):
    card, work = offered
    press(qtbot, card, "Download")
    work.begun.get(timeout=PATIENCE / 1000)
    work.outcomes.put(KnownError("The disk is full.", "Make room and try again."))

    qtbot.waitUntil(lambda: "The disk is full." in card.row.content.about, timeout=PATIENCE)
    assert card.row.content.warns


def test_without_the_network_it_says_so(qtbot, desktop, offered):
    card, _ = offered
    desktop.downloads._work = downloads.pull_from_hub
    settings.save(settings.Settings(network=False))

    press(qtbot, card, "Download")

    qtbot.waitUntil(lambda: "network" in card.row.content.about, timeout=PATIENCE)
