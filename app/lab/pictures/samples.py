"""What stands in the pictured chats that no model wrote: titles, and one long answer to show how text looks. Pure."""

from __future__ import annotations

from collections.abc import Callable

from app.audio.devices import Device, Stream
from app.desktop.chord import Chord
from app.dictation.shown import Do, Shown, Stage
from engine.errors import KnownError

QUESTION = "How is the share of wanted experts computed, and what does it tell?"

ANSWER = r"""## Coverage in one line

Coverage is the weight of the wanted experts that are **in memory**, over the weight of all that were wanted:

$$
c = \frac{\sum_{e \in R} w_e}{\sum_{e \in W} w_e}
$$

Here $W$ are the experts that the full router picks for a token, $R$ those of them that are resident, and $w_e$ the
router's weights. It is $1$ exactly when nothing is missing.

```python
def coverage(weights: Shares, wanted: Ids, resident: Flags) -> float:
    \"\"\"The share of the wanted weight that is resident.\"\"\"
    picked = weights[wanted]
    return float((picked * resident[wanted]).sum() / picked.sum())
```

| mode | what a missing expert means | use it for |
| --- | --- | --- |
| `fast` | the best resident one takes its place | drafts, chat |
| `balanced` | the token is taken again when too much was missing | nearly everything |
| `exact` | it is read before the token goes on | when every word counts |

1. Above 0.9 the answer reads like the whole model's.
2. Under 0.7 `fast` picks other experts while it writes.
3. The record under each answer tells the mean and the least.
""".replace('\\"', '"')

CHATS = (
    # title, days ago, pinned, folder
    ("Reading list for the summer", 0, True, ""),
    ("What coverage tells", 0, False, ""),
    ("A train from Lyon to Turin", 0, False, ""),
    ("Regex for postal codes", 0, False, ""),
    ("Letter to the landlord", 1, False, ""),
    ("Sourdough that does not rise", 1, False, ""),
    ("Night train or plane?", 4, False, ""),
    ("Names for a small bakery", 5, False, ""),
    ("مخبز صغير في الحي", 6, False, ""),
    ("Notes on the lease", 2, False, "Moving"),
    ("What to ask the movers", 3, False, "Moving"),
)
"""Who would like a picture of the list wants some chats in it."""

ASKED = {
    "What coverage tells": QUESTION,
    "A train from Lyon to Turin": "Which train goes from Lyon to Turin in the morning, and where does one change?",
    "Night train or plane?": "Is the night train from Paris to Vienna worth it, compared with a plane?",
    "مخبز صغير في الحي": "ما الاسم المناسب لمخبز صغير في حي قديم؟",
    "Notes on the lease": "Train of thought: what belongs in the notes on the lease?",
}
"""What was asked where it is not the title."""

ANSWERED = {
    "What coverage tells": ANSWER,
    "A train from Lyon to Turin": "Three trains a day go from Lyon Part-Dieu to Torino Porta Susa in about four hours, "
    "without a change. The first one leaves in the morning.\n\n- **Seats** are reserved with the ticket.\n"
    "- **Passports** are looked at on the way, so keep yours at hand.",
    "Night train or plane?": "<think>They ask whether it is worth it. Compare time, price and sleep; say what it hangs "
    "on, and give one clear answer at the end.</think>It is, if you sleep on trains.\n\n"
    "> Door to door the plane takes seven hours of a day, the train fourteen of a night.\n\n"
    "Book a compartment with a bed: in a seat you save the money and lose the next day.",
    "مخبز صغير في الحي": "هذه ثلاثة أسماء قصيرة:\n\n1. **خبز الحي**، لأنه يقول أين هو.\n"
    "2. **فرن الصباح**، لأن الناس يأتون باكرا.\n3. **طحين وماء**، لأن كل شيء يبدأ بهما.\n\n"
    "اكتب الاسم على ورقة كبيرة، واقرأه من الجانب الآخر من الشارع. إذا بقي `واضحا` فهو الاسم.",
}

HOURS = """The first is from the morning: the light is low and warm, and the far hills are still hazy. The second is \
from noon, and the third from the evening.

The last one is no photograph: it is a chart of six bars, of which the fifth is the tallest."""


class Microphones:
    """Three to choose from, none to record with."""

    def devices(self) -> list[Device]:
        return [
            Device("MacBook Pro Microphone", 1, 48_000, is_default=True),
            Device("AirPods Pro", 1, 24_000),
            Device("Scarlett Solo USB", 2, 44_100),
        ]

    def open(self, device: Device, heard: Callable[[memoryview], None]) -> Stream:
        raise KnownError(f"{device.name} is only in a picture.", "Take a real one.")


class Keys:
    """Taken by nobody."""

    why_not = ""

    def listen(self, chord: Chord, pressed: Callable[[], None], released: Callable[[], None]) -> Callable[[], None]:
        return lambda: None


_SPOKEN = "the second train leaves at ten past nine and we change in Chambéry, so please book two seats "
PILL = (
    Shown(Stage.LISTENING, level=0.1, acts=(Do.CANCEL, Do.END)),
    Shown(Stage.LISTENING, 0.7, _SPOKEN, "by the window", acts=(Do.CANCEL, Do.END)),
    Shown(
        Stage.LISTENING,
        warning="The microphone gives only silence. Switch it on, turn it up, or let Cadre use it in the system's "
        "privacy settings.",
        acts=(Do.CANCEL, Do.END),
    ),
    Shown(Stage.WORKING, 0.0, _SPOKEN, "by the window", acts=(Do.CANCEL,)),
    Shown(Stage.INSERTED),
    Shown(Stage.COPIED, sentence="Copied, not inserted: another program is in front now.", acts=(Do.HIDE,)),
    Shown(Stage.OFFERED, sentence="Tidied: On Wednesday, not on Tuesday.", acts=(Do.SWAP, Do.HIDE)),
    Shown(Stage.NOTHING, sentence="No words were heard."),
    Shown(Stage.CANCELLED),
    Shown(Stage.DENIED, sentence="Cadre may not use the microphone.", acts=(Do.ALLOW, Do.HIDE)),
    Shown(
        Stage.FAILED,
        sentence="The engine stopped. The recording is kept.",
        acts=(Do.RETRY, Do.SHOW, Do.HIDE),
    ),
)
"""Every state of the pill."""
LEVELS = (0.2, 0.5, 0.35, 0.8, 0.6, 0.9)
"""What was heard before the pictured moment."""

_LETTER = """Dear Mr Lindqvist,

thank you for the keys. The kitchen tap drips a little, and the lamp over the stairs is broken. Could somebody look at \
both this week? We are at home on Thursday and Friday, from four in the afternoon.

Best regards,
Priya Raghunathan"""
DICTATED = (
    # hours ago, seconds, text, recogniser, failure, whether the recording is kept
    (0.2, 9, "Please book two seats by the window on the second train, and ask whether bicycles go along.", "", True),
    (
        1.4,
        31,
        _LETTER,
        "",
        True,
    ),
    (2.1, 74, "", "Cadre ended before this was written down.", True),
    (3.5, 4, "Call the movers back before noon.", "", True),
    (26, 12, "The starter wants rye flour, not wheat, and a warmer place than the window sill.", "", True),
    (28, 6, "Add saffron and two lemons to the list.", "", False),
    (30, 17, "Idea for the bakery: small, open from five, closed when the bread is gone.", "", False),
)
