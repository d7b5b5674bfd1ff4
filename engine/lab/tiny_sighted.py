"""Small checkpoints that see or hear, with random weights, made with mlx-vlm's classes and laid out as it does.

Like `tiny.py`, which makes those that only read. Uses MLX in the thread that calls it.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx import nn
from mlx.utils import tree_flatten
from tokenizers import AddedToken, Tokenizer

from engine.lab.families import VOCABULARY, Config
from engine.lab.sighted_families import DENSE, SIGHTED, SightedFamily
from engine.lab.tiny import randomised
from engine.lab.tiny_tokenizer import tiny_tokenizer

_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}PICTURE"
    "{% elif part['type'] == 'audio' %}SOUND{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make_sighted_checkpoint(
    folder: Path,
    family: str | SightedFamily,
    *,
    seed: int = 0,
    quantization: Mapping[str, Any] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Path:
    """Write a random checkpoint of `family` (or a key of `SIGHTED` or `DENSE`) into `folder`, in float32. Returns it.

    quantization: of the language part, as mlx-vlm converts; the encoder stays as it is. overrides: replaces keys of
    the family's `text_config`. `config.json` comes last.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = {**SIGHTED, **DENSE}[family] if isinstance(family, str) else family
    config: Config = json.loads(json.dumps(made.config))
    thinking = config.get("thinker_config", config)
    thinking["text_config"] |= dict(overrides or {})
    ids = _tokenizer(folder, made)
    config |= ids | {"torch_dtype": "float32"}
    thinking |= ids
    thinking["text_config"]["vocab_size"] = config["vocab_size"]
    mx.random.seed(seed)
    model = randomised(_model(config), seed)
    if quantization is not None:
        nn.quantize(model, **quantization, class_predicate=_in_language_part)
        config["quantization"] = dict(quantization)
    weights = dict(tree_flatten(model.parameters()))
    mx.save_safetensors(str(folder / "model.safetensors"), weights, metadata={"format": "mlx"})
    for name, content in made.files.items():
        (folder / name).write_text(json.dumps(content, indent=2), encoding="utf-8")
    (folder / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")  # mlx-lm's would drop the eyes
    return folder


def _model(config: Config) -> Any:
    family: Any = importlib.import_module(f"mlx_vlm.models.{config['model_type']}")
    utils: Any = importlib.import_module("mlx_vlm.utils")
    given = json.loads(json.dumps(config))
    made = family.ModelConfig.from_dict(given)
    return family.Model(utils.update_module_configs(made, family, given, ["text", "vision", "audio"]))


def _in_language_part(path: str, module: Any) -> bool:
    return "language_model." in path and hasattr(module, "to_quantized")


def _tokenizer(folder: Path, family: SightedFamily) -> dict[str, int]:
    """The tiny tokenizer with marks for media; returns what config.json names."""
    ids = tiny_tokenizer(folder, VOCABULARY)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.add_special_tokens([AddedToken(mark, special=True) for mark in family.marks.values()])
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    settings["extra_special_tokens"] = dict(family.marks)
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2), encoding="utf-8")
    template = _TEMPLATE.replace("PICTURE", family.picture).replace("SOUND", family.sound)
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    known = tokenizer.get_vocab()
    named = {f"{family.named.get(name, name)}_id": known[mark] for name, mark in family.marks.items()}
    return ids | named | {"vocab_size": len(known)}
