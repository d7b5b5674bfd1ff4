"""Verifying, deleting and adding models in the places they lie in."""

from __future__ import annotations

import pytest

from engine.errors import KnownError
from engine.models import care, places
from engine.models.catalogue import find, installed
from tests.checkpoint.writing import experts, model
from tests.models.download.conftest import NAME, home, hub, loaded, server
from tests.models.download.test_http import WEIGHTS, assert_here

__all__ = ["home", "hub", "loaded", "server"]  # fixtures, used by name
TENSORS = experts("mlp")


def test_a_whole_model(server, loaded):
    loaded()
    told = []
    found = care.verify(find(NAME), lambda done, total: told.append((done, total)))
    assert (found.is_whole, found.hashed, found.unhashed) == (True, 3, 0)
    assert told[-1][0] == told[-1][1] == sum(map(len, server.repositories[NAME].values()))


def test_one_wrong_byte_is_found_set_aside_and_loaded_again(server, loaded):
    path = loaded().path / WEIGHTS
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.resolve().write_bytes(content)
    assert installed()[0].problem is None, "the headers alone do not tell"

    found = care.verify(find(NAME))

    assert (found.is_whole, found.damaged) == (False, (WEIGHTS,))
    assert "missing" in (installed()[0].problem or ""), "nothing answers from it"
    loaded()
    assert_here(server)


def test_without_hashes_only_the_shape_is_known():
    model(places.models() / "org" / "own", TENSORS)
    found = care.verify(find("own"))
    assert (found.is_whole, found.hashed, found.unhashed) == (True, 0, 2)


def test_without_hashes_a_broken_file_is_still_found():
    folder = model(places.models() / "org" / "own", TENSORS)
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-1])
    assert not care.verify(find("own")).is_whole
    assert (folder / WEIGHTS).exists()


def test_deleting_from_the_cache_frees_all_of_it(server, loaded):
    loaded()
    care.delete(find(NAME))
    assert installed() == []
    assert list(places.hugging_face().iterdir()) == []


def test_deleting_from_cadres_folder_leaves_the_neighbours():
    folder = model(places.models() / "org" / "one", TENSORS)
    model(places.models() / "org" / "two", TENSORS)
    care.delete(find("one"))
    assert not folder.exists()
    assert [found.name for found in installed()] == ["org/two"]


def test_what_a_crash_left_of_a_deletion_is_cleared():
    left = model(places.models() / ".cadre-deleted-1-one", TENSORS)
    assert installed() == []
    care.clear_deleted()
    assert not left.exists()


def test_lm_studios_and_the_built_in_model_are_not_ours():
    model(places.lm_studio()[0] / "org" / "theirs", TENSORS)
    model(places.builtin(), TENSORS)
    for found in installed():
        with pytest.raises(KnownError, match="belongs to"):
            care.delete(found)
    assert len(installed()) == 2


def test_a_folder_in_place_is_listed_and_only_its_link_is_deleted(home):
    folder = model(home / "Desktop" / "Mine", TENSORS)
    assert care.add_in_place(folder) == "Mine"
    assert care.add_in_place(folder) == "Mine"
    assert [found.name for found in installed()] == ["Mine"]

    care.delete(find("mine"))

    assert installed() == []
    assert (folder / WEIGHTS).exists()


def test_a_folder_that_is_no_model_is_not_added(home):
    with pytest.raises(KnownError, match="holds no model"):
        care.add_in_place(home)
    assert installed() == []


def test_two_folders_of_one_name(home):
    care.add_in_place(model(home / "a" / "Mine", TENSORS))
    with pytest.raises(KnownError, match="a model called Mine already"):
        care.add_in_place(model(home / "b" / "Mine", TENSORS))
