"""What a repository holds, as the Hub's API tells it. Reads plain data, asks nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.errors import KnownError
from engine.models.download import names


@dataclass(frozen=True)
class RemoteFile:
    """hash: SHA-256 of large files, git's SHA-1 of small ones; also the file's name in the Hugging Face cache."""

    name: str
    bytes: int
    hash: str


@dataclass(frozen=True)
class Listing:
    """The files of one commit that Cadre loads, weights last, so that what is wrong with the rest shows first."""

    repository: str
    commit: str
    files: tuple[RemoteFile, ...]

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)


@dataclass(frozen=True)
class Found:
    """One answer of a search. downloads: of the last month. gated: asks for agreement to its terms."""

    repository: str
    downloads: int
    gated: bool


def listing(answer: object) -> Listing:
    """Of `GET /api/models/REPO/revision/main?blobs=true`.

    Raises:
        KnownError: there is nothing that Cadre could use, or the answer is not what the API promises.
    """
    if not isinstance(answer, dict):
        raise strange()
    repository, commit, siblings = answer.get("id"), answer.get("sha"), answer.get("siblings")
    if not isinstance(repository, str) or not names.is_sha1(commit) or not isinstance(siblings, list):
        raise strange()
    repository = names.repository(repository)
    files = [_file(sibling) for sibling in siblings if _is_wanted(sibling)]
    if len({file.name.casefold() for file in files}) < len(files):
        raise strange()
    if not any(names.is_weights(file.name) for file in files):
        raise _no_weights(repository, siblings)
    files.sort(key=lambda file: (names.is_weights(file.name), file.name != "config.json", file.name))
    return Listing(repository, str(commit), tuple(files))


def strange() -> KnownError:
    return KnownError("The Hub answered in a way that Cadre does not understand.", "Try again later, or update Cadre.")


def _is_wanted(sibling: object) -> bool:
    if not isinstance(sibling, dict) or not isinstance(sibling.get("rfilename"), str):
        raise strange()
    return names.is_wanted(sibling["rfilename"])


def _file(sibling: dict[str, Any]) -> RemoteFile:
    large = sibling.get("lfs")
    source: dict[str, Any] = large if isinstance(large, dict) else sibling
    digest = source.get("sha256") if isinstance(large, dict) else source.get("blobId")
    size = source.get("size")
    if not (names.is_sha256(digest) or names.is_sha1(digest)) or type(size) is not int or size < 0:
        raise strange()
    return RemoteFile(sibling["rfilename"], size, str(digest))


def _no_weights(repository: str, siblings: list[dict[str, Any]]) -> KnownError:
    gguf = any(sibling["rfilename"].endswith(".gguf") for sibling in siblings)
    what = "only GGUF files, which Cadre does not load" if gguf else "no model*.safetensors"
    return KnownError(f"{repository} holds {what}.", "Look for the same model at mlx-community.")
