"""The decoder layers in tuning: what belongs to each, and that a backward pass computes a layer anew.

Gradients then hold one layer's activations and every layer's input only. Engine thread only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.training.tuning.adapters import DECODER_LAYER, Adapter

Call = Callable[..., Any]


class Passage(Protocol):
    """Decides how a decoder layer is called."""

    def through(self, layer: Layer, call: Call, given: tuple[Any, ...], named: dict[str, Any]) -> Any: ...


@dataclass
class Layer:
    """One decoder layer. blocks: indices of its MoE blocks."""

    number: int
    path: str
    adapters: list[Adapter] = field(default_factory=list)
    blocks: list[int] = field(default_factory=list)


def grouped(adapters: list[Adapter], switches: list[str]) -> list[Layer]:
    """Layers in the model's order; switches: paths of the MoE blocks' switch modules, in theirs."""
    paths = sorted({_of(path) for path in [*switches, *(a.path for a in adapters)]}, key=_number)
    layers = {path: Layer(number, path) for number, path in enumerate(paths)}
    for adapter in adapters:
        layers[_of(adapter.path)].adapters.append(adapter)
    for index, path in enumerate(switches):
        layers[_of(path)].blocks.append(index)
    return list(layers.values())


def hook_layer(model: Any, layer: Layer, passage: Passage) -> None:
    module = model
    for name in layer.path.split("."):
        module = module[int(name)] if name.isdigit() else getattr(module, name)
    stock: Any = type(module)

    class Layered(stock):  # type: ignore[misc]
        def __call__(self, *given: Any, **named: Any) -> Any:
            return passage.through(layer, super().__call__, given, named)

    module.__class__ = Layered


def _of(path: str) -> str:
    found = DECODER_LAYER.match(path)
    assert found is not None, path
    return found[1]


def _number(path: str) -> int:
    return int(path.rpartition(".")[2])
