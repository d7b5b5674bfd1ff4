"""Where models lie on this machine. Reads the environment each time, so that a test can move everything. No MLX.

CADRE_HOME moves all that is Cadre's own. The places of other programs follow their own rules.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def home() -> Path:
    """Cadre's own folder for data; it need not exist."""
    if given := _from_environment("CADRE_HOME"):
        return given
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Cadre"
    return (_from_environment("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "cadre"


def models() -> Path:
    """Where downloads go: `org/name` or `name` below it."""
    return home() / "models"


def builtin() -> Path:
    """The model that Cadre brings with it."""
    return resources() / "models" / "builtin"


def resources() -> Path:
    """The files that come with Cadre: in the app's package as the wheel lays them, else beside the packages."""
    root = Path(__file__).parents[2]
    packaged = root / "app" / "_resources"
    return packaged if packaged.is_dir() else root / "resources"


def hugging_face() -> Path:
    """The Hugging Face hub's cache, by the rules of huggingface_hub.constants."""
    if given := _from_environment("HF_HUB_CACHE") or _from_environment("HUGGINGFACE_HUB_CACHE"):
        return given
    caches = _from_environment("XDG_CACHE_HOME") or Path.home() / ".cache"
    return (_from_environment("HF_HOME") or caches / "huggingface") / "hub"


def lm_studio() -> tuple[Path, ...]:
    """LM Studio's folders of models, the present one and the one of older versions."""
    return Path.home() / ".lmstudio" / "models", Path.home() / ".cache" / "lm-studio" / "models"


def model_name(folder: Path) -> str:
    """What a model folder is called: "org/name" in the Hugging Face cache, else the folder's own name."""
    folder = Path(os.path.abspath(folder))  # noqa: PTH100 -- links keep the names people gave them
    if folder.parent.name == "snapshots" and (name := repository_name(folder.parents[1].name)):
        return name
    return folder.name


def repository_name(cache_folder: str) -> str | None:
    """The model repository that a folder of the Hugging Face cache stands for, `models--org--name`."""
    kind, _, name = cache_folder.partition("--")
    return name.replace("--", "/") if kind == "models" and name else None


def _from_environment(name: str) -> Path | None:
    value = os.environ.get(name)
    return Path(os.path.expandvars(value)).expanduser() if value else None
