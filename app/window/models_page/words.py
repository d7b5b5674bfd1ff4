"""What the window of models says, in plain words. Every sentence goes through Qt's translation. Knows no widgets."""

from __future__ import annotations

import time

from PySide6.QtCore import QCoreApplication, QLocale

from app.dictation.recognisers import about as recogniser_about
from app.numbers import size
from app.voice.choices import about as voice_about
from app.window.models_page.downloads import Going
from engine.models.care import Verified
from engine.models.catalogue import InstalledModel
from engine.models.download.disk import RESERVE
from engine.models.download.listing import Found
from engine.models.download.queueing import Job, State
from engine.models.folders import Source
from engine.models.recommended import Recommended, fits

_CONTEXT = "Models"
_USUAL_BITS = 100_000_000
"""Per second."""


def tr(text: str) -> str:
    return QCoreApplication.translate(_CONTEXT, text)


def place(source: Source) -> str:
    return {
        Source.BUILTIN: tr("built in"),
        Source.CADRE: tr("Cadre's folder"),
        Source.HUGGING_FACE: tr("Hugging Face cache"),
        Source.LM_STUDIO: tr("LM Studio"),
    }[source]


def title(repository: str) -> str:
    """Without who published it, who stands in the line below."""
    return repository.rpartition("/")[2]


def publisher(repository: str) -> str:
    return repository.rpartition("/")[0]


def about_installed(model: InstalledModel) -> str:
    return " · ".join(filter(None, [publisher(model.name), size(model.bytes), place(model.source)]))


def about_speech(model: InstalledModel) -> str:
    """What a recogniser or a voice is for, and what is worth knowing of it; "" for a model that answers."""
    if model.voice:
        return tr("Reads aloud. {about}").format(about=voice_about(model))
    return tr("Writes down what is said. {about}").format(about=recogniser_about(model)) if model.speech else ""


def has_room(model: Recommended, free: int) -> bool:
    return model.disk_bytes + RESERVE <= free


def needs(model: Recommended, memory: int, free: int) -> str:
    """In one line: whether it fits this machine's memory and disk, and what it takes of both."""
    if not has_room(model, free):
        words = tr("No room: {disk} on disk, and {free} are free; {memory} of memory with half of its experts")
    elif fits(model, memory):
        words = tr("Fits: {memory} of memory with half of its experts, {disk} on disk")
    else:
        words = tr("Tight here: {memory} of memory with half of its experts, {disk} on disk; fewer would serve it")
    return words.format(memory=size(model.memory_bytes()), disk=size(model.disk_bytes), free=size(free))


def about_found(found: Found) -> str:
    downloads = tr("{n} downloads last month").format(n=QLocale().toString(found.downloads))
    gated = tr("asks for agreement first") if found.gated else ""
    return " · ".join(filter(None, [publisher(found.repository), downloads, gated]))


def about_job(job: Job, going: Going | None, now: float | None = None) -> str:
    """One line under the name: how it goes, or why it does not."""
    if job.state is State.RUNNING:
        return _running(going)
    if job.state is State.PAUSED:
        return f"{tr('Paused')} · {_amount(job)}" if job.total else tr("Paused")
    if job.state is State.FAILED:
        return f"{job.problem} {job.next_step}"
    if job.state is State.DONE:
        return tr("Here, whole and checked.")
    if job.problem:
        seconds = max(0, round(job.not_before - (time.time() if now is None else now)))
        again = tr("Trying again in {n} s.").format(n=seconds) if seconds else tr("Trying again…")
        return f"{job.problem} {again}"
    return f"{tr('Waiting its turn')} · {_amount(job)}" if job.total else tr("Waiting its turn")


def _amount(job: Job) -> str:
    return tr("{done} of {total} are here").format(done=size(job.done), total=size(job.total))


def _running(going: Going | None) -> str:
    if going is None or not going.progress.total:
        return tr("Asking the Hub what it holds")
    done, total = going.progress.done, going.progress.total
    parts = [tr("{done} of {total}").format(done=size(done), total=size(total))]
    if going.speed and done < total:
        parts.append(tr("{n}/s").format(n=size(int(going.speed))))
        if going.left is not None:
            parts.append(time_left(going.left))
    return " · ".join(parts)


def time_left(seconds: float) -> str:
    if seconds < 60:
        return tr("under a minute left")
    if seconds < 90 * 60:
        return tr("{n} min left").format(n=round(seconds / 60))
    if seconds < 48 * 3600:
        return tr("{n} h left").format(n=QLocale().toString(seconds / 3600, "f", 1))
    return tr("days left")


def download_time(size: int) -> str:
    """At a usual line's speed, before anything is known of this one."""
    minutes = max(1, round(size * 8 / _USUAL_BITS / 60))
    return tr("about {n} min to download at 100 Mbit/s").format(n=minutes)


def verified(found: Verified) -> str:
    if found.damaged:
        names = ", ".join(found.damaged)
        return tr("Damaged and set aside: {names}. Download it again to mend it.").format(names=names)
    if found.problem:
        return found.problem
    if found.hashed and not found.unhashed:
        return tr("Whole: every byte is as published.")
    return tr("All parts are there and fit together. Only the Hugging Face cache knows more.")
