"""The types mlx-lm knows, compared with mlx-lm itself."""

from __future__ import annotations

import importlib

import mlx_lm.utils
import pytest

from engine.lab.families import FAMILIES
from engine.models.supported import ALIASES, _model_files, is_supported


def test_aliases_are_those_of_the_installed_mlx_lm():
    assert set(mlx_lm.utils.MODEL_REMAPPING) == ALIASES


@pytest.mark.parametrize("model_type", ["llama", "kimi_k2", *sorted({c["model_type"] for c in FAMILIES.values()})])
def test_known(model_type):
    assert is_supported(model_type)


def test_every_type_names_a_module_with_a_model():
    for model_type in sorted(_model_files()):
        assert hasattr(importlib.import_module(f"mlx_lm.models.{model_type}"), "Model"), model_type


@pytest.mark.parametrize("model_type", ["bert", "olmo", "cache", "__init__", "../models/llama", ""])
def test_unknown(model_type):
    assert not is_supported(model_type)
