"""One try at loading a model whole: list, check, make room, fetch, install. What it needs is handed in.

Goes on from whatever is there, however the last try ended. Blocks; belongs on a thread of its own or a terminal.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.checkpoint.folder import read_json
from engine.checkpoint.safetensors import shown
from engine.errors import KnownError
from engine.models.download.cached import CachedRepository
from engine.models.download.disk import RESERVE, Disk, gigabytes
from engine.models.download.fetching import Damaged, fetch
from engine.models.download.hub import Changed, Hub
from engine.models.download.listing import Listing, RemoteFile
from engine.models.download.progress import Progress, Pulled, Stage
from engine.models.download.stopping import Stop
from engine.models.supported import is_supported
from engine.speech.speech_folder import recogniser_of, voice_of


def pull(
    name: str,
    hub: Hub,
    stop: Stop,
    tell: Callable[[Progress], None] = lambda _progress: None,
    disk: Disk | None = None,
    cache: Path | None = None,
) -> Pulled:
    """The newest commit of a repository, in the Hugging Face cache.

    Raises:
        Interrupted: for now; another try goes on from here.
        KnownError: something that trying again does not mend. Cancelled.
    """
    return _Pull(name, hub, stop, tell, disk or Disk(), cache).run()


class _Pull:
    def __init__(
        self,
        name: str,
        hub: Hub,
        stop: Stop,
        tell: Callable[[Progress], None],
        disk: Disk,
        cache: Path | None,
    ) -> None:
        self._hub, self._stop, self._tell, self._disk = hub, stop, tell, disk
        self._asked = CachedRepository(name, cache, disk)
        self._loaded = 0

    def run(self) -> Pulled:
        self._tell(Progress(Stage.LISTING))
        with self._asked.alone():
            try:
                return self._newest()
            except Changed:  # between the list and the file, or inside some cache of theirs
                pass
            try:
                return self._newest()
            except Changed as error:
                raise KnownError(
                    f"The files of {self._asked.name} are not those that the Hub lists.", "Try again in an hour."
                ) from error

    def _newest(self) -> Pulled:
        listed = self._hub.list(self._asked.name, self._stop)
        here = CachedRepository(listed.repository, self._asked.cache, self._disk)
        self._make_room(listed, here)
        self._total, self._done = listed.bytes, sum(file.bytes for file in listed.files if here.has(file))
        for file in listed.files:
            if not here.has(file):
                self._fetch(listed, file, here)
            if file.name == "config.json":
                check_config(here.blob(file), listed.repository)
        self._stop.check()
        self._tell(Progress(Stage.INSTALLING, "", self._total, self._total, self._loaded))
        path = here.install(listed)
        return Pulled(listed.repository, path, listed.commit, listed.bytes, len(listed.files), self._loaded)

    def _make_room(self, listed: Listing, here: CachedRepository) -> None:
        missing = sum(file.bytes - here.arrived(file) for file in listed.files)
        free = self._disk.free(here.folder) - RESERVE
        if missing > free:
            raise KnownError(
                f"{listed.repository} still needs {gigabytes(missing)}, and the disk has {gigabytes(max(0, free))} "
                "to spare.",
                f"Free {gigabytes(missing - free)}, or set HF_HUB_CACHE to a folder on another disk.",
            )

    def _fetch(self, listed: Listing, file: RemoteFile, here: CachedRepository) -> None:
        """Twice damaged in a row is no accident."""
        before = self._done
        for last in (False, True):
            try:
                fetch(
                    self._hub,
                    listed,
                    file,
                    here.part(file),
                    here.blob(file),
                    disk=self._disk,
                    stop=self._stop,
                    tell=self._counter(file),
                )
            except Damaged as error:
                self._done = before
                if last:
                    raise KnownError(
                        f"{file.name} arrived damaged twice.",
                        "Try again later; if it stays so, something between here and the Hub changes files.",
                    ) from error
            else:
                return

    def _counter(self, file: RemoteFile) -> Callable[..., None]:
        def count(size: int, *, loaded: bool = False) -> None:
            self._done += size
            self._loaded += size if loaded else 0
            self._tell(Progress(Stage.LOADING, file.name, self._done, self._total, self._loaded))

        return count


def check_config(path: Path, repository: str) -> None:
    """Before gigabytes are loaded: whether this is a model that can run here.

    Raises:
        KnownError: it cannot, or the config is broken.
    """
    config = read_json(path)
    config = config if isinstance(config, dict) else {}
    if not (recogniser_of(config) or voice_of(config)):
        kind = config.get("model_type")
        if not isinstance(kind, str):
            raise KnownError(f"config.json of {repository} names no model type.", "Choose another model.")
        if not is_supported(kind):
            raise KnownError(f"Cadre does not know models of the type {shown(kind)}.", "Choose another model.")
    if config.get("model_file") is not None:
        raise KnownError(
            f"{repository} wants to run program code of its own, which Cadre never does.", "Choose another model."
        )
