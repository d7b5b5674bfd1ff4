"""Pictures on their way into a prompt, through the real window; at the end through a small model that sees."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication

from app.attachments import reading
from app.attachments.file import File, Kind
from app.store.store import Store
from app.window import theme
from app.window.advice import MOST_PICTURES, MOST_SOUNDS, Media, advice
from app.window.chips import Chip
from app.window.models import Models
from app.window.senses import Sense
from app.window.start import Desktop
from app.window.tiles import Tile
from engine import messages as m
from engine.lab.tiny_sighted import make_sighted_checkpoint
from engine.link import ThreadEngine
from engine.models.catalogue import InstalledModel
from engine.models.folders import Source
from tests.vision.pictures import encoded, noise, png
from tests.vision.sounds import noise as noise_of
from tests.vision.sounds import wav
from tests.window.acting import answering
from tests.window.conftest import PATIENCE
from tests.window.driving import asked, idle, named, write

SEES, BLIND = "/models/org/sees", "/models/org/blind"
SEA = File("sea.png", Kind.PICTURE, 900, "", (png(40, 30, seed=1),), png(8, 6))
SHORE = File("shore.png", Kind.PICTURE, 900, "", (png(30, 40, seed=2),), png(6, 8))
PAGES = File("scan.pdf", Kind.PDF, 900, "", (png(20, 30, seed=3), png(20, 30, seed=4)), png(8, 6), pages=7)


def installed(path: str) -> InstalledModel:
    return InstalledModel(path.removeprefix("/models/"), Path(path), 1, Source.CADRE, "gemma4", None)


@pytest.fixture
def desktop(qtbot, store, engine):
    """Two models: the first sees, the second does not."""
    theme.dress(dark=False)
    engine.script = answering("Yes.")
    desktop = Desktop(store, lambda: engine, Models(look=lambda: [installed(SEES), installed(BLIND)]))
    senses = {
        SEES: Sense(sees=True, hears=False, why_deaf="it reads only"),
        BLIND: Sense(sees=False, hears=False, why_blind="it reads text only"),
    }
    desktop.window.pane.senses._known |= senses
    desktop.window.show()
    qtbot.waitUntil(lambda: desktop.models.ready, timeout=PATIENCE)
    yield desktop
    desktop.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def composer(window):
    return window.pane.composer


def tiles(parent) -> list[Tile]:
    return [tile for tile in parent.findChildren(Tile) if not tile.isHidden()]


def shelved(qtbot, shelf, count: int) -> None:
    qtbot.waitUntil(lambda: not shelf.is_reading and len(shelf.files()) == count, timeout=PATIENCE)


def image_data(image: QImage) -> QMimeData:
    data = QMimeData()
    data.setImageData(image)
    return data


def red() -> QImage:
    image = QImage(60, 40, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    return image


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


# --- onto the shelf ---------------------------------------------------------------------------------------


def test_a_pasted_picture_goes_into_the_prompt_and_stays_with_the_message(qtbot, window, composer, engine, store):
    composer.field.insertFromMimeData(image_data(red()))
    shelved(qtbot, composer.shelf, 1)
    assert [tile.name for tile in tiles(composer)] == ["Pasted picture"]

    write(qtbot, window, "Which colour?")
    ask = asked(qtbot, engine)
    idle(qtbot, window)

    (part,) = ask.turns[0].images
    assert opened(part).getpixel((5, 5)) == (255, 0, 0)
    assert ask.turns[0].content == "Which colour?"
    assert ask.attachments == (m.Attachment.IMAGE,)
    assert store.files.of(window.conversation.path()[0].message.id)[0].parts == (part,)
    assert tiles(composer) == []
    (tile,) = tiles(window.pane.transcript.views()[0])
    assert tile.accessibleName().startswith("Pasted picture, picture, ")


def test_several_are_dropped_in_their_order_and_removed_by_key(qtbot, window, composer, tmp_path):
    for name in ("a.png", "b.webp"):
        (tmp_path / name).write_bytes(encoded(noise(30, 20), "PNG" if name[0] == "a" else "WEBP"))
    window.pane.attaching.take([tmp_path / "a.png", tmp_path / "b.webp"])
    action, button, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    data = image_data(red())
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(50, 50), action, data, button, keys))
    QApplication.sendEvent(window, QDropEvent(QPointF(50, 50), action, data, button, keys))
    shelved(qtbot, composer.shelf, 3)
    assert [tile.name for tile in tiles(composer)] == ["a.png", "b.webp", "Pasted picture"]

    named(composer.shelf, "Remove Pasted picture").click()
    qtbot.keyClick(tiles(composer)[0], Qt.Key.Key_Backspace)

    assert [file.name for file in composer.shelf.files()] == ["b.webp"]


def test_a_broken_one_gets_a_sentence_and_the_message_stays(qtbot, window, composer, tmp_path):
    (tmp_path / "cut.jpg").write_bytes(encoded(noise(99, 99), "JPEG")[:900])
    composer.field.setPlainText("What is it?")
    composer.shelf.set_files([SEA])

    window.pane.attaching.take([tmp_path / "cut.jpg"])
    qtbot.waitUntil(window.pane.notice.isVisible, timeout=PATIENCE)

    assert window.pane.notice._words.text().startswith("cut.jpg is broken")
    assert (composer.text(), composer.shelf.files()) == ("What is it?", (SEA,))


def test_of_a_long_scan_the_first_pages_go_along_and_it_is_said(qtbot, window, composer, engine, monkeypatch):
    monkeypatch.setattr(reading.Reader, "read", lambda self, path, deaf: PAGES)
    window.pane.attaching.take([Path("scan.pdf")])
    shelved(qtbot, composer.shelf, 1)

    (tile,) = tiles(composer)
    assert tile.accessibleName() == "scan.pdf, pages shown: 2 of 7, 900 bytes"
    said = "scan.pdf has 7 pages without text; the first 2 go along as pictures."
    assert window.pane.notice._words.text() == said
    write(qtbot, window, "Sum it up")
    turn = asked(qtbot, engine).turns[0]
    assert turn.images == PAGES.parts
    assert turn.content == "<pictures>scan.pdf, pages 1 to 2 of 7</pictures>\n\nSum it up"
    idle(qtbot, window)


def test_a_draft_with_pictures_survives(window, composer, store):
    composer.shelf.fill(composer.shelf.expect("sea.png"), SEA)

    other = Store(store.path)
    assert other.files.draft(None) == (SEA,)
    other.close()


# --- with the message -------------------------------------------------------------------------------------


def test_answering_again_and_editing_keep_them(qtbot, window, composer, engine):
    composer.set_text("", [SEA, SHORE])
    write(qtbot, window, "First?")
    idle(qtbot, window)
    window.pane.again()
    assert asked(qtbot, engine, 2).turns[0].images == (*SEA.parts, *SHORE.parts)
    idle(qtbot, window)

    window.pane.edit_last()
    assert composer.shelf.files() == (SEA, SHORE)
    tiles(composer)[0].removed.emit()
    composer.field.clear()
    write(qtbot, window, "Second?")

    assert asked(qtbot, engine, 3).turns[0].images == SHORE.parts
    idle(qtbot, window)
    window.pane.walk_last(-1)
    assert [tile.name for tile in tiles(window.pane.transcript.views()[0])] == ["sea.png", "shore.png"]


def test_one_is_shown_large_and_the_others_by_the_arrow_keys(qtbot, window, composer):
    composer.set_text("", [SEA, PAGES])
    write(qtbot, window, "What?")
    idle(qtbot, window)

    qtbot.keyClick(tiles(window.pane.transcript.views()[0])[1], Qt.Key.Key_Return)
    shown = window.pane.large.shown
    assert shown.windowTitle() == "scan.pdf, 1/7"
    for key, title in ((Qt.Key.Key_Right, "scan.pdf, 2/7"), (Qt.Key.Key_Right, "scan.pdf, 2/7"),
                       (Qt.Key.Key_Left, "scan.pdf, 1/7"), (Qt.Key.Key_Left, "sea.png")):  # fmt: skip
        qtbot.keyClick(shown, key)
        assert shown.windowTitle() == title
    assert not named(shown, "Previous picture").isEnabled()
    with qtbot.waitSignal(shown.destroyed, timeout=PATIENCE):
        qtbot.keyClick(shown, Qt.Key.Key_Escape)


# --- who sees ---------------------------------------------------------------------------------------------


def test_who_does_not_see_says_so_before_and_another_is_a_press_away(qtbot, window, composer, engine, desktop):
    desktop.models.choose(BLIND)
    composer.shelf.fill(composer.shelf.expect("sea.png"), SEA)
    write(qtbot, window, "Where is it?")

    assert composer.advice._words.text() == "blind cannot see pictures: it reads text only."
    assert window.conversation.chat is None
    named(composer.advice, "Use sees").click()
    assert composer.advice.isHidden()
    qtbot.keyClick(composer.field, Qt.Key.Key_Return)

    ask = asked(qtbot, engine)
    assert (ask.model, ask.turns[0].images) == (SEES, SEA.parts)
    idle(qtbot, window)


def test_without_a_model_that_sees_one_can_be_got(qtbot, window, composer, desktop):
    window.pane.senses._known[SEES] = window.pane.senses._known[BLIND]
    composer.shelf.fill(composer.shelf.expect("sea.png"), SEA)

    with qtbot.waitSignal(window.models_wanted, timeout=PATIENCE):
        named(composer.advice, "Get a Model…").click()
    desktop.models_page.hide()


def test_later_a_model_that_does_not_see_is_told_the_names(qtbot, window, composer, engine, desktop):
    composer.set_text("", [SEA])
    write(qtbot, window, "Where?")
    idle(qtbot, window)
    desktop.models.choose(BLIND)
    assert "is told the names" in composer.advice._words.text()

    write(qtbot, window, "And when?")

    first = asked(qtbot, engine, 2).turns[0]
    assert (first.images, first.content) == ((), "<not shown>sea.png</not shown>\n\nWhere?")
    idle(qtbot, window)


@pytest.mark.parametrize(
    ("here", "earlier", "sense", "holds", "says"),
    [
        (Media(), Media(), Sense(sees=False, hears=False), False, ""),
        (Media(1, 1), Media(), Sense(), False, ""),
        (Media(1), Media(), Sense(sees=True, hears=False), False, ""),
        (Media(1), Media(5), Sense(sees=False, why_blind="so"), True, "M cannot see pictures: so."),
        (Media(sounds=1), Media(), Sense(sees=True, hears=False, why_deaf="so"), True, "M cannot hear sounds: so."),
        (Media(2), Media(MOST_PICTURES - 1), Sense(sees=True), True, "33 pictures are too many"),
        (Media(sounds=1), Media(sounds=MOST_SOUNDS), Sense(hears=True), True, "9 recordings are too many"),
        (Media(), Media(MOST_PICTURES), Sense(sees=True), False, ""),
        (Media(), Media(sounds=1), Sense(sees=True, hears=False), False, "M cannot take all"),
    ],
)
def test_what_is_said_of_media(here, earlier, sense, holds, says):
    said = advice(here, earlier, sense, "M")

    assert said.holds == holds
    assert said.sentence.startswith(says)
    assert bool(said.sentence) == bool(says)


def test_tokens_are_told_before_and_asked_for_once(qtbot, window, composer, engine):
    window.pane.contexts._known[SEES] = 4000
    composer.set_text("", [SEA, SHORE])
    qtbot.waitUntil(lambda: bool(engine.commands), timeout=PATIENCE)
    (count,) = engine.commands
    assert set(count.images) == {*SEA.parts, *SHORE.parts}
    engine.give(m.MediaCounted(count.request, (700, 800), ()))
    qtbot.waitUntil(composer.advice.isVisible, timeout=PATIENCE)
    assert composer.advice._words.text() == "Pictures: 1500 tokens"
    assert not composer.advice.button.isVisible()
    qtbot.waitUntil(lambda: composer.meter.usage.tokens >= 1500, timeout=PATIENCE)

    composer.set_text("", [SHORE])
    assert composer.advice._words.text() in {"Pictures: 700 tokens", "Pictures: 800 tokens"}
    write(qtbot, window, "What?")
    asked(qtbot, engine)
    idle(qtbot, window)

    assert [type(command) for command in engine.commands] == [m.CountMedia, m.Ask]


def test_of_many_bad_ones_the_first_say_why_the_rest_their_names_until_the_message_goes(
    qtbot, window, composer, engine, tmp_path
):
    bad = [tmp_path / f"{n}.png" for n in range(5)]
    for path in bad:
        path.touch()
    composer.shelf.set_files([SEA])

    window.pane.attaching.take(bad)
    qtbot.waitUntil(lambda: not composer.shelf.is_reading, timeout=PATIENCE)

    lines = window.pane.notice._words.text().split("\n")
    assert lines == [*(f"{n}.png is empty. Attach another picture." for n in range(3)),
                     "Not attached either: 3.png, 4.png."]  # fmt: skip
    write(qtbot, window, "What is it?")
    assert window.pane.notice.isHidden()
    asked(qtbot, engine)
    idle(qtbot, window)


def test_what_is_read_stands_under_what_is_seen(qtbot, composer):
    composer.shelf.set_files([SEA, File("notes.txt", Kind.TEXT, 90, "Words."), SHORE])
    (chip,) = [chip for chip in composer.shelf.findChildren(Chip) if not chip.isHidden()]

    assert all(chip.y() >= tile.geometry().bottom() for tile in tiles(composer.shelf))
    assert len({tile.y() for tile in tiles(composer.shelf)}) == 1
    assert [file.name for file in composer.shelf.files()] == ["sea.png", "notes.txt", "shore.png"]


# --- who hears --------------------------------------------------------------------------------------------


def test_a_recording_is_refused_by_name_where_nobody_hears(qtbot, window, composer, tmp_path):
    window.pane.attaching.take([wav(tmp_path / "memo.wav", noise_of(0.2))])
    qtbot.waitUntil(window.pane.notice.isVisible, timeout=PATIENCE)

    assert window.pane.notice._words.text().startswith(
        "memo.wav is a recording. sees cannot hear sounds: it reads only."
    )
    assert composer.shelf.files() == ()


def test_a_recording_goes_along_where_somebody_hears(qtbot, window, composer, engine, tmp_path):
    window.pane.senses._known[SEES] = Sense(sees=True, hears=True)
    window.pane.attaching.take([wav(tmp_path / "memo.wav", noise_of(0.2))])
    shelved(qtbot, composer.shelf, 1)
    write(qtbot, window, "Who speaks?")

    ask = asked(qtbot, engine)
    assert ask.turns[0].audio[0].startswith(b"fLaC")
    assert (ask.turns[0].images, ask.attachments) == ((), (m.Attachment.AUDIO,))
    idle(qtbot, window)
    assert window.pane.transcript.views()[0].findChildren(Chip)[0].name == "memo.wav"


# --- the quick prompt -------------------------------------------------------------------------------------


def test_the_quick_prompt_takes_pictures_and_leaves_the_windows_draft(qtbot, desktop, composer, engine, store):
    composer.shelf.fill(composer.shelf.expect("sea.png"), SEA)
    prompt = desktop.resident.prompt
    prompt.open()
    panel, low = prompt.panel, prompt.panel.height()
    QGuiApplication.clipboard().setImage(red())
    panel.take_wanted.emit()
    shelved(qtbot, panel.shelf, 1)
    assert panel.height() > low

    qtbot.keyClicks(panel.field, "Which colour?")
    qtbot.keyClick(panel.field, Qt.Key.Key_Return)

    ask = asked(qtbot, engine)
    assert (len(ask.turns[0].images), ask.priority) == (1, m.Priority.QUICK_PROMPT)
    assert panel.shelf.files() == ()
    assert panel._asked.text() == "Which colour? · Pasted picture"
    assert store.files.draft(None) == (SEA,)
    qtbot.waitUntil(lambda: "copy" in [name for name, act in panel._acts.items() if act.isVisibleTo(panel)],
                    timeout=PATIENCE)  # fmt: skip
    QGuiApplication.clipboard().clear()


def test_its_chat_may_be_deleted_in_the_window(qtbot, desktop, engine, store):
    prompt = desktop.resident.prompt
    prompt.open()
    prompt.panel.shelf.set_files([SEA])
    prompt.panel.submitted.emit("Where?")
    asked(qtbot, engine)
    qtbot.waitUntil(lambda: store.chats.all() and not prompt._conversation.answering(), timeout=PATIENCE)
    store.chats.delete([store.chats.all()[0].id])

    prompt.panel.shelf.set_files([SHORE])

    assert prompt.panel.advice.isHidden()


# --- a real one -------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_small_model_that_sees_is_shown_the_picture(qtbot, store, tmp_path, monkeypatch):
    """Its weights are random, so that nothing is expected of its words."""
    monkeypatch.setenv("CADRE_HOME", str(tmp_path / "home"))
    folder = make_sighted_checkpoint(tmp_path / "tiny", "gemma4")
    (tmp_path / "red.png").write_bytes(png(60, 40))
    desktop = Desktop(store, ThreadEngine, Models(str(folder), look=list))
    window = desktop.window
    window.show()
    qtbot.waitUntil(lambda: desktop.models.ready, timeout=PATIENCE)
    window.conversation.set_settings(window.conversation.settings.__class__(max_tokens=4))
    window.pane.attaching.take([tmp_path / "red.png"])
    shelved(qtbot, window.pane.composer.shelf, 1)
    qtbot.waitUntil(lambda: bool(window.pane.senses.sense(str(folder)).sees), timeout=PATIENCE)

    said = window.pane.composer.advice._words
    qtbot.waitUntil(lambda: said.text().startswith("Pictures: "), timeout=4 * PATIENCE)

    write(qtbot, window, "What is it?")
    qtbot.waitUntil(lambda: not window.conversation.answering(), timeout=4 * PATIENCE)

    answer = window.conversation.path()[-1].message
    assert answer.failure is None
    assert answer.record is not None
    assert answer.record["tokens"]["pictures"] > 0
    assert answer.record["tokens"]["encoded"] == 1
    desktop.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
