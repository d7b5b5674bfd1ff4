"""How an answer came to be, small enough to keep: the last view and the timeline as bytes and back. Pure.

No word that was said is in it. What cannot be read is nothing: it may be of another version or damaged.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from app.experts import Experts
from app.record import as_json
from app.view import View
from app.window.timeline import Part, Span, Timeline
from engine import messages as m

VERSION = 1
_MOST = 20_000_000
"""Bytes unpacked that are still read."""
_PLAIN = ("stage", "model", "per_token", "expert_bytes", "resident", "read", "tokens", "again", "judged", "happened")


def packed(view: View, timeline: Timeline) -> bytes:
    begun = timeline.spans[0].began
    values = {
        "version": VERSION,
        "view": {name: getattr(view, name) for name in _PLAIN},
        "mode": str(view.mode),
        "coverage": [round(value, 4) for value in view.coverage],
        "speeds": [round(value, 2) for value in view.speeds],
        "record": None if view.record is None else as_json(view.record) | {"text": "", "selection": []},
        "experts": None if view.experts is None else _experts(view.experts),
        "spans": [(span.part, round(span.began - begun, 4), round(span.ended - begun, 4)) for span in timeline.spans],
        "marks": [round(mark - begun, 4) for mark in timeline.marks],
    }
    return zlib.compress(json.dumps(values).encode(), 6)


def unpacked(data: bytes) -> tuple[View, Timeline] | None:
    try:
        values = json.loads(zlib.decompressobj().decompress(data, _MOST))
        if values["version"] != VERSION:
            return None
        return _view(values), _timeline(values)
    except (zlib.error, ValueError, KeyError, TypeError, IndexError, AttributeError, binascii.Error):
        return None


def _view(values: dict[str, Any]) -> View:
    record = _record(values["record"]) if values["record"] is not None else None
    return View(
        **{name: values["view"][name] for name in _PLAIN},
        mode=m.Mode(values["mode"]),
        coverage=tuple(map(float, values["coverage"])),
        speeds=tuple(map(float, values["speeds"])),
        record=record,
        memory=None if record is None else record.memory,
        experts=None if values["experts"] is None else _experts_from(values["experts"]),
    )


def _record(values: dict[str, Any]) -> m.Record:
    return m.Record(
        **values | {
            "mode": m.Mode(values["mode"]),
            "memory": m.Memory(**values["memory"]),
            "selection": (),
            "notes": tuple(values["notes"]),
        }
    )  # fmt: skip


def _timeline(values: dict[str, Any]) -> Timeline:
    spans = tuple(Span(Part(part), float(began), float(ended)) for part, began, ended in values["spans"])
    if not spans:
        raise ValueError("a timeline has a beginning")
    return Timeline(spans, tuple(map(float, values["marks"])), answering=True)


# --- experts ----------------------------------------------------------------------------------------------


def _experts(experts: Experts) -> dict[str, Any]:
    return {
        "shape": list(experts.resident.shape),
        "resident": _text(np.packbits(experts.resident)),
        "uses": _text(experts.uses.astype("<i4")),
        "order": _text(experts.order.astype("<i4")),
    }


def _experts_from(values: dict[str, Any]) -> Experts:
    layers, count = (int(side) for side in values["shape"])
    if not (0 < layers <= 10_000 and 0 < count <= 10_000):
        raise ValueError("no such map")
    bits = np.unpackbits(_bytes(values["resident"]), count=layers * count)
    uses, order = (_bytes(values[name]).view("<i4").reshape(layers, count) for name in ("uses", "order"))
    if not (np.sort(order, axis=1) == np.arange(count)).all():
        raise ValueError("an order names every expert once")
    never = np.full((layers, count), -np.inf)
    return Experts(
        resident=bits.reshape(layers, count).astype(np.bool_),
        reading=np.zeros((layers, count), np.bool_),
        used_at=never,
        absent_at=never,
        dropped_at=never,
        uses=uses.astype(np.int32),
        order=order.astype(np.int32),
    )


def _text(values: npt.NDArray[Any]) -> str:
    return base64.b64encode(values.tobytes()).decode()


def _bytes(text: str) -> npt.NDArray[np.uint8]:
    return np.frombuffer(base64.b64decode(text, validate=True), np.uint8)
