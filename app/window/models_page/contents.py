"""What each row of the window of models says and offers, from what is known. Pure but for translation; no widgets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from app.window.models_page import words
from app.window.models_page.downloads import Going
from app.window.models_page.row import Act, Content
from app.window.models_page.words import tr
from engine.models.catalogue import InstalledModel
from engine.models.download.listing import Found
from engine.models.download.queueing import Job, Queue, State
from engine.models.folders import Source
from engine.models.recommended import Recommended


class Deeds(Protocol):
    """What a person can do to a model."""

    def look(self) -> None: ...
    def get(self, name: str) -> None: ...
    def pause(self, name: str) -> None: ...
    def resume(self, name: str) -> None: ...
    def drop(self, name: str) -> None: ...
    def use(self, model: InstalledModel) -> None: ...
    def verify(self, model: InstalledModel) -> None: ...
    def stop_verifying(self, model: InstalledModel) -> None: ...
    def delete(self, model: InstalledModel) -> None: ...


@dataclass(frozen=True)
class Note:
    """What a check of a model says, or how far it is."""

    text: str
    share: float | None = None
    warns: bool = False


@dataclass(frozen=True)
class Known:
    """All that the rows are made of. suited: the repository that suits this machine. free: bytes of the
    disk. using: path of the default. speaking: paths of the voice and the recogniser that are chosen.
    """

    installed: tuple[InstalledModel, ...] = ()
    queue: Queue = ()
    recommended: tuple[Recommended, ...] = ()
    found: tuple[Found, ...] = ()
    suited: str = ""
    memory: int = 0
    free: int = 0
    using: str = ""
    speaking: frozenset[str] = frozenset()
    notes: dict[str, Note] = field(default_factory=dict)

    def has(self, repository: str) -> bool:
        """Whole, in whichever place."""
        wanted = repository.casefold()
        return any(model.name.casefold() == wanted and model.problem is None for model in self.installed)

    def is_coming(self, repository: str) -> bool:
        wanted = repository.casefold()
        return any(job.repository.casefold() == wanted and job.state is not State.DONE for job in self.queue)


def downloads(known: Known, deeds: Deeds, going: Callable[[str], Going | None]) -> dict[str, Content]:
    return {job.repository: _download(job, deeds, going(job.repository)) for job in known.queue}


def _download(job: Job, deeds: Deeds, going: Going | None) -> Content:
    name = job.repository
    done, total = (going.progress.done, going.progress.total) if going else (job.done, job.total)
    cancel = Act(tr("Cancel"), lambda: deeds.drop(name), "close")
    off = Act(tr("Take Off the List"), lambda: deeds.drop(name), "close")
    acts = {
        State.RUNNING: (Act(tr("Pause"), lambda: deeds.pause(name)), cancel),
        State.QUEUED: (Act(tr("Try Now"), lambda: deeds.resume(name)), cancel)
        if job.problem
        else (Act(tr("Pause"), lambda: deeds.pause(name)), cancel),
        State.PAUSED: (Act(tr("Resume"), lambda: deeds.resume(name)), cancel),
        State.FAILED: (Act(tr("Try Again"), lambda: deeds.resume(name)), cancel),
        State.DONE: (off,),
    }[job.state]
    share = done / total if total and job.state is not State.DONE else None
    return Content(
        words.title(name), words.about_job(job, going), share=share, warns=bool(job.problem), acts=acts,
    )  # fmt: skip


def installed(known: Known, deeds: Deeds) -> dict[str, Content]:
    return {str(model.path): _installed(model, known, deeds) for model in known.installed}


def _installed(model: InstalledModel, known: Known, deeds: Deeds) -> Content:
    note = known.notes.get(str(model.path))
    used = str(model.path) in {known.using, *known.speaking}
    acts: tuple[Act, ...] = ()
    if note is not None and note.share is not None:
        acts = (Act(tr("Stop"), lambda: deeds.stop_verifying(model), "stop"),)
    else:
        if model.problem is None and not used:
            acts = (Act(tr("Use"), lambda: deeds.use(model)),)
        if inner := _more(model, known, deeds):
            acts = (*acts, Act(tr("More"), icon="more", acts=inner))
    return Content(
        words.title(model.name),
        words.about_installed(model),
        note.text if note else model.problem or words.about_speech(model),
        tr("In use") if used else "",
        note.share if note else None,
        warns=bool(model.problem) or bool(note and note.warns),
        acts=acts,
    )


def _more(model: InstalledModel, known: Known, deeds: Deeds) -> tuple[Act, ...]:
    """LM Studio's models are only looked at."""
    acts: list[Act] = []
    from_hub = model.source is Source.HUGGING_FACE
    if from_hub and model.problem and not known.is_coming(model.name):
        acts.append(Act(tr("Download What Is Missing"), lambda: deeds.get(model.name)))
    acts.append(Act(tr("Verify"), lambda: deeds.verify(model)))
    if model.source in (Source.HUGGING_FACE, Source.CADRE):
        acts.append(Act(tr("Delete…"), lambda: deeds.delete(model)))
    return tuple(acts)


def recommended(known: Known, deeds: Deeds) -> dict[str, Content]:
    """The one that suits first; what is here or on its way is not offered."""
    offered = [m for m in known.recommended if not known.has(m.repository) and not known.is_coming(m.repository)]
    offered.sort(key=lambda model: model.repository != known.suited)
    return {model.repository: _recommended(model, known, deeds) for model in offered}


def _recommended(model: Recommended, known: Known, deeds: Deeds) -> Content:
    return Content(
        model.name,
        model.about,
        words.needs(model, known.memory, known.free),
        tr("Suits this machine") if model.repository == known.suited else "",
        warns=not words.has_room(model, known.free),
        acts=(Act(tr("Download"), lambda: deeds.get(model.repository)),),
    )


def first(known: Known, deeds: Deeds, going: Callable[[str], Going | None]) -> Content | None:
    """What to offer who has no model: the download that is under way, else the one that suits, else what is missing on
    the disk.
    """
    job = next((job for job in known.queue if job.state is not State.DONE), None)
    if job is not None:
        content = _download(job, deeds, going(job.repository))
        names = (model.name for model in known.recommended if model.repository == job.repository)
        return replace(content, title=next(names, content.title))
    suited = next((model for model in known.recommended if model.repository == known.suited), None)
    if suited is None:
        return _no_room(known, deeds)
    content = _recommended(suited, known, deeds)
    return replace(content, note=f"{content.note}; {words.download_time(suited.disk_bytes)}")


def _no_room(known: Known, deeds: Deeds) -> Content | None:
    """The smallest, which does not fit either."""
    smallest = min(known.recommended, key=lambda model: model.disk_bytes, default=None)
    if smallest is None:
        return None
    return replace(_recommended(smallest, known, deeds), badge="", acts=(Act(tr("Look Again"), deeds.look),))


def found(known: Known, deeds: Deeds) -> dict[str, Content]:
    return {one.repository: _found(one, known, deeds) for one in known.found}


def _found(one: Found, known: Known, deeds: Deeds) -> Content:
    if known.has(one.repository):
        act = Act(tr("Installed"), enabled=False)
    elif known.is_coming(one.repository):
        act = Act(tr("On Its Way"), enabled=False)
    else:
        act = Act(tr("Download"), lambda: deeds.get(one.repository))
    return Content(words.title(one.repository), words.about_found(one), acts=(act,))
