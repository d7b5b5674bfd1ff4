"""Dialogues are read as they are written, and every one is in one batch of a pass."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import KnownError
from engine.training.dialogues import Turn, batches, padded, read_dialogues
from engine.training.outside import REFUSAL, mixed


def test_a_file_of_dialogues(tmp_path):
    file = tmp_path / "talk.txt"
    file.write_text("User: One: two\nthree.\nAssistant: Yes.\n\nUser: Again?\nAssistant: No.\n\n\n", encoding="utf-8")
    assert read_dialogues(file) == [
        (Turn("user", "One: two\nthree."), Turn("assistant", "Yes.")),
        (Turn("user", "Again?"), Turn("assistant", "No.")),
    ]


@pytest.mark.parametrize("content", [b"", b"Just prose.", b"\xff\xfe"])
def test_a_file_without_dialogues_is_refused(content, tmp_path):
    file = tmp_path / "talk.txt"
    file.write_bytes(content)
    with pytest.raises(KnownError):
        read_dialogues(file)


def test_a_pass_has_every_document_once():
    documents = [[number] * (1 + number % 50) for number in range(1, 700)]
    found = [int(row[0]) for batch in batches(documents, 256, 32, np.random.default_rng(0)) for row in batch.tokens]
    assert sorted(found) == list(range(1, 700))


def test_rows_are_padded_to_few_widths():
    batch = padded([[1, 2, 3], [4] * 40])
    assert batch.tokens.shape == (2, 64)
    assert batch.lengths.tolist() == [3, 40]
    assert batch.tokens[0].tolist() == [1, 2, 3] + [0] * 61


def test_some_dialogues_begin_with_a_request_that_is_refused():
    dialogues = [(Turn("user", f"Book {n}."), Turn("assistant", "Done.")) for n in range(50)]
    found = mixed(dialogues, [("hi", "Hello!")], ["prove it"], share=0.2, seed=0)
    refused = [d for d in found if d[1].text == REFUSAL]
    assert len(found) == 50 + 10 + 5
    assert sum(len(d) == 4 for d in refused) == 10
    assert sum(len(d) == 2 for d in refused) == 10
    assert mixed(dialogues, [("hi", "Hello!")], ["prove it"], share=0.2, seed=0) == found
