"""What an evaluation was measured on and with: the parts of the report that are no rows. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.experts import residency
from engine.generation import decode, reselect
from engine.generation.opened import Opened
from engine.lab.evaluation.documents import PROMPT, Document
from engine.lab.evaluation.request import Request
from engine.models.places import model_name


def settings(request: Request) -> dict[str, Any]:
    """What decides of rows, beside the text and the model."""
    return {
        "seed": request.seed,
        "retake_below": decode.RETAKE_BELOW,
        "reselect_below": reselect.RESELECT_BELOW,
        "half_life": residency.HALF_LIFE,
        "prior_tokens": residency.PRIOR_TOKENS,
    }


def protocol(request: Request, documents: Sequence[Document]) -> dict[str, Any]:
    prompts = [d.prompt for d in documents]
    return {
        "text": str(request.text or "built in"),
        "documents": len(documents),
        "tokens": sum(d.scored for d in documents),
        "bytes": sum(d.bytes for d in documents),
        "prompt_tokens": {"most": PROMPT, "least": min(prompts), "mean": sum(prompts) / len(prompts)},
        "prior": "what the other documents wanted",
        "settings": settings(request),
    }


def model(opened: Opened) -> dict[str, Any]:
    return {
        "name": model_name(opened.path),
        "model_type": opened.checkpoint.model_type,
        "layers": len(opened.blocks),
        "experts": opened.layout.experts,
        "experts_per_token": opened.router_shape.experts_per_token,
        "slot_bytes": opened.layout.slot_bytes,
        "predictor": opened.predictor is not None,
    }
