"""A Hub on this machine: lists and sends what it is given, and misbehaves as told, once per request. Test support."""

from __future__ import annotations

import hashlib
import json
import ssl
import threading
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from tests.checkpoint.writing import experts, safetensors

COMMIT = "c0ffee" + 34 * "0"
Behaviour = Callable[["Handler", bytes, int], None]
"""Of a request for a file: the whole file, and the first byte that was asked for."""


def git_hash(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def blob_name(name: str, content: bytes) -> str:
    return hashlib.sha256(content).hexdigest() if name.endswith(".safetensors") else git_hash(content)


def small_model(folder, filler: int = 0) -> dict[str, bytes]:
    """The files of a whole model that Cadre can open."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = safetensors(folder / "w", experts("model.layers.0.mlp.switch_mlp", hidden=64 + filler)).read_bytes()
    config = {"model_type": "qwen3_moe", "num_experts": 4, "num_experts_per_tok": 2}
    return {
        "config.json": json.dumps(config).encode(),
        "tokenizer.json": b"{}",
        "model.safetensors": weights,
    }


def sharded_model(folder) -> dict[str, bytes]:
    """The same in two weights files: with one of them missing it is no model."""
    files = small_model(folder)
    del files["model.safetensors"]
    for number in (1, 2):
        weights = safetensors(folder / "w", experts(f"model.layers.{number - 1}.mlp.switch_mlp"))
        files[f"model-0000{number}-of-00002.safetensors"] = weights.read_bytes()
    return files


class FakeHub:
    def __init__(self) -> None:
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.commits: dict[str, str] = {}
        self.gated: dict[str, str] = {}
        """Repository to the token that opens it."""
        self.listed: dict[str, list[object]] = {}
        """Siblings told instead of the true ones."""
        self.answers: dict[str, bytes] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.released = threading.Event()
        self.arrived = threading.Event()
        """Set by those behaviours that wait for `released`."""
        self._behaviours: dict[str, deque[Behaviour]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": self}))
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def add(self, name: str, files: dict[str, bytes]) -> None:
        self.repositories[name] = files

    def behave(self, file: str, *behaviours: Behaviour) -> None:
        """For the next requests of a file, in order; afterwards it behaves."""
        self._behaviours.setdefault(file, deque()).extend(behaviours)

    def next_behaviour(self, file: str) -> Behaviour | None:
        waiting = self._behaviours.get(file)
        return waiting.popleft() if waiting else None

    def asked(self, file: str) -> list[dict[str, str]]:
        """The headers of every request for a file."""
        return [headers for path, headers in self.requests if path.endswith(f"/{file}")]

    def ranges(self, file: str) -> list[str]:
        return [headers.get("Range", "") for headers in self.asked(file)]

    def speak_tls(self, context: ssl.SSLContext) -> None:
        """From now on. A handshake that fails is the client's wish."""
        listening = self._server.socket
        self._server.socket = context.wrap_socket(listening, server_side=True, do_handshake_on_connect=False)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Handler(BaseHTTPRequestHandler):
    hub: FakeHub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_about: object) -> None:
        pass

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.requests.append((path, dict(self.headers)))
        self.close_connection = True
        try:
            if path in self.hub.answers:
                self.plain(200, self.hub.answers[path])
            elif path.startswith("/api/models/"):
                self._list(path.removeprefix("/api/models/").removesuffix("/revision/main"))
            else:
                self._file(path)
        except (BrokenPipeError, ConnectionResetError):
            pass  # who asked went away

    def plain(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def _refused(self, name: str) -> bool:
        """Listing is free, as on the Hub; files are not."""
        wanted = self.hub.gated.get(name)
        given = self.headers.get("Authorization")
        if wanted is None or given == f"Bearer {wanted}":
            return False
        self.plain(403 if given else 401, b"no", X_Error_Code="GatedRepo")
        return True

    def _list(self, name: str) -> None:
        if name not in self.hub.repositories:
            self.plain(401, b"no", X_Error_Code="RepoNotFound")
            return
        files = self.hub.repositories[name]
        siblings = self.hub.listed.get(name) or [sibling(file, content) for file, content in files.items()]
        commit = self.hub.commits.get(name, COMMIT)
        self.plain(200, json.dumps({"id": name, "sha": commit, "siblings": siblings}).encode())

    def _file(self, path: str) -> None:
        owner, repository, _resolve, _commit, file = path.strip("/").split("/", 4)
        name = f"{owner}/{repository}"
        if self._refused(name):
            return
        content = self.hub.repositories[name].get(file)
        if content is None:
            self.plain(404, b"no", X_Error_Code="EntryNotFound")
            return
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
        behaviour = self.hub.next_behaviour(file) or send
        behaviour(self, content, start)


def sibling(name: str, content: bytes) -> dict[str, object]:
    large = {"lfs": {"sha256": blob_name(name, content), "size": len(content)}} if name.endswith(".safetensors") else {}
    return {"rfilename": name, "size": len(content), "blobId": git_hash(content), **large}


# --- how a file may be sent -----------------------------------------------------------------------------------


def send(handler: Handler, content: bytes, start: int) -> None:
    """As a server should."""
    if start == 0:
        handler.plain(200, content)
    elif start >= len(content):
        handler.plain(416, b"", Content_Range=f"bytes */{len(content)}")
    else:
        handler.plain(206, content[start:], Content_Range=f"bytes {start}-{len(content) - 1}/{len(content)}")


def cut_after(count: int) -> Behaviour:
    """Promises the rest and sends so many bytes of it."""

    def behaviour(handler: Handler, content: bytes, start: int) -> None:
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        handler.send_header("Content-Length", str(len(content) - start))
        handler.end_headers()
        handler.wfile.write(content[start : start + count])

    return behaviour


def stall_after(count: int) -> Behaviour:
    """Sends so many bytes and then nothing, until the test ends."""

    def behaviour(handler: Handler, content: bytes, start: int) -> None:
        cut_after(count)(handler, content, start)
        handler.hub.arrived.set()
        handler.hub.released.wait()

    return behaviour


def silent(handler: Handler, content: bytes, start: int) -> None:
    """Not even headers."""
    handler.hub.arrived.set()
    handler.hub.released.wait()


def whole(handler: Handler, content: bytes, start: int) -> None:
    """Knows no ranges."""
    handler.plain(200, content)


def wrong_range(handler: Handler, content: bytes, start: int) -> None:
    handler.plain(206, content[1:], Content_Range=f"bytes 1-{len(content) - 1}/{len(content)}")


def not_satisfiable(handler: Handler, content: bytes, start: int) -> None:
    handler.plain(416, b"", Content_Range=f"bytes */{len(content)}")


def other_length(handler: Handler, content: bytes, start: int) -> None:
    handler.plain(200, content + b"more")


def too_long(handler: Handler, content: bytes, start: int) -> None:
    """Without a length, and longer than the list says."""
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(content + b"more")


def damaged(handler: Handler, content: bytes, start: int) -> None:
    send(handler, bytes(len(content)), start)


def status(code: int, **headers: str) -> Behaviour:
    def behaviour(handler: Handler, content: bytes, start: int) -> None:
        handler.plain(code, b"no", **headers)

    return behaviour


def redirect(to: str, **headers: str) -> Behaviour:
    def behaviour(handler: Handler, content: bytes, start: int) -> None:
        handler.plain(302, b"", Location=to, **headers)

    return behaviour
