"""A chat server of our own on 127.0.0.1, which says what a test wants it to say."""

import contextlib
import json
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def chunk(content: str = "", *, finish: str | None = None, **more: Any) -> bytes:
    """One server-sent event as OpenAI's servers write it."""
    choice = {"index": 0, "delta": {"content": content, **more}, "finish_reason": finish}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


class Server(ThreadingHTTPServer):
    """Sends the given parts of a body in turn; `hold` waits after them for the client to go."""

    daemon_threads = True

    def __init__(self, parts: Sequence[bytes], *, status: int = 200, hold: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.parts, self.status, self.hold = parts, status, hold
        self.headers: dict[str, str] = {}
        self.refusals: list[int] = []
        """The statuses of the next answers, before the one that was given."""
        self.silent = False
        """Whether even the headers are held back."""
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.paths: list[str] = []
        self.gone = threading.Event()
        """Set when the client has closed a held connection."""
        self.reached = threading.Event()

    @property
    def url(self) -> str:
        """What the option `url` should be."""
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    """Answers one POST."""

    server: Server

    def do_POST(self) -> None:
        """Note what was asked; send what is to be sent."""
        server = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.asked.append(json.loads(body))
        server.keys.append(self.headers.get("Authorization"))
        server.paths.append(self.path)
        server.reached.set()
        if not server.silent:
            refusal = server.refusals.pop(0) if server.refusals else 0
            self.send_response(refusal or server.status)
            for name, value in server.headers.items():
                self.send_header(name, value)
            self.end_headers()
            for part in server.parts:
                self.wfile.write(part)
                self.wfile.flush()
        if server.hold:
            self.connection.settimeout(30)
            with contextlib.suppress(ConnectionError):
                if self.connection.recv(1):
                    return
            server.gone.set()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
        """Say nothing."""


@contextlib.contextmanager
def serving(*parts: bytes, status: int = 200, hold: bool = False) -> Iterator[Server]:
    """A running server, stopped at the end."""
    with Server(parts, status=status, hold=hold) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
