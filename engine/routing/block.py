"""One MoE layer of a running model: the stock modules, hooked so that a `Way` decides what passes through them.

Nothing of mlx-lm is copied or patched: the switch module and the router keep their class, made a subclass on
the spot whose call goes through the block's way. Parameter paths, isinstance checks and the stock formulas stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Protocol, cast, runtime_checkable

import mlx.core as mx

from engine.checkpoint.layout import MoELayer
from engine.experts.bank import Bank
from engine.routing.families import Family, RouterKind, RouterShape
from engine.routing.wanted import Wanted, select_of, softmax_groups, wanted_function

_DECODER_LAYER = re.compile(r"(?:\w+\.)*?layers\.\d+(?=\.)")

Stock = Callable[[mx.array, mx.array], mx.array]
"""The stock switch: (x [..., D], slots [..., k]) -> [..., k, D]."""


class Way(Protocol):
    """A way through the MoE layers (design: two ways, and the selecting and probing ones beside them)."""

    def see(self, block: MoEBlock, x: mx.array, logits: mx.array) -> None:
        """The router's input and full logits [..., E], before anything is chosen."""

    def columns(self, block: MoEBlock, scores: mx.array) -> mx.array:
        """What the stock choice may choose from: scores [..., E] or a part of its columns."""

    def switch(self, block: MoEBlock, x: mx.array, ids: mx.array, stock: Stock) -> mx.array:
        """The experts' outputs [..., k, D] for the stock choice `ids`, which counts in `columns`."""


class Router:
    """The router of one block, with its per-expert vectors whole and sliced."""

    def __init__(self, shape: RouterShape, owner: Any) -> None:
        assert shape.family is not None
        self.family: Family = shape.family
        self.module = _follow(owner, self.family.router)
        self.mass = self.family.mass and not bool(getattr(owner, self.family.normalise or "", False))
        self.wanted: Wanted = wanted_function(shape, self.module)
        self._owner = owner
        self.bias = _whole(owner, self.family.bias)
        self.scale = _whole(owner, self.family.scale)

    def logits(self, x: mx.array) -> mx.array:
        """Full logits [..., E] of this router for any input, past the hook."""
        if self.family.kind is RouterKind.LINEAR:
            stock = type(self.module).__mro__[1] if _is_hooked(self.module) else type(self.module)
            return cast("mx.array", stock.__call__(self.module, x))
        return cast("mx.array", x @ self.module.weight.T)

    def narrow(self, ids: mx.array | None) -> None:
        """Slice the per-expert vectors to the resident ids, ascending; None: whole again."""
        for path, whole in ((self.family.bias, self.bias), (self.family.scale, self.scale)):
            if path is not None and whole is not None:
                module, name = _place(self._owner, path)
                setattr(module, name, whole if ids is None else whole[ids])


class MoEBlock:
    """layer, bank, router (None: the family runs exact only) and, while a forward runs, its way."""

    def __init__(self, layer: MoELayer, bank: Bank, router: Router | None) -> None:
        self.layer = layer
        self.index = layer.index
        self.experts = layer.experts
        self.bank = bank
        self.router = router
        self.way: Way | None = None
        self.mass: mx.array | None = None

    def passing(self) -> Way:
        assert self.way is not None, "a forward runs inside Passage"
        return self.way


def hook(model: Any, layer: MoELayer, shape: RouterShape) -> MoEBlock:
    """Give the switch module at layer.path an empty bank and put the block into switch and router."""
    switch = _follow(model, layer.path)
    bank = Bank(layer, switch, slots=0)
    router = None
    if shape.family is not None:
        router = Router(shape, _follow(model, layer.path.rsplit(".", shape.family.owner)[0]))
    block = MoEBlock(layer, bank, router)
    put_in(block, switch, router)
    return block


class Passing(Protocol):
    """What is put into the modules; gives the way that a forward goes."""

    def passing(self) -> Any: ...


def put_in(block: Passing, switch: Any, router: Router | None) -> None:
    """From now on the way of `block` decides at this switch and its router."""
    _hook_switch(switch, block)
    if router is not None:
        _HOOKS[router.family.kind](router.module, block)


@runtime_checkable
class Entered(Protocol):
    """A way that looks at what comes to the first MoE layer, too."""

    def enter(self, h: mx.array) -> None:
        """Hidden states [B, T, D]."""


def hook_entry(model: Any, path: str, block: Passing) -> None:
    """From now on the way of `block` is told what comes to the decoder layer that holds the module at `path`."""
    found = _DECODER_LAYER.match(path)
    assert found is not None, path
    layer = _follow(model, found[0])
    stock: Any = type(layer)

    class Hooked(stock):  # type: ignore[misc]
        def __call__(self, x: mx.array, *rest: Any, **named: Any) -> Any:
            if isinstance(way := block.passing(), Entered):
                way.enter(x)
            return super().__call__(x, *rest, **named)

    _become(layer, Hooked)


def _hook_switch(switch: Any, block: Passing) -> None:
    stock: Any = type(switch)

    class Hooked(stock):  # type: ignore[misc]
        def __call__(self, x: mx.array, ids: mx.array) -> mx.array:
            call = super().__call__
            return cast("mx.array", block.passing().switch(block, x, ids, _row_by_row(call) if by_token else call))

    by_token = stock.__module__.startswith("mlx_vlm.")
    _become(switch, Hooked)


def _row_by_row(call: Stock) -> Stock:
    """mlx-vlm's switch takes a handful of tokens one by one through itself, past the hook's ids; rows of a batch it
    takes at once.
    """

    def switch(x: mx.array, slots: mx.array) -> mx.array:
        rows = call(x.reshape(-1, 1, x.shape[-1]), slots.reshape(-1, 1, slots.shape[-1]))
        return rows.reshape(*slots.shape, rows.shape[-1])

    return switch


def _hook_linear(linear: Any, block: Passing) -> None:
    stock: Any = type(linear)

    class Hooked(stock):  # type: ignore[misc]
        def __call__(self, x: mx.array) -> mx.array:
            logits = super().__call__(x)
            way = block.passing()
            way.see(block, x, logits)
            return cast("mx.array", way.columns(block, logits))

    _become(linear, Hooked)


def _hook_group_select(gate: Any, block: Passing) -> None:
    stock: Any = type(gate)
    select = select_of(gate)

    class Hooked(stock):  # type: ignore[misc]
        def __call__(self, x: mx.array) -> tuple[mx.array, mx.array]:
            logits = x @ self.weight.T
            way = block.passing()
            way.see(block, x, logits)
            return select(
                way.columns(block, logits),
                self.e_score_correction_bias,
                self.top_k,
                self.n_group,
                self.topk_group,
                self.routed_scaling_factor,
                self.norm_topk_prob,
            )

    _become(gate, Hooked)


def _hook_softmax_groups(gate: Any, block: Passing) -> None:
    stock: Any = type(gate)

    class Hooked(stock):  # type: ignore[misc]
        def __call__(self, x: mx.array) -> tuple[mx.array, mx.array]:
            logits = x @ self.weight.T
            way = block.passing()
            way.see(block, x, logits)
            return softmax_groups(way.columns(block, mx.softmax(logits, axis=-1, precise=True)), self)

    _become(gate, Hooked)


_HOOKS = {
    RouterKind.LINEAR: _hook_linear,
    RouterKind.GROUP_SELECT: _hook_group_select,
    RouterKind.SOFTMAX_GROUPS: _hook_softmax_groups,
}


def _become(module: Any, hooked: Any) -> None:
    hooked.__name__ = hooked.__qualname__ = type(module).__name__
    hooked.__module__ = type(module).__module__  # selection functions are found by it
    hooked.hooked = True
    module.__class__ = hooked


def _is_hooked(module: Any) -> bool:
    return bool(getattr(type(module), "hooked", False))


def _follow(module: Any, path: str) -> Any:
    for name in path.split("."):
        module = module[int(name)] if name.isdigit() else getattr(module, name)
    return module


def _place(owner: Any, path: str) -> tuple[Any, str]:
    parent, _, name = path.rpartition(".")
    return (_follow(owner, parent) if parent else owner), name


def _whole(owner: Any, path: str | None) -> mx.array | None:
    if path is None:
        return None
    module, name = _place(owner, path)
    value: mx.array | None = getattr(module, name, None)
    return value
