"""Names that come from outside, before anything is made of them: repositories, their files, hashes.

What is not plainly harmless is refused: all of these become paths.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from engine.checkpoint.safetensors import shown
from engine.errors import KnownError

_PART = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?", re.ASCII)
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,199}", re.ASCII)
_SHA1, _SHA256 = re.compile(r"[0-9a-f]{40}", re.ASCII), re.compile(r"[0-9a-f]{64}", re.ASCII)
_WEIGHTS = re.compile(r"model.*\.safetensors")
_BELOW = re.compile(
    r"speech_tokenizer/(config\.json|model\.safetensors)|(voices|embeddings)/[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}\.safetensors",
    re.ASCII,
)
"""What voice models keep in folders of their own: the codec of Qwen3-TTS, the people of Pocket TTS."""
_TEXTS = (".json", ".jsonl", ".jinja", ".txt", ".tiktoken")
_NAMED = frozenset({"tokenizer.model", "tiktoken.model", "README.md", "LICENSE", "LICENSE.md", "NOTICE"}) | {
    "default-voice.safetensors"
}


def repository(text: str) -> str:
    """A repository's "org/name", also from the address of its page.

    Raises:
        KnownError: it is neither.
    """
    name = text.strip()
    if "://" in name:
        parts = urlsplit(name).path.strip("/").split("/")
        name = "/".join(parts[:2])
    parts = name.split("/")
    harmless = len(parts) == 2 and all(_PART.fullmatch(p) and "--" not in p and ".." not in p for p in parts)
    if not harmless:
        raise KnownError(
            f"{shown(text)} is no name of a repository.",
            "Write it as on the Hub, like mlx-community/Qwen3-30B-A3B-Instruct-2507-4bit.",
        )
    return name


def is_wanted(file: str) -> bool:
    """Weights as mlx-lm names them, config, tokenizer, licence; never programs, never pickles.

    Raises:
        KnownError: the name would leave the model's folder.
    """
    if file.startswith(("/", "~")) or "\\" in file or "\0" in file or ".." in file.split("/"):
        raise KnownError(f"The repository holds a file that would leave its folder ({shown(file)}).", "Do not use it.")
    if not _FILE.fullmatch(file):  # in folders below lie other formats of the same model, and what voices need
        return bool(_BELOW.fullmatch(file))
    return is_weights(file) or file.endswith(_TEXTS) or file in _NAMED


def is_weights(file: str) -> bool:
    return bool(_WEIGHTS.fullmatch(file))


def is_sha256(text: object) -> bool:
    return isinstance(text, str) and bool(_SHA256.fullmatch(text))


def is_sha1(text: object) -> bool:
    return isinstance(text, str) and bool(_SHA1.fullmatch(text))
