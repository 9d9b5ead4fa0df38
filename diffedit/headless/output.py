"""What the back door says: stdout is the result, stderr the rest, the exit code the verdict."""

from __future__ import annotations

import sys
from typing import BinaryIO, TextIO

from diffedit.core import diff, show
from diffedit.core.errors import DiffeditError
from diffedit.core.files import Form
from diffedit.worker import wire
from diffedit.worker.messages import Reply

CHANGED, UNCHANGED, WRONG, FAILED, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes: a change, no change, wrong usage or file, model or worker failure, ctrl+c."""


class Output:
    """The two streams. Progress is shown only where a person looks on."""

    def __init__(self, result: BinaryIO | None = None, notes: TextIO | None = None) -> None:
        self._result = result or sys.stdout.buffer
        self._notes = notes or sys.stderr
        self._on_screen = self._notes.isatty()
        self._progress = False

    def event(self, reply: Reply) -> None:
        """One message of the worker, as a line of JSON."""
        self._result.write(wire.encode(reply))
        self._result.flush()

    def text(self, text: str) -> None:
        """Plain text, with nothing in it that a terminal would obey."""
        self._result.write(show.visible(text).encode("utf-8", "replace"))
        self._result.flush()

    def diff(self, old: str, new: str, name: str, form: Form) -> None:
        """A unified diff in the file's own bytes, so that `patch` can take it."""
        if form.newline == "\r\n":
            old, new = old.replace("\n", "\r\n"), new.replace("\n", "\r\n")
        text = diff.unified(old, new, name)
        if self._result.isatty():
            data = show.visible(text.replace("\r\n", "\n")).encode("utf-8", "replace")
        else:
            data = in_bytes(text, form)
        self._result.write(data)
        self._result.flush()

    def note(self, message: str) -> None:
        """One line for the person."""
        self.clear()
        self._notes.write(f"diffedit: {plain(message)}\n")
        self._notes.flush()

    def progress(self, message: str) -> None:
        """How far things are: one line that replaces the last, on a terminal only."""
        if self._on_screen:
            self._notes.write(f"\r\x1b[K{plain(message)}")
            self._notes.flush()
            self._progress = True

    def clear(self) -> None:
        """Take the progress line away."""
        if self._progress:
            self._notes.write("\r\x1b[K")
            self._notes.flush()
            self._progress = False


def plain(message: str) -> str:
    """The message on one line, with nothing in it that a terminal would obey."""
    return show.visible(" ".join(message.split()))


def in_lines(error: DiffeditError) -> str:
    """What went wrong, and what to do: there is no selection here, a stretch is said by lines."""
    hint = error.hint.replace("Select less", "Name fewer lines (--lines A:B)")
    return f"{error.message} {hint}".strip()


def in_bytes(text: str, form: Form) -> bytes:
    """The text in the file's encoding; UTF-8 where that is no superset of ASCII."""
    encoding = "utf-8" if form.encoding.lower().startswith("utf-16") else form.encoding
    return text.encode(encoding, "surrogateescape")


def code_of(error: DiffeditError) -> int:
    """The exit code that an error stands for."""
    return WRONG if error.kind == "request" else FAILED
