"""One streaming POST that can be left at any moment; leaving it closes the connection."""

from __future__ import annotations

import http.client
import json
import queue
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO, Any
from urllib.parse import urlsplit

from diffedit.api import BackendError, DiffeditError, ModelError

FIRST_WAIT_S = 0.5
"""Before the first retry; twice as long before each further one, in seconds."""

LONGEST_WAIT_S = 30.0
"""A server that asks for more patience than this is told of instead."""

POLL_S = 0.05
"""How often `cancelled` is asked while the server is silent, in seconds."""

LONGEST = 1 << 24
"""No line of a stream is longer, in bytes."""


class BusyError(BackendError):
    """What may pass by itself: nobody there, too many requests, a server that starts."""

    def __init__(self, message: str, *, hint: str = "", after_s: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.after_s = after_s
        """How long the server asks to wait; None: it does not say."""


def patient(
    make: Callable[[], Stream], retries: int, cancelled: Callable[[], bool]
) -> Iterator[str]:
    """The lines of one answer, asked for again while the server is busy and has said nothing yet.

    Raises what ended the last try; ends without a word when cancelled.
    """
    for attempt in range(retries + 1):
        begun = False
        try:
            for line in make().lines(cancelled):
                begun = True
                yield line
        except BusyError as error:
            wait_s = FIRST_WAIT_S * 2**attempt if error.after_s is None else error.after_s
            if begun or attempt == retries or wait_s > LONGEST_WAIT_S:
                raise
            _pause(wait_s, cancelled)
            if cancelled():
                return
        else:
            return


def _pause(wait_s: float, cancelled: Callable[[], bool]) -> None:
    """Wait, or be cancelled."""
    end = time.monotonic() + wait_s
    while not cancelled() and (left := end - time.monotonic()) > 0:
        time.sleep(min(left, POLL_S))


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the key was meant for this server and no other."""

    def redirect_request(self, *_: Any) -> None:
        """Refuse; the answer is told as the error that it is."""


class _Watched(urllib.request.HTTPHandler, urllib.request.HTTPSHandler):
    """Opens connections as urllib does (proxies too) and hands out each socket."""

    def __init__(self, tell: Callable[[socket.socket], None]) -> None:
        super().__init__()
        self.tell = tell

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """A plain connection."""
        return self.do_open(self._plain, req)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """A connection over TLS, the certificate checked."""
        return self.do_open(self._tls, req)

    def _plain(self, host: str, **given: Any) -> http.client.HTTPConnection:
        return self._watch(http.client.HTTPConnection(host, **given))

    def _tls(self, host: str, **given: Any) -> http.client.HTTPConnection:
        context = ssl.create_default_context()
        return self._watch(http.client.HTTPSConnection(host, context=context, **given))

    def _watch(self, connection: http.client.HTTPConnection) -> http.client.HTTPConnection:
        connect = connection.connect

        def connect_and_tell() -> None:
            connect()
            self.tell(connection.sock)

        connection.connect = connect_and_tell  # type: ignore[method-assign]
        return connection


class Stream:
    """The lines of one answer, as they come.

    A thread reads them, so that a silent server can be left without waiting for it.
    """

    def __init__(
        self, url: str, body: Mapping[str, Any], headers: Mapping[str, str], *, timeout_s: float
    ) -> None:
        self.host = urlsplit(url).netloc.rpartition("@")[2]
        self._request = urllib.request.Request(  # noqa: S310 - the scheme was checked
            url,
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "Accept": "text/event-stream", **headers},
        )
        self._key = headers.get("Authorization", "").removeprefix("Bearer ")
        self._timeout_s = timeout_s
        self._lines: queue.SimpleQueue[str | DiffeditError | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._left = False

    def lines(self, cancelled: Callable[[], bool]) -> Iterator[str]:
        """Each line without its end, until the server is done or `cancelled()`."""
        threading.Thread(target=self._read, name="openai-compatible", daemon=True).start()
        try:
            while not cancelled():
                try:
                    item = self._lines.get(timeout=POLL_S)
                except queue.Empty:
                    continue
                if item is None:
                    return
                if isinstance(item, DiffeditError):
                    raise item
                yield item
        finally:
            self._leave()

    def _take(self, connected: socket.socket) -> None:
        """Keep the socket; refuse it if nobody waits any more."""
        with self._lock:
            if self._left:
                raise ConnectionAbortedError
            self._socket = connected

    def _leave(self) -> None:
        """Close the connection under the reader's feet; a finished one does not mind."""
        with self._lock:
            self._left = True
            if self._socket is not None:
                try:
                    # Not SSLSocket's own shutdown: that takes the TLS state from the reader.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
                except OSError:
                    return  # it is closed already

    def _read(self) -> None:
        """The reading thread: lines, then None or the error that ended them."""
        opener = urllib.request.build_opener(_Watched(self._take), _Stay())
        try:
            with opener.open(self._request, timeout=self._timeout_s) as response:
                while line := response.readline(LONGEST):
                    self._lines.put(line.decode("utf-8", "replace").rstrip("\r\n"))
        except urllib.error.HTTPError as error:
            with error:
                self._lines.put(_refused(error, self.host, self._key))
        except TimeoutError:
            self._lines.put(self._silent())
        except urllib.error.URLError as error:
            slow = isinstance(error.reason, TimeoutError)
            self._lines.put(self._silent() if slow else _unreached(error, self.host))
        except (OSError, ValueError, http.client.HTTPException) as error:
            self._lines.put(BackendError(f"The connection to {self.host} broke: {_line(error)}."))
        else:
            self._lines.put(None)

    def _silent(self) -> BackendError:
        return BackendError(
            f"{self.host} was silent for {self._timeout_s:g} s.",
            hint="The option timeout_s sets how long to wait.",
        )


def events(lines: Iterable[str]) -> Iterator[str]:
    """The data of each server-sent event; an answer in plain JSON comes as one event."""
    data: list[str] = []
    plain: list[str] = []
    for line in lines:
        if plain or (line.startswith("{") and not data):
            plain.append(line)
        elif line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif not line and data:
            yield "\n".join(data)
            data = []
    if data or plain:
        yield "\n".join(data or plain)


def _unreached(error: urllib.error.URLError, host: str) -> BackendError:
    return BusyError(
        f"{host} cannot be reached: {_line(error.reason)}.",
        hint="Is the server running, and is `url` right?",
    )


def _refused(error: urllib.error.HTTPError, host: str, key: str) -> DiffeditError:
    """What an HTTP status means for the person who waits."""
    said = _said(error, key)
    if error.code in (401, 403):
        return ModelError(
            f"{host} refused the key ({error.code}).{said}",
            hint="The option key_env names the environment variable that holds it.",
        )
    if 300 <= error.code < 400:
        place = _line(error.headers.get("Location", "elsewhere"))
        return ModelError(f"{host} sends us to {place}.", hint="Put the right address into `url`.")
    if error.code == 404:
        return ModelError(
            f"{host} knows no such address or model (404).{said}",
            hint="`url` should end as the server's documentation says, mostly in /v1.",
        )
    if error.code == 429:
        return BusyError(
            f"{host} asks to wait (429).{said}", hint="Try again later.", after_s=_asked(error)
        )
    message = f"{host} answered with an error ({error.code}).{said}"
    if error.code in (502, 503, 504):
        return BusyError(message, after_s=_asked(error))
    return BackendError(message)


def _asked(error: urllib.error.HTTPError) -> float | None:
    """How many seconds the server asks us to wait; None if it gives no plain number."""
    told = (error.headers.get("Retry-After") or "").strip()
    return float(told) if told.isascii() and told.isdigit() else None


def _said(response: IO[bytes], key: str) -> str:
    """The server's own words in an error, shortened; "" if it has none."""
    try:
        return said(json.loads(response.read(100_000)), key)
    except (OSError, ValueError, http.client.HTTPException):
        return ""


def said(answer: Any, key: str) -> str:
    """The message in an error object, as " It said: …"; "" if there is none.

    Some servers repeat the key that they refuse; it is not shown.
    """
    found = answer.get("error", answer) if isinstance(answer, dict) else answer
    if isinstance(found, dict):
        found = found.get("message", "")
    if not found or not isinstance(found, str):
        return ""
    return f' It said: "{_line(found.replace(key, "(the key)") if key else found)}"'


def _line(words: object) -> str:
    """Anything as one short line that is safe to show."""
    line = " ".join(str(words).split())
    line = "".join(sign if sign.isprintable() else "?" for sign in line)
    return line if len(line) <= 200 else f"{line[:199]}…"
