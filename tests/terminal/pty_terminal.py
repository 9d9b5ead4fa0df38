"""The real program in a terminal of its own: keys go in as bytes, the screen comes out as text."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte
from pyte.screens import Screen as PyteScreen

from diffedit.worker.client import environment

PATIENCE = 60.0
"""Seconds that a test waits for what must happen; then it fails. Machines are slow at times."""
LAUNCH = Path(__file__).with_name("launch.py")
ENTER_SCREEN, LEAVE_SCREEN = b"\x1b[?1049h", b"\x1b[?1049l"
SYNC_ASKED, SYNC_KNOWN = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
FRAME_END = b"\x1b[?2026l"
"""Between two of these lies one whole picture, because we say that we know of them."""

NAMED = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "backspace": "\x7f",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "f12": "\x1b[24~",
}
"""Keys as a plain old terminal sends them."""
SHIFTED = {"up": "A", "down": "B", "right": "C", "left": "D", "home": "H", "end": "F"}

Rows = list[str]
Wanted = str | Callable[[Rows], bool]


def key_bytes(key: str) -> bytes:
    """What the terminal sends for a key ("ctrl+k", "shift+down"); anything else is typed text."""
    if key in NAMED:
        return NAMED[key].encode()
    modifier, plus, base = key.partition("+")
    if plus and modifier == "ctrl" and len(base) == 1 and base.isalpha():
        return bytes([ord(base) & 0x1F])
    if plus and modifier in {"shift", "ctrl"} and base in SHIFTED:
        return f"\x1b[1;{2 if modifier == 'shift' else 5}{SHIFTED[base]}".encode()
    return key.encode("utf-8", "surrogateescape")


class Terminal:
    """A terminal with one program in it. It reads while it waits, and keeps every byte."""

    def __init__(self, command: Sequence[str], size: tuple[int, int], **options: object) -> None:
        """Use `start`."""
        self.raw = bytearray()
        """Everything that the program wrote to the terminal."""
        self.errors = b""
        """What it wrote to stderr, if that was asked for; there once it has ended."""
        self._screen = PyteScreen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self._on_frame: list[Callable[[Rows], None]] = []
        self._unfed = b""
        self._rows: Rows = []
        self._spawn(command, size, **options)  # type: ignore[arg-type]

    @classmethod
    def start(
        cls,
        *words: str | Path,
        size: tuple[int, int] = (100, 30),
        folder: Path | None = None,
        stdin: bytes | None = None,
        stderr_apart: bool = False,
        file_limit: int = 0,
        variables: Mapping[str, str] | None = None,
    ) -> Self:
        """Run `diffedit WORDS…` in a new terminal of `size` columns and rows.

        `stdin` is piped into it; `stderr_apart` keeps stderr off the screen; `file_limit` is the
        length in bytes of the longest file that it can write, as on a full disk.
        """
        command = [sys.executable, "-P", "-m", "diffedit", *(str(word) for word in words)]
        return cls(
            command,
            size,
            folder=folder,
            stdin=stdin,
            stderr_apart=stderr_apart,
            file_limit=file_limit,
            variables=variables,
        )

    def _spawn(
        self,
        command: Sequence[str],
        size: tuple[int, int],
        *,
        folder: Path | None,
        stdin: bytes | None,
        stderr_apart: bool,
        file_limit: int,
        variables: Mapping[str, str] | None,
    ) -> None:
        self._fd, program_end = pty.openpty()
        fcntl.ioctl(program_end, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self._settings = termios.tcgetattr(program_end)
        self.process = subprocess.Popen(
            [sys.executable, "-S", str(LAUNCH), str(file_limit), *command],
            stdin=program_end if stdin is None else subprocess.PIPE,
            stdout=program_end,
            stderr=subprocess.PIPE if stderr_apart else program_end,
            cwd=folder,
            env=surroundings() | dict(variables or {}),
            start_new_session=True,
        )
        # Kept open, so that what a program says last can be read when it is gone.
        self._program_end = program_end
        if stdin is not None:
            assert self.process.stdin is not None
            self.process.stdin.write(stdin)
            self.process.stdin.close()

    # What a person does ------------------------------------------------------------------------

    def keys(self, *keys: str) -> None:
        """Press keys, or type text, all of it in one burst."""
        os.write(self._fd, b"".join(map(key_bytes, keys)))

    def paste(self, text: str) -> None:
        """Paste from the clipboard, as a terminal that was asked to mark it does."""
        os.write(self._fd, b"\x1b[200~" + text.encode() + b"\x1b[201~")

    def resize(self, columns: int, rows: int) -> None:
        """Pull the window to another size."""
        self._screen.resize(rows, columns)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def screen(self) -> Rows:
        """What can be seen, row by row. Those that were written to since are read anew."""
        screen = self._screen
        if screen.dirty:
            old = {y: row for y, row in enumerate(self._rows) if y not in screen.dirty}
            across = range(screen.columns)
            # The second cell of a wide character holds nothing.
            self._rows = [
                old[y] if y in old else "".join([line[x].data for x in across]).rstrip()
                for y, line in ((y, screen.buffer[y]) for y in range(screen.lines))
            ]
            screen.dirty.clear()
        return self._rows

    @property
    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.screen())

    @property
    def notices(self) -> str:
        """What is said in the corner of the screen, in one line."""
        corner = [row.partition("▌")[2] for row in self.screen()]
        return " ".join(" ".join(corner).split())

    # Waiting -----------------------------------------------------------------------------------

    def wait_for(self, wanted: Wanted, timeout_s: float = PATIENCE) -> Rows:
        """The first screen that shows a text, or pleases a function. Fails with the last screen."""
        self._until(lambda: _pleases(self.screen(), wanted), str(wanted), timeout_s)
        return self.screen()

    def wait_gone(self, unwanted: str) -> Rows:
        """The first screen that does not show a text."""
        return self.wait_for(lambda rows: unwanted not in "\n".join(rows))

    def wait_notice(self, wanted: str) -> Rows:
        """The first screen whose notices say a text, wherever their lines break."""
        return self.wait_for(lambda _: wanted in self.notices)

    def wait_until(self, happened: Callable[[], bool], what: str, *, alive: bool = True) -> None:
        """Keep reading until something outside of the terminal has happened.

        `alive`: it is a failure when the program ends before.
        """
        self._until(happened, what, PATIENCE, alive=alive)

    def watch(self, until: Wanted, of: Callable[[Rows], object]) -> list[object]:
        """Each different thing that `of` saw on the way to a screen, in order; None is nothing."""
        seen: list[object] = []

        def look(rows: Rows) -> None:
            found = of(rows)
            if found is not None and found not in seen:
                seen.append(found)

        self._on_frame.append(look)
        try:
            self.wait_for(until)
        finally:
            self._on_frame.remove(look)
        return seen

    def wait_end(self, timeout_s: float = PATIENCE) -> int:
        """The program's exit code, once it has ended and all that it said is read."""
        self._until(lambda: self.process.poll() is not None, "the end", timeout_s)
        while self._read(0.0):
            pass
        if self.process.stderr is not None:
            self.errors = self.process.stderr.read()
        return self.process.returncode

    def _until(
        self, happened: Callable[[], bool], what: str, timeout_s: float, *, alive: bool = True
    ) -> None:
        end = time.monotonic() + timeout_s
        while not happened():
            if time.monotonic() > end:
                raise AssertionError(f"Never came: {what}. The screen:\n{self.text}")
            self._read(0.02)
            if alive and self.process.poll() is not None and not self._read(0.0) and not happened():
                code = self.process.returncode
                raise AssertionError(f"Ended ({code}) before {what}. The screen:\n{self.text}")

    def _read(self, timeout_s: float) -> bool:
        """Take one piece of what has come, at most to the end of a picture; False if nothing."""
        if not self._unfed:
            if self._fd < 0:
                select.select([], [], [], timeout_s)
                return False
            if not select.select([self._fd], [], [], timeout_s)[0]:
                return False
            data = os.read(self._fd, 1 << 16)
            if SYNC_ASKED in bytes(self.raw[-len(SYNC_ASKED) :]) + data:
                os.write(self._fd, SYNC_KNOWN)
            self.raw += data
            self._unfed = data
        end = self._unfed.find(FRAME_END)
        cut = len(self._unfed) if end < 0 else end + len(FRAME_END)
        self._stream.feed(self._unfed[:cut])
        self._unfed = self._unfed[cut:]
        for look in self._on_frame:
            look(self.screen())
        return True

    # The end -----------------------------------------------------------------------------------

    @property
    def left_clean(self) -> bool:
        """Whether the program gave back the screen, the cursor and the keyboard as they were."""
        entered, left = self.raw.rfind(ENTER_SCREEN), self.raw.rfind(LEAVE_SCREEN)
        cursor = self.raw.rfind(b"\x1b[?25h") >= self.raw.rfind(b"\x1b[?25l")
        same = termios.tcgetattr(self._program_end) == self._settings
        return left >= entered and cursor and same

    @property
    def took_screen(self) -> bool:
        """Whether the program ever took the whole screen."""
        return ENTER_SCREEN in self.raw

    def signal(self, number: signal.Signals) -> None:
        """Send the program a signal."""
        self.process.send_signal(number)

    def hang_up(self) -> None:
        """Close the terminal's window under the program."""
        os.close(self._fd)
        self._fd = -1

    def close(self) -> None:
        """End the program, whatever it does, and the terminal."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stderr):
            if stream is not None:
                stream.close()
        os.close(self._program_end)
        if self._fd >= 0:
            os.close(self._fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def surroundings() -> dict[str, str]:
    """A colourful terminal and nothing of the one in which the tests run."""
    kept = environment()
    for name in ("COLUMNS", "LINES", "NO_COLOR", "TERM_PROGRAM", "ESCDELAY", "TMUX"):
        kept.pop(name, None)
    return kept | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}


def _pleases(rows: Rows, wanted: Wanted) -> bool:
    return wanted in "\n".join(rows) if isinstance(wanted, str) else wanted(rows)
