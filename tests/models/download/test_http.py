"""Everything a server or the line can do to one file, on real sockets of this machine."""

from __future__ import annotations

import threading

import pytest

from engine.errors import Cancelled, KnownError
from engine.models import care, places
from engine.models.catalogue import installed
from engine.models.download.cached import CachedRepository
from engine.models.download.hub import Hub, Patience
from engine.models.download.listing import listing
from engine.models.download.pulling import pull
from engine.models.download.retrying import Interrupted
from engine.models.download.stopping import Stop
from tests.models.download import hub_server as serving
from tests.models.download.conftest import NAME

WEIGHTS = "model.safetensors"


@pytest.fixture
def content(server):
    return server.repositories[NAME][WEIGHTS]


@pytest.fixture
def part(server):
    """The weights' beginning, as an earlier try would have left it."""
    listed = listing(
        {"id": NAME, "sha": serving.COMMIT, "siblings": [serving.sibling(n, c) for n, c in files(server).items()]}
    )
    part = CachedRepository(NAME).part(next(file for file in listed.files if file.name == WEIGHTS))
    part.parent.mkdir(parents=True)
    return part


def files(server):
    return server.repositories[NAME]


def assert_here(server):
    """The model is listed, without a problem, and every byte is right."""
    (model,) = installed()
    assert (model.name, model.problem) == (NAME, None)
    for name, content in files(server).items():
        assert (model.path / name).read_bytes() == content
    left = {entry.name for entry in CachedRepository(NAME).folder.joinpath("blobs").iterdir()}
    assert left == {serving.blob_name(name, content) for name, content in files(server).items()}


def test_a_fresh_download(server, loaded):
    pulled = loaded()

    assert_here(server)
    total = sum(map(len, files(server).values()))
    assert (pulled.name, pulled.commit, pulled.bytes, pulled.loaded) == (NAME, serving.COMMIT, total, total)


VOICE = "speech_tokenizer/model.safetensors"


def test_what_a_voice_keeps_in_folders_below(server, loaded, content):
    """Also when another commit's snapshot, or another program's files, are there already."""
    files(server)[VOICE] = b"codec" + content
    loaded()
    assert_here(server)
    (model,) = installed()
    (model.path / "speech_tokenizer" / "theirs.json").write_text("{}")
    files(server)["speech_tokenizer/config.json"] = b"{}"
    loaded()

    assert_here(server)
    assert (model.path / "speech_tokenizer" / "theirs.json").read_text() == "{}"
    verified = care.verify(installed()[0])
    assert verified.is_whole
    assert verified.hashed == len(files(server))


def test_goes_on_where_the_line_broke(server, loaded, content):
    server.behave(WEIGHTS, serving.cut_after(1000), serving.cut_after(500))

    for _ in range(2):
        with pytest.raises(Interrupted):
            loaded()
        assert installed() == []
    pulled = loaded()

    assert_here(server)
    assert server.ranges(WEIGHTS) == ["", "bytes=1000-", "bytes=1500-"]
    assert pulled.loaded == len(content) - 1500


def test_a_wrong_range_is_not_used(server, loaded, part, content):
    part.write_bytes(content[:1000])
    server.behave(WEIGHTS, serving.wrong_range)
    loaded()
    assert_here(server)
    assert server.ranges(WEIGHTS) == ["bytes=1000-", ""]


def test_a_server_without_ranges_begins_again(server, loaded, part, content):
    part.write_bytes(content[:1000])
    server.behave(WEIGHTS, serving.whole)
    pulled = loaded()
    assert_here(server)
    assert pulled.loaded >= len(content)
    assert len(server.asked(WEIGHTS)) == 1


def test_not_satisfiable_begins_again(server, loaded, part, content):
    part.write_bytes(content[:1000])
    server.behave(WEIGHTS, serving.not_satisfiable)
    loaded()
    assert_here(server)
    assert server.ranges(WEIGHTS) == ["bytes=1000-", ""]


def test_a_part_that_is_whole_already_is_not_loaded_again(server, loaded, part, content):
    part.write_bytes(content)
    loaded()
    assert_here(server)
    assert server.asked(WEIGHTS) == []


def test_a_part_that_is_whole_and_wrong_is_loaded_again(server, loaded, part, content):
    part.write_bytes(bytes(len(content)))
    loaded()
    assert_here(server)
    assert server.ranges(WEIGHTS) == [""]


def test_a_part_that_is_too_long_is_loaded_again(server, loaded, part, content):
    part.write_bytes(content + b"more")
    loaded()
    assert_here(server)
    assert server.ranges(WEIGHTS) == [""]


def test_a_beginning_of_something_else_is_found_out(server, loaded, part):
    part.write_bytes(b"not the beginning")
    loaded()
    assert_here(server)
    assert server.ranges(WEIGHTS) == ["bytes=17-", ""]


@pytest.mark.parametrize("behaviour", [serving.other_length, serving.too_long])
def test_another_length_than_listed_asks_for_the_list_again(server, loaded, behaviour):
    server.behave(WEIGHTS, behaviour)
    loaded()
    assert_here(server)
    assert sum(path.startswith("/api/") for path, _ in server.requests) == 2


@pytest.mark.parametrize("behaviour", [serving.other_length, serving.too_long])
def test_always_another_length_ends_in_a_sentence(server, loaded, behaviour):
    server.behave(WEIGHTS, behaviour, behaviour)
    with pytest.raises(KnownError, match="not those that the Hub lists"):
        loaded()
    assert installed() == []


def test_damaged_on_the_way_is_loaded_again(server, loaded):
    server.behave(WEIGHTS, serving.damaged)
    loaded()
    assert_here(server)


def test_damaged_twice_ends_in_a_sentence(server, loaded):
    server.behave(WEIGHTS, serving.damaged, serving.damaged)
    with pytest.raises(KnownError, match="arrived damaged twice"):
        loaded()
    assert installed() == []


def test_a_file_that_changed_meanwhile_is_listed_anew(server, loaded, content):
    """The ETag of the Hub's own answer is the hash: another one is seen before a byte is taken."""
    newer = content[:-4] + b"\1\2\3\4"

    def changes(handler, old, start):
        server.repositories[NAME] = files(server) | {WEIGHTS: newer}
        server.commits[NAME] = "f" * 40
        handler.plain(200, newer, ETag=f'"{serving.blob_name(WEIGHTS, newer)}"')

    server.behave(WEIGHTS, serving.cut_after(1000), changes)
    with pytest.raises(Interrupted):
        loaded()
    loaded()
    assert_here(server)
    assert server.ranges(WEIGHTS) == ["", "bytes=1000-", ""]


def test_an_etag_of_a_weak_kind_says_the_same(server, loaded, content):
    tag = f'W/"{serving.blob_name(WEIGHTS, content)}"'
    server.behave(WEIGHTS, lambda handler, content, start: handler.plain(200, content, ETag=tag))
    loaded()
    assert_here(server)


# --- waiting --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("behaviour", "kept"), [(serving.silent, 0), (serving.stall_after(1000), 1000)])
def test_stopped_while_the_server_says_nothing(server, hub, part, behaviour, kept):
    server.behave(WEIGHTS, behaviour)
    stop = Stop()

    def stopper():
        server.arrived.wait()
        stop.set()

    thread = threading.Thread(target=stopper)
    thread.start()
    with pytest.raises(Cancelled):
        pull(NAME, hub, stop)
    thread.join()

    assert part.stat().st_size <= kept
    assert installed() == []
    server.released.set()
    pull(NAME, hub, Stop())
    assert_here(server)


def test_a_line_that_stalls_is_an_interruption(server, part):
    server.behave(WEIGHTS, serving.stall_after(1000))
    with Hub(patience=Patience(connect=20, stall=0.2)) as hub, pytest.raises(Interrupted, match="too long"):
        pull(NAME, hub, Stop())
    assert part.stat().st_size == 1000


def test_nobody_listens(home, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with Hub() as hub, pytest.raises(Interrupted, match="broke off"):
        pull(NAME, hub, Stop())


@pytest.mark.parametrize(
    ("behaviour", "seconds"),
    [
        (serving.status(429, Retry_After="7"), 7),
        (serving.status(429), None),
        (serving.status(503, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"), 0),
        (serving.status(500), None),
        (serving.status(502, Retry_After="soon"), None),
    ],
)
def test_a_busy_hub_is_an_interruption(server, loaded, behaviour, seconds):
    server.behave(WEIGHTS, behaviour)
    with pytest.raises(Interrupted) as caught:
        loaded()
    assert caught.value.after == seconds
    loaded()
    assert_here(server)


# --- redirects and tokens -------------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(server):
    """Another host with the same files."""
    other = serving.FakeHub()
    other.add(NAME, files(server))
    yield other
    other.close()


def test_the_token_does_not_follow_to_another_host(server, elsewhere, content):
    server.gated[NAME] = "hf_secret_secret"
    there = f"http://localhost:{elsewhere.port}/org/tiny/resolve/x/{WEIGHTS}?signature=1"
    server.behave(WEIGHTS, serving.redirect(there, X_Linked_Etag=f'"{serving.blob_name(WEIGHTS, content)}"'))

    with Hub(token=lambda: "hf_secret_secret") as hub:
        pull(NAME, hub, Stop())

    assert_here(server)
    assert server.asked(WEIGHTS)[-1]["Authorization"] == "Bearer hf_secret_secret"
    assert elsewhere.asked(WEIGHTS)
    assert all("Authorization" not in headers for headers in elsewhere.asked(WEIGHTS))


def test_another_port_of_the_same_machine_is_another_host(server, elsewhere):
    server.gated[NAME] = "hf_secret_secret"
    server.behave(WEIGHTS, serving.redirect(f"{elsewhere.url}/org/tiny/resolve/x/{WEIGHTS}"))
    with Hub(token=lambda: "hf_secret_secret") as hub:
        pull(NAME, hub, Stop())
    assert all("Authorization" not in headers for headers in elsewhere.asked(WEIGHTS))


def test_a_redirect_keeps_the_range(server, elsewhere, loaded, part, content):
    part.write_bytes(content[:1000])
    server.behave(WEIGHTS, serving.redirect(f"{elsewhere.url}/org/tiny/resolve/x/{WEIGHTS}"))
    loaded()
    assert_here(server)
    assert elsewhere.ranges(WEIGHTS) == ["bytes=1000-"]


def test_the_token_stays_away_until_the_hub_asks(server):
    with Hub(token=lambda: pytest.fail("nobody asked for it")) as hub:
        pull(NAME, hub, Stop())
    assert all("Authorization" not in headers for _, headers in server.requests)


def test_an_unprotected_address_is_refused(server, loaded):
    server.behave(WEIGHTS, serving.redirect("http://example.invalid/file"))
    with pytest.raises(KnownError, match="not a protected address"):
        loaded()


def test_an_unprotected_endpoint_is_refused(monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://example.invalid")
    with Hub() as hub, pytest.raises(KnownError, match="not a protected address"):
        pull(NAME, hub, Stop())


def test_redirects_without_end(server, loaded):
    server.behave(WEIGHTS, *[serving.redirect(f"/org/tiny/resolve/x/{WEIGHTS}")] * 20)
    with pytest.raises(Interrupted, match="without end"):
        loaded()


@pytest.mark.parametrize(
    ("token", "sentence", "step"),
    [
        (None, "asks for your agreement", "cadre pull --token"),
        ("hf_of_someone_else", "may not load", "Agree to its terms at http://127.0.0.1"),
    ],
)
def test_a_gated_model(server, token, sentence, step):
    server.gated[NAME] = "hf_secret_secret"
    with Hub(token=lambda: token) as hub, pytest.raises(KnownError, match=sentence) as caught:
        pull(NAME, hub, Stop())
    assert step in caught.value.next_step
    assert "hf_" not in str(caught.value)


@pytest.mark.parametrize(
    ("token", "sentence"), [(None, "is not on the Hub, or is not public"), ("hf_something", "does not accept")]
)
def test_a_name_that_is_not_there(server, token, sentence):
    with Hub(token=lambda: token) as hub, pytest.raises(KnownError, match=sentence):
        pull("org/nothing", hub, Stop())


def test_a_file_that_vanished(server, loaded):
    server.listed[NAME] = [serving.sibling(n, c) for n, c in files(server).items()]
    del files(server)[WEIGHTS]
    with pytest.raises(KnownError, match="gone from the Hub"):
        loaded()


def test_a_status_that_nobody_expects(server, loaded):
    server.behave(WEIGHTS, serving.status(418))
    with pytest.raises(KnownError, match="HTTP 418"):
        loaded()


# --- the switch -----------------------------------------------------------------------------------------------


def test_never_use_the_network(server):
    with Hub(allowed=lambda: False) as hub, pytest.raises(KnownError, match="never to use the network"):
        pull(NAME, hub, Stop())
    assert server.requests == []


def test_the_switch_of_other_programs_counts_too(server, loaded, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(KnownError, match="never to use the network"):
        loaded()
    assert server.requests == []


def test_search(server, hub):
    server.answers["/api/models"] = (
        b'[{"id": "mlx-community/A-4bit", "downloads": 7, "gated": "manual"}, {"id": "../escape"}, 3, '
        b'{"id": "org/b", "downloads": null, "gated": false}]'
    )
    found = hub.search("a b", Stop())
    assert [(one.repository, one.downloads, one.gated) for one in found] == [
        ("mlx-community/A-4bit", 7, True),
        ("org/b", 0, False),
    ]


def test_an_answer_that_is_no_json(server, hub):
    server.answers["/api/models"] = b"<html>log in to the hotel's network"
    with pytest.raises(KnownError, match="does not understand"):
        hub.search("a", Stop())


def test_nothing_was_written_to_the_log(server, caplog):
    """Neither tokens nor signed addresses."""
    caplog.set_level("INFO")
    server.gated[NAME] = "hf_secret_secret"
    with Hub(token=lambda: "hf_secret_secret") as hub:
        pull(NAME, hub, Stop())
    assert caplog.text == ""
    assert places.hugging_face().is_dir()
