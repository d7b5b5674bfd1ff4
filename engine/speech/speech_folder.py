"""What a folder of a speech model is, by its config and the names of its weights. Reads no weights; any thread."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.checkpoint.safetensors import read_header
from engine.errors import KnownError
from engine.models.places import model_name

SOPRANO, POCKET, QWEN = "soprano", "pocket_tts", "qwen3_tts"
_POCKETS = frozenset({POCKET, "gradium_phonon_tts"})
_NEMO = "nemo.collections.asr.models."


def read_config(folder: Path) -> dict[str, Any]:
    """Raises KnownError: there is none that can be read."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise KnownError(f"{model_name(folder)} has no readable config.json.", "Download it again.") from error
    return config if isinstance(config, dict) else {}


def kind(folder: Path) -> str:
    """Whisper or parakeet.

    Raises:
        KnownError: it is no recogniser, or none that Cadre can use.
    """
    if found := recogniser_of(read_config(folder)):
        return found
    raise KnownError(
        f"{model_name(folder)} is no model that Cadre can write down speech with.",
        "`--model` takes the folder or name of a Whisper or a Parakeet model.",
    )


def recogniser_of(config: dict[str, Any]) -> str:
    """Whisper or parakeet; "" for neither."""
    if config.get("model_type") == "whisper":
        return "whisper"
    if config.get("model_type") in {"parakeet", "parakeet_tdt"} or str(config.get("target", "")).startswith(_NEMO):
        return "parakeet"
    return ""


def voice_of(config: dict[str, Any]) -> str:
    """POCKET, QWEN, SOPRANO or "". Most Sopranos call themselves Qwen3 and cannot be told by their config."""
    model_type = config.get("model_type")
    if model_type in _POCKETS or (model_type is None and {"flow_lm", "mimi"} <= config.keys()):
        return POCKET
    if model_type == QWEN and config.get("tts_model_type") == "custom_voice":
        return QWEN
    return SOPRANO if model_type == SOPRANO else ""


def voice_kind(folder: Path) -> str:
    """One of SOPRANO, POCKET and QWEN. A Soprano calls itself a Qwen3 and is told by the decoder among its weights.

    Raises:
        KnownError: it is no voice, or none that Cadre can use.
    """
    config = read_config(folder)
    if found := voice_of(config):
        return found
    if config.get("model_type") == "qwen3" and _has_decoder(folder):
        return SOPRANO
    if config.get("model_type") == QWEN:
        raise KnownError(
            f"{model_name(folder)} has no voice of its own: it imitates one.",
            "Choose a Qwen3-TTS model whose name ends with CustomVoice.",
        )
    raise KnownError(
        f"{model_name(folder)} is no voice that Cadre can speak with.",
        "Choose a Pocket TTS, Soprano or Qwen3-TTS model, or the system's voice, which is always there.",
    )


def _has_decoder(folder: Path) -> bool:
    """Weights that make sound of hidden states. Both that are published are one file."""
    file = folder / "model.safetensors"
    return file.is_file() and "decoder.decoder.embed.weight" in read_header(file)
