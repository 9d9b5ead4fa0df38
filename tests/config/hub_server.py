"""A hub on this machine: the part of its protocol that fetching a checkpoint needs."""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = "1f" * 20


class Hub(ThreadingHTTPServer):
    """Serves one repository; what it promises of its files may be made untrue."""

    daemon_threads = True

    def __init__(self, files: Mapping[str, bytes], repository: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.repository = repository
        self.files = dict(files)
        self.commit = COMMIT
        self.refs = {"main"}
        self.lies: dict[str, bytes] = {}
        """What is sent in place of a file."""
        self.breaks: dict[str, int] = {}
        """After how many bytes of a file the connection breaks, once."""
        self.gated = False
        self.asked: list[tuple[str, str]] = []
        """Each file that was asked for, and from which byte on."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def told(self) -> dict[str, Any]:
        """What the API says of the repository."""
        siblings = []
        for name, data in self.files.items():
            file: dict[str, Any] = {"rfilename": name, "size": len(data), "blobId": "b" * 40}
            if name.endswith((".safetensors", ".bin")):
                sha = hashlib.sha256(data).hexdigest()
                file["lfs"] = {"sha256": sha, "size": len(data), "pointerSize": 130}
            siblings.append(file)
        return {
            "id": self.repository,
            "modelId": self.repository,
            "sha": self.commit,
            "siblings": siblings,
            "cardData": {"license": "apache-2.0"},
        }


class Handler(BaseHTTPRequestHandler):
    """GET of the API and of files; a file may be asked for from a byte on."""

    server: Hub
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms between head and body

    def do_GET(self) -> None:
        hub = self.server
        path = self.path.partition("?")[0]
        refs = hub.refs | {hub.commit}
        if any(path == f"/api/models/{hub.repository}/revision/{ref}" for ref in refs):
            if hub.gated:
                self.answer(403, b"{}", {"X-Error-Code": "GatedRepo"})
            else:
                self.answer(200, json.dumps(hub.told()).encode())
            return
        place = f"/{hub.repository}/resolve/{hub.commit}/"
        name = path.removeprefix(place)
        if path.startswith(place) and name in hub.files:
            self.file(name)
            return
        known = path.startswith(f"/api/models/{hub.repository}/")
        self.answer(404, b"{}", {"X-Error-Code": "RevisionNotFound" if known else "RepoNotFound"})

    def file(self, name: str) -> None:
        first = int((self.headers.get("Range") or "bytes=0-")[6:].rstrip("-"))
        self.server.asked.append((name, str(first)))
        data = self.server.lies.get(name, self.server.files[name])
        headers = {"ETag": '"x"', "X-Repo-Commit": self.server.commit}
        if first:
            headers["Content-Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"
        self.answer(206 if first else 200, data[first:], headers)

    def answer(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        cut = self.server.breaks.pop(self.path.rpartition("/")[2], None)
        self.wfile.write(body[:cut])
        self.close_connection = cut is not None

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def serving(files: Mapping[str, bytes], repository: str = "owner/tiny-it") -> Iterator[Hub]:
    """A hub while the block lasts."""
    with Hub(files, repository) as hub:
        thread = threading.Thread(target=hub.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield hub
        finally:
            hub.shutdown()
            thread.join()
