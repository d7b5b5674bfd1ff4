from __future__ import annotations

import mlx.core as mx
import numpy as np
import pytest

from engine.errors import KnownError
from engine.routing.predictor import FILE, Predictor, load_predictor, save_predictor
from engine.training.sets import best
from engine.training.variants import firsts, shared, split

NAME = "model.layers.1.mlp.experts.up_proj.weight"


def tree(a):
    return {"model": {"layers": [{}, {"mlp": {"experts": {"up_proj": {"weight": a}}, "norm": {"weight": a}}}]}}


def in_tree(found, of="experts"):
    mlp = found["model"]["layers"][1]["mlp"]
    return np.array(mlp["experts"]["up_proj"]["weight"] if of == "experts" else mlp["norm"]["weight"])


def test_the_first_of_each_kind():
    assert np.array(firsts(8, 2)).nonzero()[0].tolist() == [0, 4]


def test_variants_begin_as_the_first_of_their_kind_and_nothing_else_changes():
    a = mx.arange(8).reshape(8, 1)
    found = split(tree(a), 8, 2)
    assert in_tree(found)[:, 0].tolist() == [0, 0, 0, 0, 4, 4, 4, 4]
    assert in_tree(found, "norm")[:, 0].tolist() == list(range(8))


def test_what_is_learnt_is_shared_within_a_kind():
    a = mx.array([[1.0], [3.0], [10.0], [30.0]])
    assert in_tree(shared(tree(a), 4, 2, 0.0))[:, 0] == pytest.approx([2, 6, 20, 60])
    assert in_tree(shared(tree(a), 4, 2, 1.0))[:, 0] == pytest.approx([4, 4, 40, 40])
    assert in_tree(shared(tree(a), 4, 2, 0.5))[:, 0] == pytest.approx([3, 5, 30, 50])


@pytest.mark.parametrize("count", [4, 8, 16])
def test_a_set_has_equally_many_of_each_kind(count):
    predictor = Predictor(16, 3, 32, kinds=4)
    scores = mx.clip(mx.random.normal((5, 3, 32), key=mx.random.key(1)), -4, 4)
    chosen = np.array(best(predictor.evened(scores), mx.full((5,), count))).reshape(5, 3, 4, 8)
    assert (chosen.sum(axis=-1) == count // 4).all()
    kept = np.where(chosen, np.array(scores).reshape(5, 3, 4, 8), -9).max(axis=-1)
    assert (kept == np.array(scores).reshape(5, 3, 4, 8).max(axis=-1)).all()  # the best of each


def test_kinds_are_kept_in_the_file_and_must_divide_the_experts(tmp_path):
    save_predictor(tmp_path, Predictor(16, 3, 32, kinds=4))
    loaded = load_predictor(tmp_path, 16, 3, 32)
    scores = loaded(mx.random.normal((1, 5, 16), key=mx.random.key(2)))[0]
    first = np.argsort(-np.array(scores), axis=-1)[:, :4] // 8
    assert (np.sort(first, axis=-1) == np.arange(4)).all()

    arrays, header = mx.load(str(tmp_path / FILE), return_metadata=True)
    mx.save_safetensors(str(tmp_path / FILE), arrays, header | {"kinds": "5"})
    with pytest.raises(KnownError, match="cannot be used"):
        load_predictor(tmp_path, 16, 3, 32)
