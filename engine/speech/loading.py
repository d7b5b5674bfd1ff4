"""What every voice model is loaded by: weights, and a tokenizer that runs no program. Engine thread."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def weights(folder: Path) -> dict[str, Any]:
    """Of all model*.safetensors, by name. Raises OSError, RuntimeError, ValueError."""
    import mlx.core as mx

    found: dict[str, Any] = {}
    for file in sorted(folder.glob("model*.safetensors")):
        part: Any = mx.load(str(file))
        found |= part
    return found


def tokenizer(folder: Path) -> Any:
    """From the folder only, without the programs that it may name, without notices on the terminal. Raises OSError,
    ValueError.
    """
    import transformers

    library: Any = transformers
    library.utils.logging.set_verbosity_error()
    return library.AutoTokenizer.from_pretrained(str(folder), trust_remote_code=False, local_files_only=True)


def install(model: Any, config: dict[str, Any], folder: Path) -> None:
    """The weights of a folder into mlx-audio's model of it, every one of them and no other.

    Raises:
        OSError, RuntimeError, ValueError: they are not whole, or not its own.
    """
    import mlx.core as mx
    from mlx_audio.utils import apply_quantization

    own = model.sanitize(weights(folder))
    apply_quantization(model, config, own, getattr(model, "model_quant_predicate", None))
    model.load_weights(list(own.items()), strict=True)
    mx.eval(model.parameters())
    model.eval()
