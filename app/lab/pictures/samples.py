"""What stands in the pictured chats that no model wrote: titles, and one long answer to show how text looks. Pure."""

from __future__ import annotations

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
