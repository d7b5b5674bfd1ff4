"""The window of models: real downloads against a Hub of the test's own, or work that does as it is told."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QMenu, QPushButton, QWidget

from app import settings
from app.store.store import Store
from app.window import theme
from app.window.models import Models
from app.window.models_page import page
from app.window.models_page.asking import Asking
from app.window.models_page.downloads import Downloads
from app.window.models_page.page import ModelsPage
from app.window.models_page.row import Row
from app.window.start import Desktop
from engine.budget import footprint
from engine.errors import KnownError
from engine.models import care, places
from engine.models.catalogue import installed
from engine.models.download.progress import Progress, Stage
from engine.models.download.queueing import State
from engine.models.download.retrying import Interrupted
from tests.checkpoint.writing import experts, model
from tests.models.download import hub_server as serving
from tests.models.download.conftest import NAME, home, server
from tests.models.download.test_http import WEIGHTS, assert_here
from tests.models.download.test_pure import FakeVault
from tests.models.download.test_runner import DONE, Work
from tests.window.acting import ActingEngine
from tests.window.conftest import PATIENCE

__all__ = ["home", "server"]  # fixtures, used by name
ROOT = Path(__file__).parents[2]


class Answering(Asking):
    """Says yes, or no, and remembers what it was asked."""

    def __init__(self):
        self.yes, self.asked, self.secret, self.chosen = True, [], "", None

    def sure(self, parent, sentence, explanation, button):
        self.asked.append((sentence, explanation))
        return self.yes

    def token(self, parent):
        return self.secret

    def folder(self, parent):
        return self.chosen


class Shown:
    """A page with all it needs, and what a person sees of it."""

    def __init__(self, qtbot, work=None):
        theme.dress(dark=False)
        self.qtbot, self.asking, self.vault = qtbot, Answering(), FakeVault()
        self.models, self.downloads = Models(look=installed), Downloads(work)
        self.page = ModelsPage(self.models, self.downloads, None, self.asking, self.vault)
        self.page.show()
        qtbot.waitUntil(lambda: self.models.ready, timeout=PATIENCE)

    def until(self, condition):
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE)

    def row(self, title) -> Row | None:
        rows = [row for row in self.page.findChildren(Row) if row.content.title == title and not row.isHidden()]
        return rows[0] if rows else None

    def titles(self, section):
        return [row.content.title for row in section.rows()]

    def press(self, words, title):
        name = f"{words}: {title}"

        def buttons():
            found = [button for button in self.page.findChildren(QAbstractButton) if button.isVisible()]
            return [button for button in found if button.accessibleName() == name]

        self.until(buttons)
        (button,) = buttons()
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def choose(self, words, title):
        """In the menu of a row."""
        row = next(row for row in self.page.here.rows() if row.content.title == title)
        (acts,) = [act.acts for act in row.content.acts if act.acts]
        next(act for act in acts if act.words == words).do()

    def type(self, text):
        self.qtbot.keyClicks(self.page.top.field, text)
        self.qtbot.keyClick(self.page.top.field, Qt.Key.Key_Return)

    def about(self, title) -> str:
        row = self.row(title)
        return row.content.about if row else ""

    def close(self):
        self.page.end()
        self.downloads.close()
        self.models.close()
        self.page.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture(autouse=True)
def _a_usual_mac(monkeypatch):
    """Whatever machine the tests run on."""
    monkeypatch.setattr(page, "_free_disk", lambda: 500 * 10**9)
    monkeypatch.setattr(footprint, "total", lambda: 16 * 10**9)


@pytest.fixture
def work():
    return Work()


@pytest.fixture
def shown(qtbot, work):
    """With work that waits for what the test says."""
    shown = Shown(qtbot, work)
    yield shown
    shown.close()


@pytest.fixture
def real(qtbot, server):
    shown = Shown(qtbot)
    yield shown
    shown.close()


def job(shown, name="org/a"):
    found = shown.downloads.job(name)
    assert found is not None
    return found


# --- downloads ------------------------------------------------------------------------------------------------


def test_search_download_and_there_it_is(real, server):
    server.answers["/api/models"] = b'[{"id": "org/tiny", "downloads": 1234, "gated": false}]'
    real.type("tiny")
    real.until(lambda: real.titles(real.page.found) == ["tiny"])

    real.press("Download", "tiny")

    real.until(lambda: real.titles(real.page.here) == ["tiny"])
    assert_here(server)
    real.until(lambda: real.downloads.queue[0].state is State.DONE)
    assert "search=tiny" in next(path for path, _ in server.requests) or server.requests[0][0] == "/api/models"


def test_nothing_is_sent_before_return(real, server):
    real.qtbot.keyClicks(real.page.top.field, "secret thoughts")
    assert real.page.found.isHidden()
    assert server.requests == []


def test_a_search_that_finds_nothing_or_fails_says_so(real, server):
    server.answers["/api/models"] = b"[]"
    real.type("nothing")
    real.until(lambda: "no MLX model" in real.page.found._empty.text())
    server.answers["/api/models"] = b"<html>"
    real.type("x")
    real.until(lambda: "does not understand" in real.page.found._empty.text())
    real.page.top.field.clear()
    assert real.page.found.isHidden()


def test_an_address_of_a_page_is_searched_by_its_name(real, server):
    server.answers["/api/models"] = b"[]"
    real.type("https://huggingface.co/org/tiny/tree/main")
    real.until(lambda: "no MLX model" in real.page.found._empty.text())
    real.page.top.field.clear()
    real.type("https://huggingface.co/")
    real.until(lambda: "no name of a repository" in real.page.found._empty.text())


def test_pause_and_resume_against_a_server(real, server):
    server.behave(WEIGHTS, serving.stall_after(1000))
    real.page.get(NAME)
    real.until(lambda: (going := real.downloads.going(NAME)) is not None and going.progress.file == WEIGHTS)
    real.until(lambda: " of " in real.about("tiny"))
    real.press("Pause", "tiny")
    real.until(lambda: job(real, NAME).state is State.PAUSED)
    server.released.set()
    real.until(lambda: "Paused" in real.about("tiny"))

    real.press("Resume", "tiny")

    real.until(lambda: job(real, NAME).state is State.DONE)
    assert_here(server)


def test_how_it_goes(shown, work):
    shown.page.get("org/a")
    work.begun.get(timeout=PATIENCE)
    shown.until(lambda: "Asking the Hub" in shown.about("a"))
    for loaded in (0, 5_000_000_000):
        work.outcomes.put(Progress(Stage.LOADING, "x", loaded, 10_000_000_000, loaded))
    shown.until(lambda: "5.0 GB of 10.0 GB" in shown.about("a"))
    assert shown.row("a").content.share == 0.5
    work.outcomes.put(DONE)
    shown.until(lambda: "Here, whole" in shown.about("a"))
    shown.press("Take Off the List", "a")
    shown.until(lambda: shown.row("a") is None)
    assert shown.asking.asked == []


def test_a_failure_says_what_and_offers_another_try(shown, work):
    shown.page.get("org/a")
    work.outcomes.put(KnownError("No room.", "Make some."))
    shown.until(lambda: shown.about("a") == "No room. Make some.")
    assert shown.row("a").content.warns
    shown.press("Try Again", "a")
    work.begun.get(timeout=PATIENCE)
    work.begun.get(timeout=PATIENCE)


def test_a_broken_line_says_when_it_tries_again(shown, work):
    shown.page.get("org/a")
    work.outcomes.put(Interrupted("The line broke.", 600.0))
    shown.until(lambda: shown.row("a") and "The line broke. Trying again in" in shown.about("a"))
    shown.press("Try Now", "a")
    work.begun.get(timeout=PATIENCE)
    work.begun.get(timeout=PATIENCE)


def test_cancelling_asks_when_something_would_be_lost(shown, work):
    shown.page.get("org/a")
    work.outcomes.put(Progress(Stage.LOADING, "x", 5, 10, 5))
    shown.until(lambda: job(shown).done == 5)
    shown.until(lambda: shown.row("a") is not None)
    shown.asking.yes = False
    shown.press("Cancel", "a")
    assert len(shown.asking.asked) == 1
    assert shown.downloads.job("org/a") is not None
    shown.asking.yes = True
    shown.press("Cancel", "a")
    shown.until(lambda: shown.row("a") is None)


def test_the_keyboard_stays_on_a_button_while_numbers_change(shown, work):
    shown.page.get("org/a")
    work.begun.get(timeout=PATIENCE)
    shown.until(lambda: shown.row("a") is not None and shown.row("a").findChildren(QPushButton))
    button = next(b for b in shown.row("a").findChildren(QPushButton) if b.text() == "Pause")
    work.outcomes.put(Progress(Stage.LOADING, "x", 5_000_000, 10_000_000, 5))
    shown.until(lambda: "5.0 MB" in shown.about("a"))
    assert button.isVisible()


def test_recommended_models_are_offered_until_they_come(shown, work):
    offered = shown.titles(shown.page.offered)
    assert sorted(offered) == ["OLMoE 7B", "Qwen3 30B", "gpt-oss 20B"]
    badges = [row.content.badge for row in shown.page.offered.rows()]
    assert (offered[0], badges[0]) == ("Qwen3 30B", "Suits this machine")
    assert badges[1:] == ["", ""]
    shown.press("Download", offered[0])
    shown.until(lambda: len(shown.titles(shown.page.offered)) == 2)
    assert len(shown.titles(shown.page.coming)) == 1


def test_what_is_installed_is_not_offered_again(qtbot):
    model(places.models() / "mlx-community" / "OLMoE-1B-7B-0125-Instruct-4bit", experts("mlp"))
    shown = Shown(qtbot)
    assert "OLMoE 7B" not in shown.titles(shown.page.offered)
    shown.close()


# --- what is here ---------------------------------------------------------------------------------------------


@pytest.fixture
def mine(home):
    return model(places.models() / "org" / "mine", experts("mlp"))


@pytest.fixture
def other(home):
    return model(places.models() / "org" / "other", experts("mlp"))


def test_use(mine, other, shown, qtbot):
    shown.until(lambda: shown.titles(shown.page.here) == ["mine", "other"])
    assert [row.content.badge for row in shown.page.here.rows()] == ["In use", ""]
    with qtbot.waitSignal(shown.page.used, timeout=PATIENCE) as used:
        shown.press("Use", "other")
    assert used.args == [str(other)]
    assert [row.content.badge for row in shown.page.here.rows()] == ["", "In use"]


def test_verify(mine, shown):
    shown.until(lambda: shown.row("mine"))
    shown.choose("Verify", "mine")
    shown.until(lambda: "All parts are there" in shown.row("mine").content.note)


def test_the_menu_of_a_row(mine, shown):
    shown.until(lambda: shown.row("mine"))
    shown.press("More", "mine")
    shown.until(QApplication.activePopupWidget)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert [action.text() for action in menu.actions()] == ["Verify", "Delete…"]
    menu.actions()[1].trigger()
    menu.hide()
    shown.until(lambda: shown.row("mine") is None)


def test_a_check_can_be_stopped(mine, shown, monkeypatch):
    """Its reading goes on until it looks; then it ends and says nothing."""
    begun, go_on = threading.Event(), threading.Event()

    def verify(_model, tell):
        begun.set()
        go_on.wait()
        tell(1, 2)
        pytest.fail("it was stopped")

    monkeypatch.setattr(care, "verify", verify)
    shown.until(lambda: shown.row("mine"))
    shown.choose("Verify", "mine")
    shown.until(begun.is_set)
    shown.press("Stop", "mine")
    go_on.set()
    assert shown.row("mine").content.note == ""


def test_a_check_ends_with_the_app(mine, qtbot, monkeypatch):
    begun = threading.Event()

    def verify(_model, tell):
        while True:
            begun.set()
            tell(1, 2)

    monkeypatch.setattr(care, "verify", verify)
    shown = Shown(qtbot)
    shown.choose("Verify", "mine")
    shown.until(begun.is_set)
    shown.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "cadre-verify"]


def test_what_changes_while_models_are_looked_for_is_looked_at_again(qtbot):
    looks, go_on = [], threading.Event()

    def look():
        looks.append(1)
        go_on.wait()
        return []

    models = Models(look=look)
    models.refresh()
    models.refresh()
    models.refresh()
    go_on.set()
    qtbot.waitUntil(lambda: len(looks) == 2, timeout=PATIENCE)
    models.close()


def test_verify_finds_what_is_damaged(real, server):
    real.page.get(NAME)
    real.until(lambda: real.titles(real.page.here) == ["tiny"])
    (file,) = places.hugging_face().glob(f"*/snapshots/*/{WEIGHTS}")
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.resolve().write_bytes(content)

    real.page.verify(real.models.installed[0])

    real.until(lambda: "Damaged and set aside: model.safetensors" in real.page.here.rows()[0].content.note)
    real.until(lambda: real.models.installed[0].problem)
    assert real.page.here.rows()[0].content.warns
    real.until(
        lambda: any(act.words == "Download What Is Missing" for act in real.page.here.rows()[0].content.acts[-1].acts)
    )
    real.page.get(NAME)
    real.until(lambda: real.models.installed[0].problem is None)
    assert_here(server)


def test_delete_asks_first(mine, shown):
    shown.until(lambda: shown.row("mine"))
    shown.asking.yes = False
    shown.choose("Delete…", "mine")
    assert mine.exists()
    shown.asking.yes = True
    shown.choose("Delete…", "mine")
    shown.until(lambda: shown.row("mine") is None)
    assert not mine.exists()
    assert "cannot be undone" in shown.asking.asked[0][1]


def test_lm_studios_models_are_not_ours_to_delete(home, shown):
    model(places.lm_studio()[0] / "org" / "theirs", experts("mlp"))
    shown.models.refresh()
    shown.until(lambda: shown.row("theirs"))
    assert [act.words for act in shown.row("theirs").content.acts[-1].acts] == ["Verify"]


def test_a_folder_is_added_in_place(home, shown):
    shown.asking.chosen = model(home / "Mine", experts("mlp"))
    shown.page.add_folder()
    shown.until(lambda: shown.row("Mine"))
    shown.asking.chosen = home
    shown.page.add_folder()
    shown.until(lambda: "holds no model" in shown.page.bottom.words.text())
    shown.choose("Delete…", "Mine")
    shown.until(lambda: shown.row("Mine") is None)
    assert (home / "Mine").exists()


# --- token and network ----------------------------------------------------------------------------------------


def test_a_token_goes_into_the_keychain(shown):
    shown.page.enter_token()
    shown.asking.secret = "hf_secret_secret"
    shown.page.enter_token()
    shown.until(lambda: "in the keychain" in shown.page.bottom.words.text())
    assert shown.vault.secret == "hf_secret_secret"
    shown.asking.secret = "x"
    shown.page.enter_token()
    shown.until(lambda: "does not look like a token" in shown.page.bottom.words.text())


def test_never_use_the_network(real, server):
    server.behave(WEIGHTS, serving.stall_after(1000))
    real.page.get(NAME)
    assert server.arrived.wait(60)
    real.page.bottom.never.click()

    real.until(lambda: job(real, NAME).state is State.PAUSED)
    assert not settings.load().network
    assert not real.page.top.field.isEnabled()
    asked = len(server.requests)
    real.page.get(NAME)
    real.until(lambda: job(real, NAME).state is State.FAILED)
    assert "never to use the network" in job(real, NAME).problem
    assert len(server.requests) == asked
    server.released.set()
    real.page.bottom.never.click()
    real.page.resume(NAME)
    real.until(lambda: job(real, NAME).state is State.DONE)


# --- the app --------------------------------------------------------------------------------------------------


def opened(tmp_path) -> Desktop:
    desktop = Desktop(Store(tmp_path / "chats.sqlite"), ActingEngine, Models(look=installed))
    desktop.window.show()
    return desktop


def test_downloads_go_on_when_the_app_starts_again(qtbot, tmp_path, server):
    server.behave(WEIGHTS, serving.stall_after(1000))
    first = opened(tmp_path)
    first.downloads.add(NAME)
    qtbot.waitUntil(server.arrived.is_set, timeout=PATIENCE)
    first.close()
    server.released.set()

    second = opened(tmp_path)
    qtbot.waitUntil(lambda: bool(second.models.installed), timeout=PATIENCE)
    assert_here(server)
    qtbot.waitUntil(second.window.pane.notice.isVisible, timeout=PATIENCE)
    assert "org/tiny is here" in second.window.pane.notice._words.text()
    qtbot.waitUntil(lambda: second.models.default != "builtin", timeout=PATIENCE)
    second.close()


def test_the_page_opens_from_menu_chooser_and_empty_chat(qtbot, tmp_path, home):
    desktop = opened(tmp_path)
    for wish in (
        next(action for action in desktop.window.findChildren(QAction) if action.text() == "Models…").trigger,
        desktop.window.pane.settings._get_models,
        desktop.window.pane.empty.model_wanted.emit,
    ):
        wish()
        qtbot.waitUntil(desktop.models_page.isVisible, timeout=PATIENCE)
        qtbot.keyClick(desktop.models_page, Qt.Key.Key_Escape)
        assert not desktop.models_page.isVisible()
    desktop.close()


def test_an_app_without_downloads_starts_no_thread_for_them(qtbot, tmp_path, home):
    desktop = opened(tmp_path)
    desktop.downloads.go_on()
    assert desktop.downloads._runner is None
    desktop.close()


def test_every_control_has_a_name(mine, shown, work):
    shown.page.get("org/a")
    shown.until(lambda: shown.row("a") is not None)
    controls = (QAbstractButton, QComboBox, QLineEdit)
    nameless = [
        type(child).__name__
        for child in shown.page.findChildren(QWidget)
        if isinstance(child, controls) and child.isVisible() and not isinstance(child.parent(), QLineEdit)
        and not (child.accessibleName() or getattr(child, "text", str)())
    ]  # fmt: skip
    assert nameless == []


def test_long_names_and_large_text_do_not_widen_the_page(shown, qapp):
    shown.page.resize(440, 400)
    shown.page.get("org/" + "a-very-long-name" * 5)
    shown.until(shown.page.coming.rows)
    assert shown.page.width() == 440
    inner = shown.page.coming.rows()[0]
    assert inner.mapTo(shown.page, inner.rect().topRight()).x() <= 440


def test_the_network_is_not_loaded_before_it_is_wanted():
    """Its library takes longer to load than the rest of the window."""
    names = ("httpx2", "keyring", "huggingface_hub")
    code = f"import sys, app.window.start; print([name for name in {names} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
