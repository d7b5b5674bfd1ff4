"""One repository in the Hugging Face cache, where other programs find it too. Knows no network.

    models--org--name/blobs/HASH                      a file, right and whole
    models--org--name/blobs/HASH.cadre.incomplete     its beginning
    models--org--name/blobs/HASH.damaged              what `verify` set aside
    models--org--name/snapshots/COMMIT/NAME           a link to a blob
    models--org--name/refs/main                       the commit that counts

A snapshot appears by one rename when every blob of it is there. So whenever the process dies, the list of models
shows what was there before, or all of the new.
"""

from __future__ import annotations

import errno
import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import KnownError
from engine.models import places
from engine.models.download import names
from engine.models.download.disk import Disk, failure
from engine.models.download.listing import Listing, RemoteFile

PART = ".cadre.incomplete"
DAMAGED = ".damaged"
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS)
_UNDER_WAY, _BEFORE = ".cadre-new-", ".cadre-old-"


class CachedRepository:
    def __init__(self, name: str, cache: Path | None = None, disk: Disk | None = None) -> None:
        self.name = names.repository(name)
        self.cache = cache or places.hugging_face()
        self.folder = self.cache / f"models--{self.name.replace('/', '--')}"
        self._disk = disk or Disk()

    def blob(self, file: RemoteFile) -> Path:
        return self.folder / "blobs" / file.hash

    def part(self, file: RemoteFile) -> Path:
        return self.folder / "blobs" / f"{file.hash}{PART}"

    def snapshot(self, commit: str) -> Path:
        return self.folder / "snapshots" / commit

    def has(self, file: RemoteFile) -> bool:
        """A blob of another size was cut off by whoever put it there; its bytes are fetched again."""
        return _size(self.blob(file)) == file.bytes

    def arrived(self, file: RemoteFile) -> int:
        """Bytes of a file that are here, whole or in part."""
        return file.bytes if self.has(file) else min(file.bytes, _size(self.part(file)))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """No other Cadre loads the same repository meanwhile. The lock ends with the process.

        Raises:
            KnownError: another one does.
        """
        folder = places.home() / "downloads"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / f"{self.folder.name}.lock").open("w") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError as error:
                    raise KnownError(
                        f"{self.name} is being downloaded by another Cadre.", "Wait for it, or stop it there."
                    ) from error
                yield
        except OSError as error:
            raise failure(error, folder) from error

    # --- in and out ---------------------------------------------------------------------------------------

    def install(self, listed: Listing) -> Path:
        """The snapshot of a listing whose blobs are all here. What else the same snapshot held stays in it.

        Raises:
            KnownError: the disk refused.
        """
        final = self.snapshot(listed.commit)
        try:
            if not self._is_installed(final, listed):
                self._swap_in(final, listed)
            self._point_main(listed.commit)
            self._tidy(listed)
        except OSError as error:
            raise failure(error, self.folder) from error
        return final

    def _is_installed(self, final: Path, listed: Listing) -> bool:
        return all(_same_file(final / file.name, self.blob(file)) for file in listed.files)

    def _swap_in(self, final: Path, listed: Listing) -> None:
        """Every step can be the last one before the power goes; taken again, it goes on."""
        new, old = (final.with_name(f"{kind}{final.name}") for kind in (_UNDER_WAY, _BEFORE))
        new.mkdir(parents=True, exist_ok=True)
        for file in listed.files:
            link = new / file.name
            link.parent.mkdir(exist_ok=True)
            link.unlink(missing_ok=True)
            self._link(link, file)
        if final.exists():
            self._disk.replace(final, old)
        ours = {new / file.name for file in listed.files}
        for entry in _files(old):
            place = new / entry.relative_to(old)
            if place not in ours:
                place.parent.mkdir(parents=True, exist_ok=True)
                self._disk.replace(entry, place)
        self._disk.replace(new, final)
        shutil.rmtree(old, ignore_errors=True)

    def _link(self, link: Path, file: RemoteFile) -> None:
        try:
            up = "../" * len(Path(file.name).parts)
            self._disk.link(link, Path(f"{up}../blobs") / file.hash)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            raise KnownError(
                f"{self.cache} lies on a disk that knows no links, which the Hugging Face cache is made of.",
                "Set HF_HUB_CACHE to a folder on a disk in the Mac's own format.",
            ) from error

    def _point_main(self, commit: str) -> None:
        main = self.folder / "refs" / "main"
        main.parent.mkdir(parents=True, exist_ok=True)
        unfinished = main.with_name(".main.cadre")
        unfinished.write_text(commit, encoding="utf-8")
        self._disk.replace(unfinished, main)

    def _tidy(self, listed: Listing) -> None:
        """Our parts of files that changed meanwhile, and what was set aside and is here again."""
        for leftover in self._ours():
            leftover.unlink(missing_ok=True)
        for file in listed.files:
            self.blob(file).with_name(file.hash + DAMAGED).unlink(missing_ok=True)

    def abandon(self) -> None:
        """What was loaded for a model that nobody wants any more. What an installed snapshot uses stays.

        Raises:
            KnownError: the disk refused.
        """
        try:
            for leftover in self._ours():
                leftover.unlink(missing_ok=True)
            if not any(".incomplete" in blob.name for blob in self._blobs()):  # nobody else is at it
                self._drop_unused()
        except OSError as error:
            raise failure(error, self.folder) from error

    def _drop_unused(self) -> None:
        snapshots = [snapshot for snapshot in _listed(self.folder / "snapshots") if snapshot.is_dir()]
        if not snapshots:
            shutil.rmtree(self.folder, ignore_errors=True)
            return
        used = {file.resolve().name for snapshot in snapshots for file in snapshot.rglob("*")}
        for blob in self._blobs():
            if blob.name not in used and (names.is_sha256(blob.name) or names.is_sha1(blob.name)):
                blob.unlink(missing_ok=True)

    def _ours(self) -> list[Path]:
        return [blob for blob in self._blobs() if blob.name.endswith(PART)]

    def _blobs(self) -> list[Path]:
        return _listed(self.folder / "blobs")


def _files(folder: Path) -> list[Path]:
    """All below it, in whichever folder."""
    return [entry for entry in folder.rglob("*") if entry.is_symlink() or not entry.is_dir()]


def _listed(folder: Path) -> list[Path]:
    try:
        return [entry for entry in folder.iterdir() if not entry.name.startswith(".cadre-")]
    except OSError:
        return []


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _same_file(link: Path, blob: Path) -> bool:
    try:
        return link.samefile(blob)
    except OSError:
        return False
