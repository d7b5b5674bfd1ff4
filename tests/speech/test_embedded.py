"""The small recogniser: what it makes of two clear sentences. Slow on purpose of no one: it is an old design."""

from __future__ import annotations

import pytest

from engine.errors import KnownError
from engine.speech.embedded import Embedded
from engine.speech.recogniser import Hints
from tests.speech.sounds import MODERN, SURPASSED, samples_of


@pytest.fixture(scope="module")
def embedded():
    recogniser = Embedded()
    yield recogniser
    recogniser.close()


def text(said):
    return "".join(word.text for word in said.words).split()


def test_two_utterances_at_once_do_not_mix(embedded):
    pulses = []
    one, other = embedded.begin(Hints()), embedded.begin(Hints("en"))
    for at in range(0, 32_000, 8_000):
        one.hear(samples_of(MODERN)[at : at + 8_000], lambda: pulses.append(1))
        other.hear(samples_of(SURPASSED)[at : at + 8_000], lambda: pulses.append(1))

    assert other.guess(lambda: None).language == "en"
    first, second = one.end(lambda: pulses.append(1)), other.end(lambda: pulses.append(1))

    assert "modern" in text(first)
    assert {"never", "been"} <= set(text(second))
    assert first.language == "en"
    times = [(word.start, word.end) for word in second.words]
    assert times == sorted(times)
    assert 0 <= times[0][0] < times[-1][1] <= 2.0
    assert len(pulses) >= 4


def test_a_dropped_utterance_leaves_nothing_behind(embedded):
    utterance = embedded.begin(Hints())
    utterance.hear(samples_of(MODERN)[:16_000], lambda: None)
    utterance.drop()

    assert embedded.begin(Hints()).end(lambda: None).words == ()


def test_another_language_is_refused(embedded):
    with pytest.raises(KnownError, match="only English"):
        embedded.begin(Hints("de"))
