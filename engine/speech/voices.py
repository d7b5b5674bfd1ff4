"""Which voice is meant by a name: a model's folder. The system's voice is not here: the app runs it by itself.

Imports each only when it is wanted. Engine thread.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.errors import KnownError
from engine.models.places import model_name
from engine.speech.speech_folder import POCKET, QWEN, SOPRANO, read_config, voice_kind
from engine.speech.voice import Voice


def open_voice(name: str) -> Voice:
    """Raises KnownError: nothing is called so, or it is no voice."""
    from engine.models.catalogue import resolve
    from engine.speech.pocket import Pocket
    from engine.speech.qwen_voice import QwenVoice
    from engine.speech.soprano import Soprano

    folder = resolve(name)
    kinds: dict[str, Callable[[Path], Voice]] = {SOPRANO: Soprano, POCKET: Pocket, QWEN: QwenVoice}
    return kinds[voice_kind(folder)](folder)


def bytes_needed(name: str) -> int:
    """What it may hold while it works, told without opening it: weights and work space.

    Raises:
        KnownError: nothing is called so, or it is no voice.
    """
    from engine.models.catalogue import resolve
    from engine.speech import pocket, qwen_voice, soprano

    folder = resolve(name)
    spaces: dict[str, Callable[[dict[str, Any]], int]] = {
        SOPRANO: soprano.work_space,
        POCKET: pocket.work_space,
        QWEN: qwen_voice.work_space,
    }
    space = spaces[voice_kind(folder)]
    weights = sum(file.stat().st_size for file in folder.rglob("*.safetensors"))
    try:
        return weights + space(read_config(folder))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise KnownError(
            f"config.json of {model_name(folder)} is not that of a voice.", "Download it again."
        ) from error
