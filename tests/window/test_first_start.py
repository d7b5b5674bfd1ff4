"""The first start: no model is there but the demonstration."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.window.words import record_line
from engine.models.catalogue import InstalledModel
from engine.models.folders import BUILTIN, Source
from tests.window import acting
from tests.window.acting import answering
from tests.window.conftest import PATIENCE
from tests.window.driving import asked, idle, last_answer, shown_text


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
    from dataclasses import replace

    from app.record import as_json

    record = acting.record("So.")

    assert record_line(as_json(replace(record, model=BUILTIN))).startswith("demonstration · used 30 %")
    assert not record_line(as_json(record)).startswith("demonstration")
