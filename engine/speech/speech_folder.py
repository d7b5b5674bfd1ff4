"""What a folder of a speech model is, by its config alone. Opens no weights; any thread."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.errors import KnownError
from engine.models.places import model_name

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
    config = read_config(folder)
    if config.get("model_type") == "whisper":
        return "whisper"
    if config.get("model_type") in {"parakeet", "parakeet_tdt"} or str(config.get("target", "")).startswith(_NEMO):
        return "parakeet"
    raise KnownError(
        f"{model_name(folder)} is no model that Cadre can write down speech with.",
        "`--model` takes the folder or name of a Whisper or a Parakeet model.",
    )
