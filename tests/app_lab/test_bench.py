"""The bench of the app: its figures, its engine without a model, its whole report from tiny sizes. Nothing is timed."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import QCoreApplication, QEvent

from app.cli import bench_app
from app.cli.main import main
from app.lab.bench import finding, run, scripted, writing
from app.lab.bench.figures import Figure, p95
from app.lab.bench.run import Sizes
from app.lab.bench.scripted import Script, ScriptedEngine
from app.lab.bench.stage import own_home
from app.lab.bench.stalls import Turn, Turns
from app.store.store import Store
from engine import messages as m

TINY = Sizes(
    starts=1,
    tokens=40,
    rate=80.0,
    messages=60,
    searches=1,
    words=300,
    chat_messages=6,
    openings=2,
    frames=4,
    monitor_rounds=1,
    monitor_tokens=5,
    work=1,
)
FIGURES = set(bench_app.FIGURES)
PATIENCE = 30.0


# --- figures ----------------------------------------------------------------------------------------------


def test_p95_leaves_out_the_twentieth_part():
    assert p95([1.0]) == 1.0
    assert p95(list(range(19))) == 18
    assert p95(list(range(100))) == 94


def test_a_goal_is_kept_by_what_is_judged():
    takes = (*[1.0] * 30, 9.0)

    assert Figure("", "s", 2.0, takes, judged="p95").kept
    assert not Figure("", "s", 2.0, takes, judged="worst").kept
    assert Figure("", "s", 1.0, takes, judged="median").kept


# --- texts ------------------------------------------------------------------------------------------------


def test_an_answer_has_the_words_it_is_asked_for_and_everything_that_is_drawn():
    text = writing.answer(2_000)

    assert 2_000 <= len(text.split()) < 2_200
    assert text.count("```python") >= 3
    assert text.count("| --- |") >= 3
    assert text == writing.answer(2_000)


def test_tokens_are_the_text_again():
    text = writing.answer(300)

    assert "".join(writing.tokens(text)) == text


# --- the engine without a model ---------------------------------------------------------------------------


@pytest.fixture
def engine():
    engine = ScriptedEngine(Script(writing.answer(400), 50))
    yield engine
    engine.close()


def events_of(engine, request) -> tuple[list[m.Event], m.Finished]:
    engine.send(m.Ask(request, "any", (m.Turn("user", "Why?"),)))
    events: list[m.Event] = []
    while not isinstance(event := engine.get(PATIENCE), m.Finished):
        assert event is not None
        events.append(event)
    return events, event


def test_the_scripted_engine_gives_as_many_tokens_as_it_is_told(engine):
    (events, first), (_, second) = (events_of(engine, request) for request in ("one", "two"))

    tokens = [event for event in events if isinstance(event, m.Token)]
    assert len(tokens) == 50
    assert first.record.tokens["generated"] == 50
    assert first.record.text == "".join(token.text for token in tokens)
    assert second.request == "two"


def test_a_token_uses_only_experts_that_are_resident():
    chosen = scripted.selection()

    for token in scripted.answered("r", Script("one two three four", 4)):
        assert token.used.shape == (scripted.LAYERS, scripted.PICKED)
        for layer in range(scripted.LAYERS):
            assert set(token.used[layer]) <= set(chosen[layer])
            assert len(set(token.used[layer])) == scripted.PICKED


def test_the_scripted_engine_stops_when_told():
    engine = ScriptedEngine(Script(writing.answer(5_000), 4_000, rate=20.0))
    engine.send(m.Ask("long", "any", (m.Turn("user", "Why?"),)))
    while not isinstance(engine.get(PATIENCE), m.Token):
        pass
    engine.send(m.Cancel("long"))
    while not isinstance(event := engine.get(PATIENCE), m.Finished):
        pass

    assert event.record.finish == "cancelled"
    engine.close()
    assert not engine._process.is_alive()


# --- pauses -----------------------------------------------------------------------------------------------


def test_a_pause_counts_for_every_span_it_reaches_into(qapp):
    turns = Turns()
    turns.stop()
    turns.noted = [Turn(1.0, 0.1, 0.02), Turn(2.0, 0.4, 0.01), Turn(3.0, 0.05, 0.05)]

    assert turns.longest(0.0, 1.5) == (0.1, 0.02)
    assert turns.longest(1.0, 1.7) == (0.4, 0.01)
    assert turns.longest(2.0, 3.0) == (0.05, 0.05)
    assert turns.longest(0.0, 3.0) == (0.4, 0.05)
    assert turns.longest(3.5, 4.0) == (0.0, 0.0)


# --- all of it --------------------------------------------------------------------------------------------


def test_the_chats_to_search_hold_as_many_messages_as_said(tmp_path):
    store = Store(tmp_path / "chats.sqlite")

    finding.fill(store, 250)

    chats = store.chats.all()
    assert sum(store.tree.count(chat.id) for chat in chats) == 250
    assert len(store.search.find("cadenza")) == 3
    assert store.search.find("zeppelin") == []
    store.close()


@pytest.fixture(scope="module")
def report():
    told: list[tuple[int, int, str]] = []
    made = run.bench(lambda done, of, what: told.append((done, of, what)), TINY)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert [done for done, _, _ in told] == sorted({done for done, _, _ in told})
    return json.loads(json.dumps(made))


def test_the_report_has_every_figure_with_its_goal(qapp, report):
    assert FIGURES | {"machine", "notes"} == set(report)
    for name in FIGURES:
        assert {"what", "unit", "median", "p95", "worst", "takes", "goal", "judged", "kept"} <= set(report[name])
        assert report[name]["median"] <= report[name]["p95"] <= report[name]["worst"]
    assert {"cpu", "cores", "memory", "os", "qt", "platform", "load"} <= set(report["machine"])


def test_the_report_counts_right(qapp, report):
    assert report["stall"]["tokens"] == 40
    assert set(report["stall"]["worst_of"]) == {"streaming", "switching", "resizing"}
    assert report["stall"]["turns"] > report["stall"]["takes"] > 0
    assert (report["search"]["messages"], report["search"]["takes"]) == (60, len(finding.QUERIES))
    assert (report["open"]["words"], report["open"]["takes"]) == (300, 2)
    assert report["open_many"]["messages"] == 6
    assert (report["map_frame"]["cells"], report["map_frame"]["takes"]) == (40 * 256, 4)
    assert (report["monitor"]["tokens"], report["monitor"]["takes"]) == (5, 1)


def test_the_app_starts_without_mlx(qapp, report):
    assert report["start"]["takes"] == 1
    assert report["start"]["mlx_imported"] is False
    assert report["start"]["modules"] > 100


def test_nothing_of_the_persons_is_touched(qapp, report, monkeypatch, tmp_path):
    monkeypatch.setenv("CADRE_HOME", str(tmp_path))
    with own_home() as home:
        assert home != tmp_path
    assert list(tmp_path.iterdir()) == []


def test_the_command_shows_it(qapp, report, monkeypatch, capsys):
    monkeypatch.setattr(run, "bench", lambda _progress: report)

    assert main(["bench", "--part", "app"]) == 0
    shown = capsys.readouterr().out
    assert main(["bench", "--part", "app", "--json"]) == 0

    assert all(f"{1000 * figure['goal']:.3g} ms" in shown for figure in (report["stall"], report["search"]))
    assert "MLX was not imported" in shown
    assert json.loads(capsys.readouterr().out) == report
