"""What the window says of an answer, in plain words. Every sentence goes through Qt's translation."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from PySide6.QtCore import QCoreApplication, QDate, QLocale

from app.numbers import parameters, size
from app.record import percent
from app.store.rows import Json
from app.view import View
from app.window.timeline import Part

_CONTEXT = "Words"


def tr(text: str) -> str:
    return QCoreApplication.translate(_CONTEXT, text)


def record_line(record: Json) -> str:
    """No jargon: how much of the model was used, how fast, how long."""
    experts = record["experts"]
    parts = []
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
    """The whole record for who opens it."""
    experts, took = record["experts"], record["seconds"]
    rows = [(tr("Model"), str(record["model"])), (tr("Mode"), str(record["mode"]))]
    if difficulty := record.get("difficulty"):
        score = percent(difficulty["score"])
        rows.append((tr("Difficulty"), f"{score}, {difficulty['use_case']}: {difficulty['reason']}"))
    budget = record["budget"]
    rows.append(
        (
            tr("Budget"),
            f"{budget['name']}, "
            + tr("{n} parameters per token").format(n=parameters(int(budget["active_parameters"]))),
        )
    )
    if experts["total"]:
        rows += [
            (
                tr("Experts"),
                tr("{n} of {all} in each of {layers} layers").format(
                    n=experts["resident_per_layer"], all=experts["total"], layers=experts["layers"]
                ),
            ),
            (
                tr("Read"),
                tr("{read}, {kept} were there").format(
                    read=size(experts["bytes_read"]), kept=size(experts["bytes_kept"])
                ),
            ),
            (
                tr("Coverage"),
                tr("{mean} of what the model asked for, at worst {least}").format(
                    mean=percent(experts["coverage"]), least=percent(experts["coverage_min"])
                ),
            ),
        ]
        if experts["reselections"] or experts["replays"]:
            rows.append(
                (
                    tr("On the way"),
                    tr("experts picked again: {n}, tokens taken again: {m}").format(
                        n=experts["reselections"], m=experts["replays"]
                    ),
                )
            )
    tokens = record["tokens"]
    rows.append(
        (
            tr("Tokens"),
            tr("{prompt} read, {made} written at {speed}/s").format(
                prompt=tokens["prompt"], made=tokens["generated"], speed=number(record["tokens_per_second"])
            ),
        )
    )
    first = took.get("first_token")
    rows.append(
        (
            tr("Time"),
            seconds(took["total"]) + (", " + tr("first word after {s}").format(s=seconds(first)) if first else ""),
        )
    )
    memory = record["memory"]
    rows.append(
        (
            tr("Memory"),
            tr("{held} held, {promised} promised").format(held=size(memory["peak"]), promised=size(memory["promised"])),
        )
    )
    return rows


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
        return tr("This model has no experts to pick: all of it is used.") if view.model else ""
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
