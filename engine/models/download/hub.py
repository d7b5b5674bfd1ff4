"""Asks the Hub: what a repository holds, a file from some byte on, models by name. One request at a time per `Stop`.

Speaks HTTPS only, except with this very machine. Follows redirects itself: the token goes to the Hub's own origin and
nowhere else, and only after the Hub refused to answer without. No cookies, no other headers about the person.
Any thread. What went wrong for now is `Interrupted`; what a person must act on is a `KnownError`.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx2

from engine.errors import KnownError
from engine.models.download import refusals
from engine.models.download.address import PUBLIC
from engine.models.download.listing import Found, Listing, RemoteFile, listing, strange
from engine.models.download.names import is_sha1, is_sha256, repository
from engine.models.download.retrying import Interrupted
from engine.models.download.stopping import Stop

_REDIRECTS = 6
_LARGEST_ANSWER = 64 << 20
_TRUE = {"1", "true", "yes", "on"}
logging.getLogger("httpx2").setLevel(logging.WARNING)  # it would log addresses that are keys themselves


@dataclass(frozen=True)
class Patience:
    """Seconds: to connect, and without a byte."""

    connect: float = 15.0
    stall: float = 60.0


class Changed(Exception):
    """The Hub's file is not the one that was listed."""


@dataclass(frozen=True)
class Answer:
    """Bytes of a file from `start` on; 0 where the server does not send parts. total: of the whole, if it says."""

    start: int
    total: int | None
    pieces: Iterator[bytes]


class Hub:
    """endpoint: its address, by default HF_ENDPOINT or the public one. token: asked for only when it is needed.
    allowed: whether the network may be used, asked before every request.
    """

    def __init__(
        self,
        endpoint: str | None = None,
        token: Callable[[], str | None] = lambda: None,
        allowed: Callable[[], bool] = lambda: True,
        patience: Patience | None = None,
    ) -> None:
        patience = patience or Patience()
        self.endpoint = (endpoint or os.environ.get("HF_ENDPOINT") or PUBLIC).rstrip("/")
        self._token, self._allowed = token, allowed
        self._client = httpx2.Client(
            timeout=httpx2.Timeout(patience.stall, connect=patience.connect),
            headers={"User-Agent": "cadre", "Accept-Encoding": "identity"},
            limits=httpx2.Limits(max_keepalive_connections=0),  # every request connects, so that Stop sees its socket
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    # --- what can be asked --------------------------------------------------------------------------------

    def list(self, name: str, stop: Stop) -> Listing:
        """The newest commit of a repository. Raises KnownError, Interrupted, Cancelled."""
        return listing(self._json(f"/api/models/{repository(name)}/revision/main?blobs=true", name, stop))

    def search(self, words: str, stop: Stop, limit: int = 30) -> tuple[Found, ...]:
        """MLX models whose name holds the words, the most downloaded first. Raises as `list`."""
        query = f"/api/models?search={quote(words)}&filter=mlx&sort=downloads&direction=-1&limit={limit}"
        found = self._json(query, words, stop)
        if not isinstance(found, list):
            raise strange()
        return tuple(_found(entry) for entry in found if isinstance(entry, dict) and _is_model(entry))

    @contextmanager
    def open(self, listed: Listing, file: RemoteFile, start: int, stop: Stop) -> Iterator[Answer]:
        """A file from a byte on.

        Raises:
            Changed: it is not the file that was listed.
            KnownError, Interrupted, Cancelled.
        """
        path = f"/{listed.repository}/resolve/{listed.commit}/{quote(file.name)}"
        headers = {"Range": f"bytes={start}-"} if start else {}
        with self._get(path, listed.repository, stop, headers, file.hash) as response:
            yield _answer(response, start, stop)

    # --- how ----------------------------------------------------------------------------------------------

    def _json(self, path: str, about: str, stop: Stop) -> object:
        with self._get(path, about, stop, {}) as response:
            content = bytearray()
            for piece in _pieces(response, stop):
                content += piece
                if len(content) > _LARGEST_ANSWER:
                    raise strange()
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise strange() from error

    @contextmanager
    def _get(
        self, path: str, about: str, stop: Stop, headers: dict[str, str], expected: str | None = None
    ) -> Iterator[httpx2.Response]:
        """An answer of status 200, 206 or 416, behind all redirects; without a token first."""
        response = self._follow(path, stop, headers, expected, None)
        token = self._token() if response.status_code in (401, 403) else None
        if token:
            response.close()
            response = self._follow(path, stop, headers, expected, token)
        try:
            if response.status_code not in (200, 206, 416):
                raise refusals.of(response, about, self.endpoint, with_token=bool(token))
            yield response
        finally:
            response.close()

    def _follow(
        self, path: str, stop: Stop, headers: dict[str, str], expected: str | None, token: str | None
    ) -> httpx2.Response:
        url = _url(self.endpoint + path)
        home = _origin(url)
        for _ in range(_REDIRECTS):
            self._check(url)
            own = _origin(url) == home
            secret = {"Authorization": f"Bearer {token}"} if token and own else {}
            response = self._send(url, headers | secret, stop)
            if own and expected is not None:
                _check_hash(response, expected)
            if not response.has_redirect_location:
                return response
            response.close()
            try:
                url = url.join(response.headers["Location"])
            except httpx2.InvalidURL as error:
                raise strange() from error
        raise Interrupted("The Hub sends Cadre from one address to the next without end.")

    def _send(self, url: httpx2.URL, headers: dict[str, str], stop: Stop) -> httpx2.Response:
        def trace(event: str, about: dict[str, Any]) -> None:
            if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
                stop.watch(about["return_value"].get_extra_info("socket"))

        stop.check()
        request = self._client.build_request("GET", url, headers=headers, extensions={"trace": trace})
        with _in_words(stop):
            return self._client.send(request, stream=True, follow_redirects=False)

    def _check(self, url: httpx2.URL) -> None:
        if not self._allowed() or os.environ.get("HF_HUB_OFFLINE", "").lower() in _TRUE:
            raise KnownError(
                "Cadre is set never to use the network.",
                "Switch that off in the window under Models, or with `cadre pull --network on`.",
            )
        if url.scheme != "https" and not (url.scheme == "http" and url.host in ("127.0.0.1", "::1", "localhost")):
            raise KnownError(
                f"{url.scheme}://{url.host} is not a protected address (https), and Cadre loads from no other.",
                "Check HF_ENDPOINT, or the network you are in: it may ask for a login first.",
            )


def _url(text: str) -> httpx2.URL:
    try:
        return httpx2.URL(text)
    except httpx2.InvalidURL as error:
        raise KnownError(f"{text} is no address.", "Check HF_ENDPOINT.") from error


def _origin(url: httpx2.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80)


@contextmanager
def _in_words(stop: Stop) -> Iterator[None]:
    try:
        yield
    except httpx2.TimeoutException as error:
        stop.check()
        raise Interrupted("The Hub did not answer for too long.") from error
    except httpx2.TransportError as error:
        stop.check()
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise refusals.untrusted() from error
        raise Interrupted("The connection to the Hub broke off.") from error


def _pieces(response: httpx2.Response, stop: Stop) -> Iterator[bytes]:
    with _in_words(stop):
        for piece in response.iter_raw():
            stop.check()
            yield piece
    stop.check()


def _check_hash(response: httpx2.Response, expected: str) -> None:
    """The Hub names files by their hash in the ETag; other servers' ETags say nothing to us."""
    tag = response.headers.get("X-Linked-Etag") or response.headers.get("ETag") or ""
    tag = tag.removeprefix("W/").strip('"')
    if (is_sha1(tag) or is_sha256(tag)) and tag != expected and response.status_code < 400:
        response.close()
        raise Changed


def _answer(response: httpx2.Response, start: int, stop: Stop) -> Answer:
    if response.status_code == 200:
        length = response.headers.get("Content-Length", "")
        return Answer(0, int(length) if length.isascii() and length.isdigit() else None, _pieces(response, stop))
    first, total = _range(response.headers.get("Content-Range", ""))
    if response.status_code == 416 or first != start:
        return Answer(-1, total, iter(()))
    return Answer(start, total, _pieces(response, stop))


def _range(text: str) -> tuple[int | None, int | None]:
    """First byte and whole size of `bytes 10-99/100`, or of `bytes */100`; None where it does not say."""
    unit, _, rest = text.strip().partition(" ")
    span, _, total = rest.partition("/")
    first = span.partition("-")[0]
    if unit != "bytes":
        return None, None
    return (int(first) if first.isdecimal() else None), (int(total) if total.isdecimal() else None)


def _is_model(entry: dict[str, object]) -> bool:
    try:
        repository(str(entry.get("id")))
    except KnownError:
        return False
    return True


def _found(entry: dict[str, object]) -> Found:
    downloads = entry.get("downloads")
    return Found(str(entry["id"]), downloads if type(downloads) is int else 0, bool(entry.get("gated")))
