"""What the window says of an answer, in plain words. Every sentence goes through Qt's translation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from PySide6.QtCore import QCoreApplication, QDate, QLocale

from app.numbers import parameters, size
from app.record import percent
from app.store.rows import Json
from app.view import View
from app.window.timeline import Part
from engine.models.folders import BUILTIN

_CONTEXT = "Words"


def tr(text: str) -> str:
    return QCoreApplication.translate(_CONTEXT, text)


def record_line(record: Json) -> str:
    """No jargon: how much of the model was used, how fast, how long."""
    experts = record["experts"]
    parts = [tr("demonstration")] if record["model"] == BUILTIN else []
    if experts["total"]:
        parts.append(tr("used {share} of the model").format(share=share_of(experts)))
    if speed := record["tokens_per_second"]:
        parts.append(tr("{speed} tokens/s").format(speed=number(speed)))
    if total := record["seconds"].get("total"):
        parts.append(seconds(total))
    return " · ".join(parts)


def share_of(experts: Json) -> str:
    return percent(experts["resident_per_layer"] / experts["total"])


def record_rows(record: Json) -> list[tuple[str, str]]:
    """The whole record for who opens it; rows that have nothing to say are left out."""
    rows = ((tr(name), told(record)) for name, told in _ROWS)
    return [(name, words) for name, words in rows if words]


def _difficulty(record: Json) -> str:
    judged = record.get("difficulty")
    if not judged:
        return ""
    use, reason = judged["use_case"], judged["reason"]
    return f"{percent(judged['score'])}, {reason if reason.startswith(use) else f'{use}: {reason}'}"


def _budget(record: Json) -> str:
    budget = record["budget"]
    active = tr("{n} parameters per token").format(n=parameters(int(budget["active_parameters"])))
    return f"{budget['name']}, {active}"


def _experts(record: Json) -> str:
    experts = record["experts"]
    if not experts["total"]:
        return ""
    return tr("{n} of {all} in each of {layers} layers").format(
        n=experts["resident_per_layer"], all=experts["total"], layers=experts["layers"]
    )


def _read(record: Json) -> str:
    experts = record["experts"]
    if not experts["total"]:
        return ""
    return tr("{read}, {kept} were there").format(read=size(experts["bytes_read"]), kept=size(experts["bytes_kept"]))


def _coverage(record: Json) -> str:
    experts = record["experts"]
    if not experts["total"]:
        return ""
    return tr("{mean} of what the model asked for, at worst {least}").format(
        mean=percent(experts["coverage"]), least=percent(experts["coverage_min"])
    )


def _on_the_way(record: Json) -> str:
    experts = record["experts"]
    if not experts["total"] or not experts["reselections"] + experts["replays"]:
        return ""
    return tr("experts picked again: {n}, tokens taken again: {m}").format(
        n=experts["reselections"], m=experts["replays"]
    )


def _tokens(record: Json) -> str:
    tokens = record["tokens"]
    return tr("{prompt} read, {made} written at {speed}/s").format(
        prompt=tokens["prompt"], made=tokens["generated"], speed=number(record["tokens_per_second"])
    )


def _time(record: Json) -> str:
    took = record["seconds"]
    first = took.get("first_token")
    return seconds(took["total"]) + (", " + tr("first word after {s}").format(s=seconds(first)) if first else "")


def _memory(record: Json) -> str:
    memory = record["memory"]
    return tr("{held} held, {promised} promised").format(held=size(memory["peak"]), promised=size(memory["promised"]))


_ROWS: tuple[tuple[str, Callable[[Json], str]], ...] = (
    ("Model", lambda record: str(record["model"])),
    ("Mode", lambda record: str(record["mode"])),
    ("Difficulty", _difficulty),
    ("Budget", _budget),
    ("Experts", _experts),
    ("Read", _read),
    ("Coverage", _coverage),
    ("On the way", _on_the_way),
    ("Tokens", _tokens),
    ("Time", _time),
    ("Memory", _memory),
)


def number(value: float) -> str:
    return QLocale().toString(value, "f", 0 if value >= 9.95 else 1)


def seconds(value: float) -> str:
    if value >= 90:
        return tr("{m} min {s} s").format(m=int(value // 60), s=round(value % 60))
    return f"{number(value)} s"


def stage(view: View) -> str:
    """What goes on, for the line under a question that waits."""
    known = {
        "Starting": tr("Starting"),
        "Picking experts": tr("Picking experts"),
        "Reading the prompt": tr("Reading the prompt"),
        "Reading experts": tr("Reading experts"),
        "Answering": tr("Answering"),
        "Waiting for the other answer": tr("Waiting for the other answer"),
        "Failed": tr("Failed"),
        "Stopped": tr("Stopped"),
        "Stopped at the length limit": tr("Stopped at the length limit"),
        "Done": tr("Done"),
        "Waiting for something more urgent": tr("Waiting for something more urgent"),
    }
    if view.stage.startswith("Opening the model"):
        return tr("Opening the model") + view.stage.removeprefix("Opening the model")
    if view.stage == "Reading experts" and view.read:
        return tr("Reading {size}").format(size=size(view.read))
    return known.get(view.stage, view.stage)


def speed(view: View) -> str:
    """Of late while it answers, of the whole when it is done."""
    value = view.record.tokens_per_second if view.record is not None else view.tokens_per_second
    return tr("{n} tokens/s").format(n=number(value)) if value else ""


def summary(view: View) -> str:
    """The one line of ui.md under the map."""
    if view.experts is None:
        return tr("This model has no experts to pick: all of it is used.") if view.is_dense else ""
    parts = [tr("{n} of {all} experts per layer").format(n=view.resident or "?", all=view.experts.count)]
    if view.read:
        parts.append(tr("{size} read").format(size=size(view.read)))
    if view.coverage:
        mean = sum(view.coverage) / len(view.coverage)
        parts.append(tr("{share} of what the model asked for").format(share=percent(mean)))
    return ", ".join(parts)


def part(which: Part) -> str:
    return {
        Part.WAIT: tr("Waiting"),
        Part.LOAD: tr("Opening"),
        Part.CLASSIFY: tr("Judging"),
        Part.READ: tr("Reading"),
        Part.PREFILL: tr("Prompt"),
        Part.DECODE: tr("Answering"),
    }[which]


def day(when: float, today: date) -> str:
    """The heading that a chat of this time stands under."""
    then = datetime.fromtimestamp(when).astimezone().date()
    if then >= today:
        return tr("Today")
    if then == today - timedelta(days=1):
        return tr("Yesterday")
    if then > today - timedelta(days=7):
        return tr("Last 7 days")
    if then > today - timedelta(days=30):
        return tr("Last 30 days")
    return QLocale().toString(QDate(then.year, then.month, 1), "MMMM yyyy")
