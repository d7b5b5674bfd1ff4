"""Opens a checkpoint for answering: dense weights in memory, experts behind banks. Engine thread only.

The model is built by mlx-lm's own `load_model`, or by mlx-vlm's when it sees, lazily; before anything is evaluated
the stacked expert tensors are replaced by empty banks, so no expert tensor is ever materialised.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx_lm.utils
from mlx.utils import tree_flatten
from mlx_lm.models.cache import make_prompt_cache

from engine.budget.points import SPARES, Shape, slots_for
from engine.checkpoint.folder import Checkpoint
from engine.checkpoint.layout import Layout, MoELayer, encoder_of, layout
from engine.errors import KnownError
from engine.experts.loader import Loader
from engine.experts.prior import read_prior, write_prior
from engine.experts.reading import Files, OpenFiles
from engine.experts.residency import Residency
from engine.generation.text import open_tokenizer
from engine.models.supported import is_supported, mlx_lm_builds
from engine.routing.block import MoEBlock, Way, hook, hook_entry
from engine.routing.families import router_shape
from engine.routing.predictor import Predictor, load_predictor
from engine.routing.probe import Probe
from engine.routing.resident import Resident
from engine.vision.families import FAMILIES, REFUSED, WORDS_BY_MLX_VLM, senses
from engine.vision.marks import pieces
from engine.vision.model import build as build_sighted
from engine.vision.senses import Seen, Senses

_mlx_lm: Any = mlx_lm.utils

CACHE_LIMIT = 64 << 20
"""Bytes of freed buffers MLX may keep. Its own default is nearly all memory (notes of oMLX, mlx-examples#1025)."""
ASSUMED_RATE = 1.5e9
"""Bytes per second that experts are read with, until it was seen here; base Macs' disks do 1.5 to 3 GB/s."""
_PIECE = 64 << 20
"""Dense weights are brought to memory in pieces of about this many bytes, a cancel between each."""

Progress = Callable[[int, int], None]
"""(bytes done, bytes of all); may raise Cancelled."""


class Opened:
    """A model ready to answer. `resident` is None when its family runs exact only, `predictor` when it has none,
    `senses` when it takes neither pictures nor sounds.
    """

    def __init__(self, path: Path, checkpoint: Checkpoint, plan: Layout, model: Any, tokenizer: Any) -> None:
        self.path = path
        self.name = path.name
        self.checkpoint = checkpoint
        self.layout = plan
        self.model = model
        self.tokenizer = tokenizer
        self.router_shape = router_shape(checkpoint.model_type, checkpoint.text_config)
        self.blocks: list[MoEBlock] = []
        self.residency = Residency([], _NoLoader())
        self.resident: Resident | None = None
        self.predictor: Predictor | None = None
        self.senses: Senses | None = None
        self._files: Files | None = None
        self._loader: Loader | None = None
        self.load_seconds = 0.0
        self.read_rate = ASSUMED_RATE

    # --- what a plan needs ------------------------------------------------------------------------------

    @property
    def shape(self) -> Shape:
        return Shape(
            experts=self.layout.experts,
            router=self.router_shape,
            slot_bytes=self.layout.slot_bytes,
            slot_parameters=self.layout.slot_parameters,
            dense_parameters=self.layout.dense_parameters,
        )

    @property
    def present(self) -> int:
        """Residents that every layer has now; what an exact answer left in spare slots does not count."""
        tables = [block.bank.table for block in self.blocks]
        return max(0, min((min(len(t.resident()), t.slots - SPARES) for t in tables), default=0))

    @property
    def context(self) -> int:
        """Tokens the model can hold, 0 when its config does not say."""
        value = self.checkpoint.text_config.get("max_position_embeddings")
        return value if isinstance(value, int) else 0

    def dense_bytes(self) -> int:
        """Dense weights in memory; those of encoders come and go."""
        return self.layout.dense_bytes - (0 if self.senses is None else self.layout.encoder_bytes)

    def wanted_bytes(self, tokens: int) -> int:
        """About how many bytes of experts `tokens` tokens want beyond what is resident, were each choice alike."""
        E, k = self.layout.experts, self.router_shape.experts_per_token
        distinct = E * (1 - (1 - k / E) ** tokens) if E else 0.0
        here = sum(len(ids) for ids in self.residency.resident()) / max(len(self.blocks), 1)
        return int(max(0.0, distinct - here) * self.layout.slot_bytes)

    def kv_bytes(self, tokens: int) -> int:
        """What the caches hold after a prefill of `tokens` tokens: from the shapes of a graph never evaluated."""
        caches = make_prompt_cache(self.model)
        if self.resident is not None:
            self.resident.leave()
        with self.through(Probe()):
            self.model(mx.zeros((1, tokens), mx.int32), cache=caches)
        return sum(a.nbytes for c in caches for a in arrays(c))

    # --- running ------------------------------------------------------------------------------------------

    @contextmanager
    def through(self, way: Way) -> Iterator[None]:
        """Forwards inside go this way through every MoE layer. Restores what was before: requests nest."""
        before = [block.way for block in self.blocks]
        for block in self.blocks:
            block.way = way
        try:
            yield
        finally:
            for block, one in zip(self.blocks, before, strict=True):
                block.way = one

    def forward(self, tokens: Sequence[int], at: int, caches: list[Any], seen: Seen) -> mx.array:
        """Logits [1, T, V] after a part of a prompt, its tokens from `at` on, in which media are fingerprints."""
        ids = mx.array(list(tokens))[None]
        more: dict[str, Any] = {}
        if self.senses is not None:
            ids, more = self.senses.taken(tokens, at, seen)
        logits: mx.array = self.model(ids, cache=caches, **more)
        return logits

    def pieces(self, tokens: Sequence[int], most: int) -> list[Sequence[int]]:
        """A prompt's tokens, cut where they may be."""
        return pieces(tokens, most, whole=False) if self.senses is None else self.senses.pieces(tokens, most)

    def resize(self, resident: int) -> None:
        """Banks for this many residents and their spares. Nothing may be in flight."""
        mx.synchronize()
        self.residency.resize(slots_for(resident, self.layout.experts))
        mx.clear_cache()

    def has_banks(self) -> bool:
        return any(block.bank.slots for block in self.blocks)

    def give_back_banks(self) -> None:
        """No slots at all; the next request's plan gives them again. Nothing may be in flight."""
        mx.synchronize()
        if self.resident is not None:
            self.resident.leave()
        self.residency.resize(0)
        mx.clear_cache()

    def close(self) -> None:
        if self._loader is not None:
            self._loader.close()
        if self._files is not None:
            self._files.close()

    def attach(self, layers: tuple[MoELayer, ...], files: Files) -> None:
        """Hook the blocks and open the readers."""
        numbers = {str(file.path): number for number, file in enumerate(self.checkpoint.files)}
        self._files = files
        self._loader = Loader(files, numbers)
        self.blocks = [hook(self.model, layer, self.router_shape) for layer in layers]
        kinds = 1
        if self.router_shape.family is not None and self.blocks:
            self.predictor = self._beside()
            kinds = 1 if self.predictor is None else self.predictor.kinds
            self.resident = Resident(self.blocks, kinds)
        groups = max(self.router_shape.groups, kinds)
        self.residency = Residency([b.bank for b in self.blocks], self._loader, groups)
        self.residency.prior[:] = read_prior(self.path, self.residency.prior.shape)

    def _beside(self) -> Predictor | None:
        """The predictor that lies beside the checkpoint, told from now on what comes to the first MoE layer."""
        hidden = self.checkpoint.text_config.get("hidden_size")
        if not isinstance(hidden, int):
            return None
        predictor = load_predictor(self.path, hidden, len(self.blocks), self.layout.experts)
        if predictor is not None:
            hook_entry(self.model, self.blocks[0].layer.path, self.blocks[0])
        return predictor

    def remember(self) -> None:
        """Keep what was learnt of how popular each expert is, for the next time this model is opened."""
        if self.blocks:
            write_prior(self.path, self.residency.prior)

    def unchanged(self) -> bool:
        """Whether the files are still those that were opened."""
        try:
            return Checkpoint.open(self.path).files == self.checkpoint.files
        except KnownError:
            return False


def open_model(
    path: Path,
    progress: Progress,
    check: Callable[[int], None] = lambda _dense: None,
    open_files: Callable[..., Files] = OpenFiles,
    *,
    media: bool = True,
) -> Opened:
    """Open the model folder, its banks still without slots: the plan of a request gives them.

    check: called with the bytes of the dense weights before they are read; raises KnownError to refuse.
    media: False opens the language part alone, by mlx-lm where it can, also of a model that sees or hears.

    Raises:
        KnownError: the folder holds no model this mlx-lm can run, or something of it is broken.
    """
    begun = time.perf_counter()
    checkpoint = Checkpoint.open(path)
    plan = layout(checkpoint)
    check(plan.dense_bytes)
    _check_device(plan)
    mx.set_cache_limit(CACHE_LIMIT)
    given = senses(checkpoint, plan)
    sighted = bool(given) and (media or checkpoint.model_type in WORDS_BY_MLX_VLM)
    model = _build(checkpoint, plan, sighted=sighted)
    tokenizer = open_tokenizer(path, _mlx_lm.load_config(path).get("eos_token_id"))
    opened = Opened(path, checkpoint, plan, model, tokenizer)
    if sighted:
        opened.senses = Senses(checkpoint, model, given)
    try:
        if plan.layers:
            opened.attach(plan.layers, open_files(checkpoint.files))
        _evaluate(model, opened.dense_bytes(), progress)
    except BaseException:
        opened.close()
        raise
    opened.load_seconds = time.perf_counter() - begun
    return opened


def _check_device(plan: Layout) -> None:
    """MLX's CPU multiplies gathered matrices in float32 or quantised without a global scale only."""
    if mx.default_device() == mx.Device(mx.gpu):
        return
    for layer in plan.layers:
        for tensor in layer.tensors:
            half = tensor.kind == "weight" and tensor.tensor.dtype in ("BF16", "F16")
            if half or tensor.kind == "global_scale":
                raise KnownError(
                    f"The experts of this model ({tensor.tensor.name}) run on a GPU only, and there is none here.",
                    "Use a version of the model quantised to 4 or 8 bits in affine mode.",
                )


def _build(checkpoint: Checkpoint, plan: Layout, *, sighted: bool) -> Any:
    """The lazy model, after checking that its parameters are the file's tensors under the same names."""
    if reason := REFUSED.get(checkpoint.model_type):
        raise KnownError(
            f"Cadre does not run models of type {checkpoint.model_type}: {reason}.", "Choose another model that sees."
        )
    if checkpoint.model_type in FAMILIES and not sighted and not mlx_lm_builds(checkpoint.model_type):
        raise KnownError(
            f"Models of type {checkpoint.model_type} need the vision extra and the weights of their encoders.",
            "Install it: pip install 'cadre[vision]'; or choose another model.",
        )
    if not is_supported(checkpoint.model_type):
        raise KnownError(
            f"Cadre does not know the model type {checkpoint.model_type}.",
            "Update Cadre, or choose a model of a type that mlx-lm knows.",
        )
    try:
        if sighted:
            model = build_sighted(checkpoint, plan)
        else:
            model, _ = _mlx_lm.load_model(checkpoint.path, lazy=True, get_model_classes=_Classes(plan))
    except KnownError:
        raise
    except (Exception, SystemExit) as error:  # a model file may even end the process when a package is missing
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200].rstrip(". ")
        raise KnownError(
            f"{'mlx-vlm' if sighted else 'mlx-lm'} cannot build this {checkpoint.model_type} model ({reason}).",
            "Update Cadre, download the model again, or choose another.",
        ) from error
    model.eval()
    return model


class _Classes:
    """Hands mlx-lm its own classes, with a look at `sanitize`: expert tensors must pass it unchanged."""

    def __init__(self, plan: Layout) -> None:
        self._names = {t.tensor.name for layer in plan.layers for t in layer.tensors}

    def __call__(self, config: dict[str, Any]) -> tuple[Any, Any]:
        stock, arguments = _mlx_lm._get_classes(config)
        names = self._names

        class Model(stock):  # type: ignore[misc, valid-type]
            def sanitize(self, weights: dict[str, mx.array]) -> dict[str, mx.array]:
                given = {name: weights[name] for name in names if name in weights}
                cleaned: dict[str, mx.array] = super().sanitize(weights) if hasattr(stock, "sanitize") else weights
                for name, array in given.items():
                    if cleaned.get(name) is not array:
                        raise KnownError(
                            f"The experts of this checkpoint are not stored as MLX runs them ({name}).",
                            "Convert the model with mlx_lm.convert, or get it from mlx-community.",
                        )
                return cleaned

        return Model, arguments


def _evaluate(model: Any, total: int, progress: Progress) -> None:
    """Bring the dense weights to memory, piece by piece; encoders only when there is something to encode."""
    done = 0
    piece: list[mx.array] = []
    for array in [array for name, array in dict(tree_flatten(model.parameters())).items() if not encoder_of(name)]:
        piece.append(array)
        if sum(a.nbytes for a in piece) >= _PIECE:
            mx.eval(piece)
            done += sum(a.nbytes for a in piece)
            progress(min(done, total), total)
            piece = []
    mx.eval(piece)
    progress(total, total)


def arrays(tree: Any) -> list[mx.array]:
    """All arrays below an MLX tree, a module's parameters or a cache of any kind."""
    if isinstance(tree, mx.array):
        return [tree]
    if isinstance(tree, dict):
        return [a for value in tree.values() for a in arrays(value)]
    if isinstance(tree, list | tuple):
        return [a for value in tree for a in arrays(value)]
    return arrays(vars(tree)) if hasattr(tree, "__dict__") else []


class _NoLoader(Loader):
    """A dense model reads no experts."""

    def __init__(self) -> None:
        """Nothing to open."""
