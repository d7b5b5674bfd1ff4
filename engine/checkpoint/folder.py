"""Opens a model folder: config.json and the safetensors files that belong together. No MLX; any thread.

Which files count is mlx-lm's rule (`model*.safetensors`), so that what mlx-lm loads, we load.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.checkpoint.safetensors import TensorInfo, open_regular, read_header, shown, unreadable
from engine.errors import KnownError

MAX_JSON = 64 << 20
"""An index of a very large model has a few MB; nothing honest is longer than this."""
INDEX = "model.safetensors.index.json"
_MODEL_TYPE = re.compile(r"[\w.-]{1,100}")
_NUMBERED = re.compile(r"model-(\d{5})-of-(\d{5})\.safetensors")


@dataclass(frozen=True)
class ShardFile:
    """One weights file and what tells whether it is still the same: size, time of change, inode."""

    path: Path
    size: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True)
class Checkpoint:
    """A model folder that was found whole. Nothing of the weights has been read."""

    path: Path
    config: Mapping[str, Any] = field(repr=False)
    model_type: str
    tensors: Mapping[str, TensorInfo] = field(repr=False)
    files: tuple[ShardFile, ...] = field(repr=False)

    @classmethod
    def open(cls, path: Path) -> Checkpoint:
        """Reads config, index and headers.

        Raises:
            KnownError: there is no such folder, it holds no model we can run, or a file is missing or broken.
        """
        _folder(path)
        config = _config(path)
        shards = _shards(path)
        tensors: dict[str, TensorInfo] = {}
        for shard in shards:
            header = read_header(shard.path)
            if twice := tensors.keys() & header.keys():
                raise KnownError(
                    f"{shown(shard.path.name)} holds {shown(min(twice))} a second time.",
                    "Remove weights files that do not belong to the model, or download it again.",
                )
            tensors |= header
        _check_complete(path, {shard.path.name for shard in shards}, tensors)
        return cls(path, config, config["model_type"], tensors, shards)

    @property
    def text_config(self) -> Mapping[str, Any]:
        """The language model's part of the config: itself, or what multimodal models nest, once or (in one that also
        speaks: in the part that thinks) twice.
        """
        thinker = self.config.get("thinker_config")
        config = {**self.config, **thinker} if isinstance(thinker, dict) else self.config
        nested = config.get("text_config")
        return {**config, **nested} if isinstance(nested, dict) else config


def read_json(path: Path) -> Any:
    """A JSON file of bounded size. Raises KnownError."""
    try:
        with open_regular(path) as file:
            content = file.read(MAX_JSON + 1)
    except OSError as error:
        raise unreadable(path, error) from error
    try:
        if len(content) > MAX_JSON:
            raise ValueError
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise KnownError(f"{path.name} in {path.parent} is not valid JSON.", "Download the model again.") from error


def _folder(path: Path) -> None:
    try:
        if not stat.S_ISDIR(path.stat().st_mode):
            raise KnownError(
                f"{path} is a file, not a model folder.",
                "Give the folder that holds config.json and the safetensors files.",
            )
        next(path.iterdir(), None)  # may it be read?
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:  # ValueError: a zero byte in the path
        raise KnownError(
            f"There is no folder {shown(str(path))}.", "Check the path; `cadre models` lists what is here."
        ) from error
    except OSError as error:
        raise unreadable(path, error) from error


def _config(path: Path) -> dict[str, Any]:
    if not os.path.lexists(path / "config.json") and not any(path.glob("model*.safetensors")):
        raise _no_model(path)
    config = read_json(path / "config.json")
    if not isinstance(config, dict) or not isinstance(config.get("model_type"), str):
        raise KnownError(f"config.json in {path} names no model type.", "Download the model again.")
    if not _MODEL_TYPE.fullmatch(config["model_type"]):
        raise KnownError(
            f"config.json in {path} names a model type that cannot be one ({shown(config['model_type'])}).",
            "Download the model again.",
        )
    if config.get("model_file") is not None:
        raise KnownError(
            f"The model in {path} wants to run program code of its own, which Cadre never does.",
            "Choose a model of a type that mlx-lm knows.",
        )
    return config


def _no_model(path: Path) -> KnownError:
    others = {p.suffix for p in path.iterdir()} & {".gguf", ".bin", ".pt", ".pth"}
    if others:
        return KnownError(
            f"{path} holds {' and '.join(sorted(others))} files, which Cadre does not load.",
            "Get the same model as safetensors, for example from mlx-community.",
        )
    return KnownError(
        f"{path} holds no model: config.json is missing.",
        "Give the folder that holds config.json and the safetensors files.",
    )


def _shards(path: Path) -> tuple[ShardFile, ...]:
    shards = []
    for file in sorted(path.glob("model*.safetensors")):
        try:
            found = file.stat()
        except OSError as error:
            raise unreadable(file, error) from error
        shards.append(ShardFile(file, found.st_size, found.st_mtime_ns, found.st_ino))
    if not shards and not os.path.lexists(path / INDEX):
        raise KnownError(f"{path} holds no weights: there is no model*.safetensors.", "Download the model again.")
    return tuple(shards)


def _check_complete(path: Path, present: AbstractSet[str], tensors: Mapping[str, TensorInfo]) -> None:
    """By the index; where there is none, by the file names, which count themselves."""
    weight_map = _weight_map(path) if os.path.lexists(path / INDEX) else {}
    wanted = set(weight_map.values()) or _numbered(present)
    if missing := sorted(wanted - present):
        raise KnownError(
            f"{len(missing)} of {len(wanted)} weights files are missing from {path}, the first is {shown(missing[0])}.",
            "Download the model again.",
        )
    if lost := sorted(weight_map.keys() - tensors.keys()):
        raise KnownError(
            f"The tensor {shown(lost[0])} is in the index but in no file of {path}.", "Download the model again."
        )


def _weight_map(path: Path) -> dict[str, str]:
    """Tensor name to file name, as the index says."""
    content = read_json(path / INDEX)
    weight_map = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(weight_map, dict) or not all(isinstance(name, str) for name in weight_map.values()):
        raise KnownError(f"{INDEX} in {path} is not an index.", "Download the model again.")
    for name in weight_map.values():
        if "/" in name or "\\" in name or name in ("", ".", ".."):
            raise KnownError(f"{INDEX} points out of its folder ({shown(name)}).", "Do not use this model.")
    return weight_map


def _numbered(present: AbstractSet[str]) -> set[str]:
    """All names of a set of which some are present."""
    counts = {int(match[2]) for name in present if (match := _NUMBERED.fullmatch(name))}
    return {f"model-{number:05d}-of-{count:05d}.safetensors" for count in counts for number in range(1, count + 1)}
