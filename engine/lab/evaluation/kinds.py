"""The table of rows: for each way of choosing, changing and serving, how one document is scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.lab.evaluation import choosing as choose
from engine.lab.evaluation.choosing import Serve
from engine.lab.evaluation.serving import least_recent, leaving, walked
from engine.lab.evaluation.walking import Serving


@dataclass(frozen=True)
class Kind:
    """mode and selector are the row's; treatment: what becomes of a missing expert's weight, where that is measured.

    predicts: needs a predictor. learns: needs other documents. after: the kind whose bytes it may read.
    """

    mode: str
    selector: str
    serve: Serve
    treatment: str = ""
    predicts: bool = False
    learns: bool = False
    after: str = ""


_FROZEN = Serving()
_RESELECTING = Serving(reselects=True)

KINDS: Mapping[str, Kind] = {
    "prefill": Kind("fast", "prefill", walked(choose.by_prefill, _FROZEN)),
    "reselection": Kind("fast", "prefill+reselection", walked(choose.by_prefill, _RESELECTING)),
    "balanced": Kind("balanced", "prefill", walked(choose.by_exact_prefill, Serving(reselects=True, retakes=True))),
    "predictor": Kind("fast", "predictor", walked(choose.by_prediction, _FROZEN), predicts=True),
    "predictor-reselection": Kind(
        "fast", "predictor+reselection", walked(choose.by_prediction, _RESELECTING), predicts=True
    ),
    "profile": Kind("fast", "profile", walked(choose.by_ranking(choose.popularity), _FROZEN), learns=True),
    "random": Kind("fast", "random", walked(choose.by_ranking(choose.chance), _FROZEN)),
    "lru": Kind("fast", "lru", least_recent(rationed=False)),
    "lru-rationed": Kind("fast", "lru-rationed", least_recent(rationed=True), after="balanced"),
}
TREATMENTS: Mapping[str, Kind] = {
    "best resident": Kind("fast", "prefill", walked(choose.by_exact_prefill, _FROZEN), treatment="best resident"),
    "renormalise": Kind("fast", "prefill", leaving(renormalise=True), treatment="renormalise"),
    "drop": Kind("fast", "prefill", leaving(renormalise=False), treatment="drop"),
    "lru, renormalise": Kind("fast", "lru", least_recent(rationed=False, renormalise=True), treatment="renormalise"),
}
EXACT, MISSING = "exact", "missing"


def names() -> Sequence[str]:
    """What can be asked for: exact is always there."""
    return (EXACT, *KINDS, MISSING)
