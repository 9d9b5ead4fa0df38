"""A program in a terminal of its own, watched from outside: when did which bytes arrive?"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence

from diffedit.core.errors import BackendError

COLUMNS, ROWS = 100, 32
_ESCAPES = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_].*?\x1b\\|.)"
)
_CUT = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*|[PX^_][^\x1b]*)?\Z")
"""An escape sequence whose end has not come yet."""


class Terminal:
    """A pty and the program in it. What it writes is kept as plain text, without escapes."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.began = time.monotonic()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            size = struct.pack("HHHH", ROWS, COLUMNS, 0, 0)
            fcntl.ioctl(0, termios.TIOCSWINSZ, size)
            os.execvpe(command[0], list(command), dict(environment))  # noqa: S606 - our own program
        self._plain = b""
        self._held = b""

    def press(self, keys: bytes) -> float:
        """Type; the time at which it was typed."""
        clock = time.monotonic()
        os.write(self._fd, keys)
        return clock

    def wait_for(self, pattern: bytes, timeout_s: float = 60.0) -> tuple[re.Match[bytes], float]:
        """The first match in what comes from now on, and when it was there.

        Text before the match is forgotten. Raises BackendError when it does not come.
        """
        wanted = re.compile(pattern)
        end = time.monotonic() + timeout_s
        clock = time.monotonic()
        while (match := wanted.search(self._plain)) is None:
            if not self._read(max(0.0, end - time.monotonic())):
                shown = self._plain[-300:].decode("utf-8", "replace")
                raise BackendError(f"The screen never showed {pattern!r}; last: {shown!r}.")
            clock = time.monotonic()
        self._plain = self._plain[match.end() :]
        return match, clock

    def drain(self) -> None:
        """Forget what is on the way already."""
        while self._read(0.0):
            pass
        self._plain = b""

    def children(self) -> list[int]:
        """The program's child processes, where the system tells."""
        try:
            with open(f"/proc/{self.pid}/task/{self.pid}/children", encoding="ascii") as source:  # noqa: PTH123
                return [int(word) for word in source.read().split()]
        except OSError:
            return []

    def close(self) -> None:
        """End the program and its terminal."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._fd)

    def _read(self, timeout_s: float) -> bool:
        """Take what has come; False when nothing came in time, or nothing will."""
        if not select.select([self._fd], [], [], timeout_s)[0]:
            return False
        try:
            data = os.read(self._fd, 1 << 16)
        except OSError:
            # Linux says so when the other end is closed.
            return False
        data = self._held + data
        cut = _CUT.search(data)
        self._held = b""
        if cut is not None:
            data, self._held = data[: cut.start()], cut[0]
        self._plain += _ESCAPES.sub(b"", data)
        return bool(data) or bool(self._held)


def memory_mb(pid: int) -> float | None:
    """What a process holds in memory, in megabytes; None where the system does not tell."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as source:  # noqa: PTH123
            for line in source:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) / 1024
    except OSError:
        return None
    return None
