"""Models without experts run too."""

from __future__ import annotations

import json
from pathlib import Path

import mlx.core as mx
import mlx_lm.utils
import pytest
from mlx.utils import tree_map

from engine import messages as m
from engine.lab.tiny_tokenizer import tiny_tokenizer
from engine.link import ThreadEngine

CONFIG = {
    "model_type": "qwen3",
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "intermediate_size": 128,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "rms_norm_eps": 1e-6,
    "vocab_size": 512,
    "max_position_embeddings": 512,
    "rope_theta": 10000.0,
    "tie_word_embeddings": False,
}


@pytest.fixture
def dense(tmp_path: Path) -> Path:
    return dense_checkpoint(tmp_path / "dense")


def dense_checkpoint(folder: Path) -> Path:
    folder.mkdir()
    model_class, arguments = mlx_lm.utils._get_classes(CONFIG)
    mx.random.seed(0)
    model = model_class(arguments.from_dict(CONFIG))
    model.update(tree_map(lambda a: mx.random.normal(a.shape) * 0.2, model.parameters()))
    mlx_lm.utils.save_model(folder, model)
    (folder / "config.json").write_text(json.dumps(CONFIG | tiny_tokenizer(folder, 512)))
    return folder


def test_a_dense_model_answers_and_says_that_there_is_nothing_to_choose(dense: Path) -> None:
    engine = ThreadEngine()
    try:
        engine.send(m.Ask("r", str(dense), (m.Turn("user", "hello"),), mode=m.Mode.FAST, max_tokens=8))
        events: list[m.Event | None] = []
        while not events or not isinstance(events[-1], m.Finished | m.Failed | None):
            events.append(engine.get(60))
        assert isinstance(events[-1], m.Finished)
        record = events[-1].record
        assert record.tokens["generated"] == 8
        assert record.mode is m.Mode.EXACT
        assert record.experts["total"] == 0
        assert record.experts["coverage"] == 1.0
        assert any("no experts" in e.why for e in events if isinstance(e, m.Planned))
    finally:
        engine.close()
