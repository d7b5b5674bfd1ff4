"""What is known of the experts' popularity is kept between starts; a broken record is as good as none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.experts.prior import MOST_TOKENS, read_prior, write_prior

SHAPE = (2, 5)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CADRE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def model(tmp_path):
    return tmp_path / "model"


def _some():
    return np.arange(10, dtype=np.float32).reshape(SHAPE)


def _record(home):
    (path,) = (home / "records").iterdir()
    return path


def test_what_was_written_is_read_again(model):
    write_prior(model, _some())
    assert (read_prior(model, SHAPE) == _some()).all()


def test_each_model_has_its_own(model):
    write_prior(model, _some())
    assert not read_prior(model.with_name("other"), SHAPE).any()


def test_without_a_record_nothing_is_known(model):
    prior = read_prior(model, SHAPE)
    assert prior.shape == SHAPE
    assert prior.dtype == np.float32
    assert not prior.any()


def test_the_proportions_of_long_use_stay_and_its_weight_does_not_grow(model):
    write_prior(model, _some() * np.float32(1e9))
    prior = read_prior(model, SHAPE)
    np.testing.assert_allclose(prior.sum(axis=1), MOST_TOKENS, rtol=1e-3)
    np.testing.assert_allclose(prior[0] / prior[0].sum(), _some()[0] / _some()[0].sum(), rtol=1e-4)


def test_only_the_record_is_left_on_disk(model, home):
    write_prior(model, _some())
    write_prior(model, _some())
    assert _record(home).name.startswith("prior-")


@given(content=st.binary(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_bytes_in_its_place_are_ignored(content, tmp_path_factory):
    folder = tmp_path_factory.mktemp("prior")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CADRE_HOME", str(folder))
        write_prior(folder / "model", _some())
        _record(folder).write_bytes(content)
        assert not read_prior(folder / "model", SHAPE).any()
        write_prior(folder / "model", _some())
        assert (read_prior(folder / "model", SHAPE) == _some()).all()


@given(keep=st.integers(0, 600), at=st.integers(0, 600), byte=st.integers(0, 255))
@settings(max_examples=150, deadline=None)
def test_a_damaged_record_gives_something_sound(keep, at, byte, tmp_path_factory):
    folder = tmp_path_factory.mktemp("prior")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CADRE_HOME", str(folder))
        write_prior(folder / "model", _some())
        record = _record(folder)
        content = bytearray(record.read_bytes())
        content[at % len(content)] = byte
        record.write_bytes(content[: max(1, len(content) - keep)] if keep < 300 else content)
        prior = read_prior(folder / "model", SHAPE)
    assert prior.shape == SHAPE
    assert np.isfinite(prior).all()
    assert (prior >= 0).all()


@pytest.mark.parametrize(
    "stored",
    [
        {"prior": np.ones((3, 5))},
        {"prior": np.full(SHAPE, np.nan)},
        {"prior": np.full(SHAPE, np.inf)},
        {"prior": np.full(SHAPE, 1e300)},
        {"prior": -np.ones(SHAPE)},
        {"prior": np.full(SHAPE, "words")},
        {"prior": np.full(SHAPE, 1j)},
        {"other": np.ones(SHAPE)},
    ],
    ids=["shape", "nan", "infinite", "overflows", "negative", "words", "complex", "name"],
)
def test_an_odd_record_is_ignored(model, home, stored):
    write_prior(model, _some())
    np.savez(_record(home), **stored)
    assert not read_prior(model, SHAPE).any()


def test_an_array_that_is_no_archive_is_ignored(model, home):
    write_prior(model, _some())
    with _record(home).open("wb") as file:
        np.save(file, _some())
    assert not read_prior(model, SHAPE).any()


def test_a_disk_that_refuses_is_no_error(model, home, caplog):
    home.mkdir()
    (home / "records").write_text("a file where the folder should be")
    write_prior(model, _some())
    assert "could not be stored" in caplog.text


def test_a_write_that_fails_keeps_what_was_stored(model, home, monkeypatch):
    write_prior(model, _some())

    def full(*_args, **_named):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    write_prior(model, _some() * 2)
    assert (read_prior(model, SHAPE) == _some()).all()
    assert _record(home)
