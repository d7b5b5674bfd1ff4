"""What the Hub's refusals mean for a person, and which of them pass by themselves. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2

from engine.checkpoint.safetensors import shown
from engine.errors import KnownError
from engine.models.download.retrying import Interrupted

_GIVE = "give it to Cadre (Token under Models, or `cadre pull --token`)"
_FOR_NOW = {408, 425, 429}


def of(response: httpx2.Response, about: str, endpoint: str, *, with_token: bool) -> KnownError | Interrupted:
    """Of a status that is neither an answer nor a redirect. about: the repository, or what was searched for."""
    status, code = response.status_code, response.headers.get("X-Error-Code", "")
    if status in _FOR_NOW or status >= 500:
        busy = status == 429
        reason = "The Hub asks for a pause." if busy else f"The Hub cannot answer now (HTTP {status})."
        return Interrupted(reason, retry_after(response.headers.get("Retry-After", ""), datetime.now(UTC)))
    about = shown(about)
    if status in (401, 403):
        return _not_let_in(about, endpoint, gated=code == "GatedRepo", with_token=with_token)
    if status == 404 and code == "EntryNotFound":
        return KnownError(f"A file of {about} is gone from the Hub.", "Try again: the list of files is read anew.")
    if status in (404, 410):
        return KnownError(f"{about} is not on the Hub.", "Check the name, also its capitals.")
    return KnownError(f"The Hub refused the request (HTTP {status}).", "Try again later, or update Cadre.")


def _not_let_in(about: str, endpoint: str, *, gated: bool, with_token: bool) -> KnownError:
    if gated:
        return _gated(about, endpoint, with_token=with_token)
    if with_token:
        return KnownError(
            f"The Hub does not accept your token for {about}.",
            f"Make a new one with read access under Settings, Access Tokens on the Hub, and {_GIVE}.",
        )
    return KnownError(
        f"{about} is not on the Hub, or is not public.",
        f"Check the name; for one that is yours, make a read token on the Hub and {_GIVE}.",
    )


def _gated(about: str, endpoint: str, *, with_token: bool) -> KnownError:
    page = f"{endpoint}/{about}"
    if with_token:
        return KnownError(
            f"Your token may not load {about} yet.", f"Agree to its terms at {page}, or wait until they let you in."
        )
    return KnownError(
        f"{about} asks for your agreement to its terms first.",
        f"Agree at {page}, make a read token there and {_GIVE}.",
    )


def untrusted() -> KnownError:
    return KnownError(
        "The Hub's certificate is not trusted here.",
        "Check date and time of this machine, and whether the network you are in reads along.",
    )


def retry_after(text: str, now: datetime) -> float | None:
    """Seconds of a Retry-After header: a number, or a date; None when it is neither."""
    if text.strip().isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
