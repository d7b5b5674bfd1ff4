"""Experts into slots: the right bytes or a sentence, and whatever goes wrong, never a half-filled slot in use."""

from __future__ import annotations

import os

import pytest

from engine.errors import Cancelled, KnownError
from engine.experts.loader import wait_all
from engine.experts.reading import Policy
from tests.experts.disk import FAULTS, SHORT, ByteBank, FaultyDisk, GatedDisk, assert_right, write_model


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("loader") / "model")


@pytest.fixture
def own_model(tmp_path):
    """One that may be spoilt."""
    return write_model(tmp_path / "model")


@pytest.fixture
def opened(model):
    """Loaders that are closed at the end: opened(disk, policy, model) -> loader."""
    made = []

    def opened(disk=None, policy=Policy.BUFFERED, of=model):
        loader, files = of.loader(disk, policy)
        made.append((loader, files))
        return loader

    yield opened
    for loader, files in made:
        loader.close()
        files.close()


@pytest.mark.parametrize("policy", list(Policy))
def test_experts_arrive_with_their_own_bytes(opened, model, policy):
    loader = opened(policy=policy)
    banks = [ByteBank(layer, 4) for layer in model.layers]

    batches = [loader.start(bank, [5, 0, 2]) for bank in banks]
    wait_all(batches, lambda batch: batch.wait())

    for bank in banks:
        assert_right(bank, [0, 2, 5])


def test_nothing_is_resident_before_it_was_waited_for(opened, model):
    bank = ByteBank(model.layers[0], 2)
    batch = opened().start(bank, [1, 4])

    assert bank.table.resident().tolist() == []
    assert bank.table.free == 0
    batch.wait()
    assert_right(bank, [1, 4])


def test_reads_that_return_early_make_no_difference(opened, model):
    bank = ByteBank(model.layers[1], 3)
    opened(FaultyDisk(most=777)).start(bank, [0, 1, 5]).wait()
    assert_right(bank, [0, 1, 5])


def test_progress_counts_every_byte_once(opened, model):
    bank = ByteBank(model.layers[0], 6)
    told: list[int] = []
    batch = opened().start(bank, range(6))

    batch.wait(told.append, poll=0)

    assert told == sorted(told)
    assert told[-1] == batch.nbytes == 6 * bank.layer.expert_bytes


@pytest.mark.parametrize("fault", list(FAULTS))
def test_whichever_read_fails_the_slots_are_free_again(opened, model, fault):
    calls = FaultyDisk(most=SHORT)
    opened(calls).start(ByteBank(model.layers[0], 4), [0, 3, 4]).wait()
    assert calls.calls > 10

    for nth in range(1, calls.calls + 1):
        disk = FaultyDisk(most=SHORT, at=nth, fault=FAULTS[fault])
        loader, bank = opened(disk), ByteBank(model.layers[0], 4)
        loader.start(bank, [5]).wait() if nth > calls.calls // 2 else None
        before = bank.table.resident().tolist()
        disk.calls = 0

        with pytest.raises(KnownError) as error:
            loader.start(bank, [0, 3, 4]).wait()

        assert error.value.next_step
        assert_right(bank, before)
        loader.start(bank, [0, 3, 4]).wait()
        assert_right(bank, [0, 3, 4, *before])


@pytest.mark.parametrize("fault", list(FAULTS))
def test_when_one_layer_fails_the_others_are_given_up(opened, model, fault):
    for nth in range(1, 25):
        disk = FaultyDisk(most=SHORT, at=nth, fault=FAULTS[fault])
        loader, banks = opened(disk), [ByteBank(layer, 3) for layer in model.layers]
        batches = [loader.start(bank, [1, 2]) for bank in banks]

        with pytest.raises(KnownError):
            wait_all(batches, lambda batch: batch.wait())

        for bank in banks:  # a layer that was whole before the failure may stay
            assert_right(bank, bank.table.resident().tolist())
            assert bank.table.resident().tolist() in ([], [1, 2])


def test_a_cancel_at_any_point_frees_the_slots(opened, model):
    for reads in range(12):
        disk, bank = GatedDisk(), ByteBank(model.layers[0], 6)
        loader = opened(disk)
        told: list[int] = []

        def progress(arrived, disk=disk, told=told, reads=reads):
            if len(told) == reads:
                disk.open()
                raise Cancelled
            told.append(arrived)
            disk.let_one()

        with pytest.raises(Cancelled):
            loader.start(bank, [0, 1, 2, 3]).wait(progress, poll=0)

        assert_right(bank, [])
        loader.start(bank, [0, 1, 2, 3]).wait()
        assert_right(bank, [0, 1, 2, 3])


def test_the_first_failure_is_told_rather_than_that_others_stopped(opened, model):
    disk = FaultyDisk(most=SHORT, at=1, fault=FAULTS["EIO"])
    with pytest.raises(KnownError, match="could not be read"):
        opened(disk).start(ByteBank(model.layers[0], 6), range(6)).wait()


def test_an_abandoned_batch_frees_its_slots(opened, model):
    loader, bank = opened(FaultyDisk(most=SHORT)), ByteBank(model.layers[0], 3)
    loader.start(bank, [0, 1, 2]).abandon()
    assert_right(bank, [])


# --- files that change under us ------------------------------------------------------------------------------


def test_a_file_truncated_in_place_is_noticed(opened, own_model):
    loader, bank = opened(of=own_model), ByteBank(own_model.layers[0], 3)
    os.truncate(own_model.path, own_model.path.stat().st_size // 2)

    with pytest.raises(KnownError, match="changed"):
        loader.start(bank, [0, 5])
    assert_right(bank, [])


def test_a_file_written_to_is_noticed(opened, own_model):
    loader, bank = opened(of=own_model), ByteBank(own_model.layers[0], 3)
    stat = own_model.path.stat()
    os.utime(own_model.path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))

    with pytest.raises(KnownError, match="changed"):
        loader.start(bank, [0])
    assert_right(bank, [])


@pytest.mark.parametrize("policy", list(Policy))
def test_a_file_that_shrinks_while_it_is_read_ends_in_a_sentence(opened, own_model, policy):
    size = own_model.path.stat().st_size

    def shrink(handle, views, offset):
        os.truncate(own_model.path, size // 3)
        return os.preadv(handle, views, offset)

    bank = ByteBank(own_model.layers[0], 6)
    with pytest.raises(KnownError):
        opened(shrink, policy, own_model).start(bank, range(6)).wait()
    assert_right(bank, [])


def test_a_file_replaced_by_another_is_still_read(opened, own_model):
    loader, bank = opened(of=own_model), ByteBank(own_model.layers[0], 3)
    kept = own_model.path.with_suffix(".kept")
    os.link(own_model.path, kept)
    content = own_model.path.read_bytes()
    own_model.path.with_suffix(".new").write_bytes(bytes(len(content)))
    os.utime(own_model.path.with_suffix(".new"), ns=(0, own_model.path.stat().st_mtime_ns))
    own_model.path.with_suffix(".new").replace(own_model.path)

    loader.start(bank, [1, 5]).wait()

    kept.replace(own_model.path)  # the bytes that were opened
    assert_right(bank, [1, 5])


def test_a_deleted_file_is_still_read(opened, own_model):
    loader, bank = opened(of=own_model), ByteBank(own_model.layers[0], 3)
    content = own_model.path.read_bytes()
    own_model.path.unlink()

    loader.start(bank, [4]).wait()

    own_model.path.write_bytes(content)
    assert_right(bank, [4])
