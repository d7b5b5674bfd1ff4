"""The line between the engine and whatever shows it: frozen commands in, frozen events out, all picklable.

Knows neither MLX nor Qt. Sizes are bytes, times seconds, shares 0 to 1. Integer arrays are NumPy so that an
event can hold one row per layer cheaply and cross a process border unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int16]
"""Expert ids, one row per MoE layer."""
Shares = npt.NDArray[np.float32]


class Mode(StrEnum):
    """How tokens meet experts that are not resident (design: Words)."""

    AUTO = "auto"
    FAST = "fast"
    BALANCED = "balanced"
    EXACT = "exact"


class Pressure(IntEnum):
    """How short of memory the machine is, in the system's own three levels."""

    NORMAL = 0
    WARN = 1
    CRITICAL = 2


class Priority(IntEnum):
    """Who goes first on the one engine thread; higher pauses lower between steps."""

    CHAT = 0
    QUICK_PROMPT = 1
    DICTATION = 2


class Attachment(StrEnum):
    """What a person attached to what they said last; it tells what the request is for."""

    IMAGE = "image"
    AUDIO = "audio"
    DOCUMENT = "document"


# --- commands ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Turn:
    """One message of a conversation; role is system, user or assistant.

    images: files of pictures, or their bytes, shown before the words; for models that see. audio: files of sounds, or
    their bytes, in the same place after them; for models that hear.
    """

    role: str
    content: str
    images: tuple[Path | bytes, ...] = ()
    audio: tuple[Path | bytes, ...] = ()


@dataclass(frozen=True)
class Sampling:
    """Greedy at temperature 0. The same seed and the same experts give the same answer, pauses and replays included."""

    temperature: float = 0.0
    top_p: float = 0.0
    top_k: int = 0
    min_p: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Ask:
    """Answer the last turn.

    experts: resident experts per MoE layer as a count (int) or a share of all (float); None: from the budget.
    memory: the most bytes the process may hold; None: what the machine can give.
    reselect_every: tokens between reselections; 0: only when coverage falls.
    harder: how many times the person found the answer too weak. Each is a step up: a larger set, at last every expert
    a token wants. It is an answer anew: in the same conversation it reads only what is not there yet.
    """

    request: str
    model: str
    turns: tuple[Turn, ...]
    mode: Mode = Mode.AUTO
    budget: str = "auto"
    experts: int | float | None = None
    memory: int | None = None
    max_tokens: int = 512
    sampling: Sampling = Sampling()
    stop: tuple[str, ...] = ()
    priority: Priority = Priority.CHAT
    conversation: str = ""
    reselect_every: int = 0
    profile: str | None = None
    attachments: tuple[Attachment, ...] = ()
    harder: int = 0


@dataclass(frozen=True)
class Cancel:
    """Stop a request, running or waiting; what was made so far stays."""

    request: str


@dataclass(frozen=True)
class Reselect:
    """Choose the resident set anew now (fast and balanced)."""

    request: str


@dataclass(frozen=True)
class Unload:
    """Give the model's memory back."""


@dataclass(frozen=True)
class Shutdown:
    """Stop the engine; what runs is cancelled."""


@dataclass(frozen=True)
class Measure:
    """Run a lab job by name (bench, and later eval and tune) on the engine thread."""

    request: str
    job: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CountMedia:
    """How many tokens will these take in a prompt of this model? Answered with MediaCounted, or Failed with what is
    wrong with one of them; also while an answer is being written, between its steps. Reads no weights.
    """

    request: str
    model: str
    images: tuple[Path | bytes, ...] = ()
    audio: tuple[Path | bytes, ...] = ()


@dataclass(frozen=True)
class Transcribe:
    """Write down what is said in a sound file.

    recogniser: a Whisper model's folder or name, or "" for the embedded one. language: None: find out.
    words: names and terms that are likely to be said.
    """

    request: str
    path: str
    recogniser: str = ""
    language: str | None = None
    words: tuple[str, ...] = ()
    priority: Priority = Priority.CHAT


@dataclass(frozen=True)
class Dictate:
    """Write down what comes with Hear, while it is said; EndOfSpeech ends it. Runs between the steps of an answer."""

    request: str
    recogniser: str = ""
    language: str | None = None
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hear:
    """The next sound of a dictation: 16-bit little-endian, one channel, 16,000 a second. Any length."""

    request: str
    pcm: bytes


@dataclass(frozen=True)
class EndOfSpeech:
    """A dictation has no more sound; Transcribed follows."""

    request: str


@dataclass(frozen=True)
class CleanUp:
    """Polish dictated text with a language model: punctuation, self-corrections, lists. CleanedUp follows.

    words: names as they are spelt. memory: as in Ask.
    """

    request: str
    model: str
    text: str
    words: tuple[str, ...] = ()
    memory: int | None = None
    priority: Priority = Priority.DICTATION


@dataclass(frozen=True)
class Speak:
    """Make the sound of a sentence; Spoke follows. Gets on between the steps of an answer, in turns with it.

    voice: a voice model's folder or name. The system's voice is the app's own affair.
    """

    request: str
    voice: str
    sentence: str


Request = Ask | Measure | Transcribe | Dictate | CountMedia | CleanUp | Speak
"""Ends with exactly one of Finished, Transcribed, MediaCounted, CleanedUp, Spoke, Failed, or Measured with a report."""
Command = (
    Ask
    | Cancel
    | Reselect
    | Unload
    | Shutdown
    | Measure
    | Transcribe
    | Dictate
    | Hear
    | EndOfSpeech
    | CountMedia
    | CleanUp
    | Speak
)

# --- events -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Memory:
    """The promise, term by term, beside what is really held. All bytes. speech: recognisers and a voice beside it."""

    base: int
    dense: int
    banks: int
    kv: int
    activations: int
    peak: int
    promised: int
    limit: int
    speech: int = 0


@dataclass(frozen=True)
class ModelLoading:
    request: str
    model: str
    done: int
    of: int


@dataclass(frozen=True)
class ModelLoaded:
    """layers and experts describe the MoE part: 0 for a dense model. slot_bytes: one expert in every MoE layer."""

    request: str
    model: str
    layers: int
    experts: int
    experts_per_token: int
    slot_bytes: int
    seconds: float


@dataclass(frozen=True)
class Classified:
    """How hard the request seems, 0 to 1, and what that gets; budget and mode as asked for where they were."""

    request: str
    use_case: str
    difficulty: float
    budget: str
    mode: Mode
    why: str


@dataclass(frozen=True)
class Planned:
    """What the request gets, before anything is read. offer: a faster way, when this one takes long."""

    request: str
    mode: Mode
    budget: str
    active_parameters: int
    resident: int
    memory: Memory
    why: str
    offer: str = ""


@dataclass(frozen=True)
class ExpertsSelected:
    """ids: [layers, C], best first."""

    request: str
    ids: Ids


@dataclass(frozen=True)
class ExpertsLoading:
    """Bytes read so far of the bytes wanted now; layer and expert name what is being read."""

    request: str
    layer: int
    expert: int
    bytes: int
    of: int


@dataclass(frozen=True)
class ExpertsResident:
    """ids: [layers, C] ascending, -1 where a slot is empty; read and evicted are experts since the last such event."""

    request: str
    ids: Ids
    evicted: int
    read: int


@dataclass(frozen=True)
class Prefilled:
    request: str
    tokens: int
    reused: int
    seconds: float


@dataclass(frozen=True)
class Token:
    """One piece of the answer. coverage: [layers]; used, absent: [layers, k] expert ids, -1 for none. absent: wanted,
    and neither it nor another variant of its kind is here.
    """

    request: str
    text: str
    index: int
    coverage: Shares
    used: Ids
    absent: Ids


@dataclass(frozen=True)
class Reselected:
    request: str
    why: str
    read: int


@dataclass(frozen=True)
class Replayed:
    """A token was taken again with the experts it missed (balanced)."""

    request: str
    index: int
    coverage: float
    read: int


@dataclass(frozen=True)
class Paused:
    """Something more urgent runs first; the request keeps its place and its cache."""

    request: str
    by: str


@dataclass(frozen=True)
class MemorySample:
    """memory: banks and promised as they are now, peak since the banks last changed. The record has the whole's."""

    request: str
    memory: Memory
    pressure: Pressure = Pressure.NORMAL


@dataclass(frozen=True)
class Resized:
    """The banks change while an answer is written. before, after: residents per layer. memory: promised from now on."""

    request: str
    pressure: Pressure
    before: int
    after: int
    memory: Memory
    why: str


@dataclass(frozen=True)
class Released:
    """Nobody asked for a while, or memory is short: given back to the system, to be read again when next asked.

    what: banks, or model for dense weights and kept conversations too. bytes: by how much the footprint fell.
    request: empty, as this happens between requests.
    """

    model: str
    what: str
    bytes: int
    why: str
    request: str = ""


@dataclass(frozen=True)
class Record:
    """Everything `ask --json` says of one answer (design: Command line)."""

    text: str
    finish: str  # stop | length | cancelled
    model: str
    mode: Mode
    budget: dict[str, Any]
    tokens: dict[str, int]
    experts: dict[str, Any]
    seconds: dict[str, float]
    tokens_per_second: float
    memory: Memory
    selection: tuple[tuple[int, ...], ...]
    notes: tuple[str, ...] = ()
    difficulty: dict[str, Any] | None = None


@dataclass(frozen=True)
class Finished:
    request: str
    record: Record


@dataclass(frozen=True)
class Measured:
    """A lab job's report, or its progress while done < of. part: a piece of the report that is finished already."""

    request: str
    job: str
    done: int
    of: int
    what: str
    report: dict[str, Any] | None = None
    part: dict[str, Any] | None = None


@dataclass(frozen=True)
class SpokenWord:
    """start, end: seconds from the sound's beginning. text: as written, with the space before it if there is one."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Transcript:
    """What was said. seconds: of sound; speech: of it, what the gate let through. notes: sentences for the person."""

    words: tuple[SpokenWord, ...]
    language: str | None
    recogniser: str
    seconds: float
    speech: float
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return "".join(word.text for word in self.words).strip()


@dataclass(frozen=True)
class Transcribing:
    """Seconds of sound looked at so far, of how many; words: those said since the last such event."""

    request: str
    done: float
    of: float
    words: tuple[SpokenWord, ...]


@dataclass(frozen=True)
class Heard:
    """While dictating. stable stays while this utterance lasts; tentative may change. speaking: as far as heard."""

    request: str
    stable: str
    tentative: str
    speaking: bool


@dataclass(frozen=True)
class Transcribed:
    request: str
    transcript: Transcript


@dataclass(frozen=True)
class CleanedUp:
    """text: what to write instead of raw, or raw itself: then why says what spoke against the model's version."""

    request: str
    raw: str
    text: str
    why: str
    seconds: float


@dataclass(frozen=True)
class Spoke:
    """samples: [n], one channel, float32. rate: of them a second. voice: for people."""

    request: str
    samples: npt.NDArray[np.float32]
    rate: int
    voice: str


@dataclass(frozen=True)
class Failed:
    """known: the sentence is written for the person. Otherwise it is a bug and the log has the rest."""

    request: str
    known: bool
    sentence: str
    next_step: str


@dataclass(frozen=True)
class EngineStopped:
    """The engine is gone: asked to, or its process died (then a sentence says so)."""

    sentence: str = ""


@dataclass(frozen=True)
class MediaCounted:
    """Tokens of each picture and each sound of a CountMedia, in order, with the marks around them."""

    request: str
    images: tuple[int, ...]
    audio: tuple[int, ...]


Event = (
    MediaCounted
    | ModelLoading
    | ModelLoaded
    | Classified
    | Planned
    | ExpertsSelected
    | ExpertsLoading
    | ExpertsResident
    | Prefilled
    | Token
    | Reselected
    | Replayed
    | Paused
    | MemorySample
    | Resized
    | Released
    | Measured
    | Transcribing
    | Heard
    | Transcribed
    | CleanedUp
    | Spoke
    | Finished
    | Failed
    | EngineStopped
)
