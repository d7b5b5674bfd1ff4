"""Which experts are in memory, which to read, which to give up. Owns the banks' tables and the loader.

Engine thread only. Policy: what was wanted often and lately stays. `heat` is a decayed count of how much each
expert was wanted (least-stale first to go: SpecMD, arXiv 2602.03921; frequency beats recency in the notes'
traces), `prior` the same over the model's whole use, for prompts too short to tell.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from engine.errors import KnownError
from engine.experts.bank import Bank
from engine.experts.loader import Batch, Loader

HALF_LIFE = 8
"""Tokens after which a wish counts half: the fewest bytes over three kinds of text (docs/performance.md, Exact)."""
PRIOR_TOKENS = 32
"""The prior weighs as much as this many tokens of the prompt."""
LOYALTY = 0.5
"""How many places better than it ranks an expert counts that is here already, in sizes of the set: of what a prompt
wants a little, that which is here stays (docs/budgets.md, A day)."""
COVERAGE_PER_SET = 0.1
"""What one more size of the set of it costs in coverage, about."""
MOST_KEPT = 0.6
"""Share of its set at most that a prompt with other wishes leaves as it was, where the model bears that."""

Floats = npt.NDArray[np.float32]
_NOBODY = np.empty(0, np.int64)


@dataclass
class Traffic:
    """Experts and bytes moved since the last `take`."""

    read: int = 0
    bytes_read: int = 0
    evicted: int = 0
    bytes_kept: int = 0


@dataclass
class Use:
    """What one request does with the experts. heat: its wishes, faded, on top of those before it; basis: the prior
    as it was when the request began; both [layers, E]. fresh: so many of its set are chosen for it, the rest of the set
    are those that are here already; None: all are. found: per layer who was here when it began, to whom the choice is
    loyal; empty: nobody. slack: coverage that the model was seen to do without.
    """

    heat: Floats
    basis: Floats
    traffic: Traffic = field(default_factory=Traffic)
    fresh: int | None = None
    found: Sequence[npt.NDArray[np.integer]] = ()
    slack: float = 0.0


class Residency:
    """`resident` experts are kept per layer between tokens; the slots beyond that are spares.

    groups: contiguous, and every set has equally many of each: the router's, or the kinds of which the experts are
    variants.
    """

    def __init__(self, banks: Sequence[Bank], loader: Loader, groups: int = 1) -> None:
        self.banks = tuple(banks)
        self.loader = loader
        self.groups = groups
        self._slots = max((bank.table.slots for bank in banks), default=0)
        experts = max((bank.layer.experts for bank in banks), default=0)
        self.prior: Floats = np.zeros((len(self.banks), experts), np.float32)
        self.use = Use(np.zeros_like(self.prior), np.zeros_like(self.prior))

    def begin(self) -> Use:
        """A request begins: it goes on from the present heat, and ranks by what was popular until now."""
        self.use = Use(self.heat.copy(), self.prior.copy(), found=self.resident())
        return self.use

    @property
    def heat(self) -> Floats:
        return self.use.heat

    @property
    def traffic(self) -> Traffic:
        return self.use.traffic

    # --- what is wanted -------------------------------------------------------------------------------

    def note(self, layer: int, ids: npt.NDArray[np.integer], weights: Floats | None = None) -> Floats:
        """Count wishes of one layer: ids and weights [k], or [..., k] in the order of the tokens. Returns wishes per
        expert, float32 [E]: one token, one wish, shared among the experts it wanted.
        """
        rows = ids.reshape(-1, ids.shape[-1])
        tokens, experts = len(rows), self.banks[layer].layer.experts
        shares = np.ones(rows.shape) if weights is None else weights.reshape(rows.shape)
        shares = shares * (tokens / max(float(shares.sum()), 1e-30))
        fade = 0.5 ** (np.arange(tokens, -1, -1) / HALF_LIFE)  # of what was before, then of each token
        wishes = np.bincount(rows.reshape(-1), shares.reshape(-1), experts).astype(np.float32)
        lately = np.bincount(rows.reshape(-1), (shares * fade[1:, None]).reshape(-1), experts)
        self.heat[layer] = self.heat[layer] * fade[0] + lately
        self.prior[layer] += wishes
        return wishes

    def note_token(self, wanted: npt.NDArray[np.integer]) -> None:
        """Count one token's wishes in all layers at once; wanted: [layers, k] ids."""
        rows = np.arange(len(wanted))[:, None]
        heat = self.use.heat
        heat *= np.float32(0.5 ** (1 / HALF_LIFE))
        heat[rows, wanted] += 1 / wanted.shape[1]
        self.prior[rows, wanted] += 1 / wanted.shape[1]

    def ranking(self, layer: int, wishes: Floats) -> npt.NDArray[np.int64]:
        """Expert ids, best first: the request's wishes weighed against the prior as it was before the request."""
        prior = self.use.basis[layer]
        total = float(prior.sum())
        expected = prior / total if total > 0 else np.zeros_like(prior)
        score = wishes + PRIOR_TOKENS * expected
        return np.argsort(-score, kind="stable")

    def best(self, ranking: npt.NDArray[np.int64], count: int) -> list[int]:
        """The first `count` of a ranking, of each group equally many, or one less where they do not go into it."""
        return self._equally(ranking, count, len(ranking))

    def choose(self, layer: int, ranking: npt.NDArray[np.int64], count: int) -> list[int]:
        """The set of `count` that a request gets: the best of its ranking, and what was here when it began.

        Not what is here now: who ran in between must not change the answer.
        """
        fresh, experts = self.use.fresh, len(ranking)
        here = self.use.found[layer] if self.use.found else _NOBODY
        ranking = loyal(ranking, here, loyalty(count, experts, self.use.slack))
        if fresh is None or fresh >= count:
            return self.best(ranking, count)
        warmest = here[np.argsort(-self.heat[layer][here], kind="stable")]
        order = dict.fromkeys([*self.best(ranking, fresh), *warmest.tolist(), *ranking.tolist()])
        return self._equally(np.array(list(order)), count, experts)

    def _equally(self, ranking: npt.NDArray[np.integer], count: int, experts: int) -> list[int]:
        """ranking: ids of some or all of the layer's experts, best first."""
        if self.groups == 1:
            return [int(e) for e in ranking[:count]]
        size = experts // self.groups
        each, over = divmod(count, self.groups)
        taken = [0] * self.groups
        chosen = []
        for expert in ranking:
            group = int(expert) // size
            if taken[group] < each or (taken[group] == each and over):
                over -= taken[group] == each
                taken[group] += 1
                chosen.append(int(expert))
        return chosen

    # --- what moves -----------------------------------------------------------------------------------

    def make_room(self, layer: int, count: int, keep: Collection[int]) -> None:
        """Evict the coldest experts outside `keep` until `count` slots are free. Nothing in flight may read them."""
        table = self.banks[layer].table
        need = count - table.free
        if need <= 0:
            return
        kept = set(keep)
        candidates = [int(e) for e in table.resident() if int(e) not in kept]
        if len(candidates) < need:
            raise KnownError(
                f"{count} experts are needed at once but {table.slots} fit.", "Ask for more experts or more memory."
            )
        candidates.sort(key=lambda e: self.heat[layer][e])
        self.evict(layer, candidates[:need])

    def room(self, layer: int, keep: Collection[int]) -> int:
        """How many slots `make_room` could free beside these."""
        table, kept = self.banks[layer].table, set(keep)
        return table.free + sum(int(e) not in kept for e in table.resident())

    def evict(self, layer: int, experts: Iterable[int]) -> None:
        table = self.banks[layer].table
        for expert in experts:
            table.give_back(table.drop(expert))
            self.traffic.evicted += 1

    def keep_only(self, layer: int, experts: Collection[int]) -> None:
        """Evict every resident that is not among these. Nothing in flight may read it."""
        kept = set(experts)
        self.evict(layer, [e for e in self.banks[layer].table.resident().tolist() if e not in kept])

    def fetch(self, layer: int, experts: Iterable[int], keep: Collection[int] = ()) -> Batch | None:
        """Begin to read what is missing of `experts`, evicting outside `experts` and `keep` as needed.

        None when nothing is missing. The caller waits for the batch, which publishes it.
        """
        bank = self.banks[layer]
        self.prepare(layer)
        wanted = list(dict.fromkeys(int(e) for e in experts))
        missing = bank.table.missing(wanted)
        self.traffic.bytes_kept += (len(wanted) - len(missing)) * bank.layer.expert_bytes
        if not missing:
            return None
        self.make_room(layer, len(missing), {*wanted, *keep})
        return self.start(layer, missing)

    def start(self, layer: int, missing: Collection[int], *readers: int) -> Batch:
        """Begin to read into free slots; readers: how many at most, if not all of the loader's."""
        batch = self.loader.start(self.banks[layer], missing, *readers)
        self.traffic.read += len(missing)
        self.traffic.bytes_read += batch.nbytes
        return batch

    def settle(self, layer: int, count: int) -> Batch | None:
        """Back to `count` residents: the coldest go. With groups, one that has too few gets its warmest read."""
        table, heat = self.banks[layer].table, self.heat[layer]
        here = table.resident()
        if self.groups == 1:
            target = [int(e) for e in here[np.argsort(-heat[here], kind="stable")][:count]]
        else:
            bonus = np.isin(np.arange(len(heat)), here) * (float(heat.max()) + 1)  # residents before all others
            target = self.best(np.argsort(-(heat + bonus), kind="stable"), count)
        self.evict(layer, [e for e in here.tolist() if e not in set(target)])
        missing = table.missing(target)
        return self.start(layer, missing) if missing else None

    def warmest(self, layer: int, among: npt.NDArray[np.integer], count: int) -> list[int]:
        """At most `count` of these experts, no group with more than its share; nobody else is asked in."""
        ranking = among[np.argsort(-self.heat[layer][among], kind="stable")]
        return self._equally(ranking, count, len(self.heat[layer]))

    def hottest(self, layer: int, count: int) -> list[int]:
        """The best set for what was wanted lately; of what was not, the most popular."""
        return self.best(np.lexsort((-self.use.basis[layer], -self.heat[layer])), count)

    def resident(self) -> list[npt.NDArray[np.int32]]:
        return [bank.table.resident() for bank in self.banks]

    def resize(self, slots: int) -> None:
        """Every bank is to have this many slots. Shrinks now, the coldest experts leaving first; a bank grows when
        its layer is next prepared, while others read. Nothing may be in flight.
        """
        self._slots = slots
        for layer, bank in enumerate(self.banks):
            count = min(slots, bank.layer.experts)
            surplus = len(bank.table.resident()) - count
            if surplus > 0:
                self.evict(layer, sorted(bank.table.resident(), key=lambda e: self.heat[layer][e])[:surplus])
            if bank.table.slots > count:
                bank.resize(count)

    def prepare(self, layer: int) -> None:
        """The layer's bank has its slots afterwards. No work in flight may use it; others' may go on."""
        bank = self.banks[layer]
        count = min(self._slots, bank.layer.experts)
        if bank.table.slots != count:
            bank.resize(count)


def loyalty(count: int, experts: int, slack: float) -> int:
    """Places for `loyal`. A set that covers more than the model needs may stay more as it was: of unrelated wishes
    those hold who rank within `count` and so many places. slack: coverage that it can do without.
    """
    borne = slack / COVERAGE_PER_SET * count
    return round(max(LOYALTY * count, min(borne, MOST_KEPT * experts - count)))


def loyal(ranking: npt.NDArray[np.integer], here: npt.NDArray[np.integer], places: int) -> npt.NDArray[np.int64]:
    """The ranking with those who are here moved up by so many places, and no two of either kind exchanged. Pure.

    ranking: all ids, best first. So of a set of C at least the first C - places of the ranking are in.
    """
    worth = np.arange(len(ranking)) - places * np.isin(ranking, here)
    return ranking[np.argsort(worth, kind="stable")].astype(np.int64)
