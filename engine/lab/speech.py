"""`python -m engine.lab.speech --clips DIR`: word error rates of a recogniser, per set, through gate and windows.

DIR holds sound files and manifest.jsonl: a line {"file", "text"} for each. A set is the folder of a file, or its name.
Errors are substitutions, deletions and insertions over the words said, after case and punctuation are taken off.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine import blas
from engine.messages import Transcribe
from engine.speech.media import SoundFile
from engine.speech.sound import RATE
from engine.speech.utterances import Utterances
from engine.speech.voice_activity import FRAME, VoiceActivity

_LOUD = 0.02
"""Root mean square of a frame that is surely no silence in a clean recording."""
_OTHER = re.compile(r"[^\w' ]+")


@dataclass(frozen=True)
class Scored:
    """of: words said. seconds: of sound; took: seconds of work. heard: the gate opened before the first loud sound."""

    group: str
    errors: int
    of: int
    seconds: float
    took: float
    heard: bool


def words(text: str) -> list[str]:
    """As they are compared: small letters, nothing but letters, digits and apostrophes within words."""
    plain = unicodedata.normalize("NFKC", text.casefold()).replace("\u2019", "'").replace("-", " ")
    return [word for word in (word.strip("'") for word in _OTHER.sub(" ", plain).split()) if word]


def errors(said: Sequence[str], written: Sequence[str]) -> int:
    """The fewest words to change, leave out or put in (Levenshtein)."""
    row = list(range(len(written) + 1))
    for number, word in enumerate(said, 1):
        before, row[0] = row[0], number
        for place, other in enumerate(written, 1):
            before, row[place] = row[place], min(before + (word != other), row[place] + 1, row[place - 1] + 1)
    return row[-1]


def scored(clips: Path, recogniser: str) -> Iterator[Scored]:
    from engine.speech.recognisers import open_recogniser
    from engine.speech.voice_activity import Silero
    from engine.speech.writing_down import transcribe

    with_model, activity = open_recogniser(recogniser), Silero()
    for line in (clips / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        clip = json.loads(line)
        path = Path(clip["file"])
        begun = time.perf_counter()
        command = Transcribe("lab", str(clips / path), recogniser, clip.get("lang"))
        transcript = transcribe(command, activity, with_model, lambda _event: None, lambda: None)
        took = time.perf_counter() - begun
        said = words(clip["text"])
        group = path.parent.name or path.stem
        yield Scored(
            group,
            errors(said, words(transcript.text)),
            len(said),
            transcript.seconds,
            took,
            opens_in_time(clips / path, activity),
        )


def opens_in_time(path: Path, activity: VoiceActivity) -> bool:
    """Whether speech was found, and what was let through begins no later than the first loud frame."""
    samples = np.concatenate(list(SoundFile(path).pieces()))
    utterances = Utterances(activity, 20.0)
    parts = [*utterances.feed(samples), *utterances.end()]
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    first = int(np.argmax(np.sqrt((frames**2).mean(axis=1)) > _LOUD)) * FRAME / RATE
    return bool(parts) and parts[0].start <= first


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("--model", default="", help="a Whisper model's folder or name; without: the embedded one")
    args = parser.parse_args()
    blas.preload()
    groups: dict[str, list[Scored]] = {}
    for one in scored(args.clips, args.model):
        groups.setdefault(one.group, []).append(one)
    all_of_them = [one for group in groups.values() for one in group]
    for group, those in [*groups.items(), ("all", all_of_them)]:
        wrong, of = sum(one.errors for one in those), sum(one.of for one in those)
        speed = sum(one.took for one in those) / sum(one.seconds for one in those)
        sys.stdout.write(f"{group}: {len(those)} clips, {wrong} of {of} words wrong ({wrong / of:.1%}), ")
        sys.stdout.write(f"{sum(one.heard for one in those)} heard from their beginning, ")
        sys.stdout.write(f"{speed:.2f} s of work per second of sound\n")


if __name__ == "__main__":
    main()
