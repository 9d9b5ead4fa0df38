"""The instructions given before, newest last; they survive the program."""

from __future__ import annotations

import contextlib
from pathlib import Path

LIMIT = 500
"""So many instructions are remembered."""


class PromptHistory:
    """A list to walk up and down in, kept in a file of JSON strings, one a line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries = _read(path)
        self._at = len(self._entries)
        self._typed = ""

    @property
    def last(self) -> str:
        """The newest instruction; "" if there is none."""
        return self._entries[-1] if self._entries else ""

    def add(self, instruction: str) -> None:
        """Remember an instruction; said twice in a row it is kept once."""
        if instruction and instruction != self.last:
            self._entries = [*self._entries, instruction][-LIMIT:]
            self._write(instruction)
        self.rewind()

    def rewind(self) -> None:
        """Stand at the end again, below the newest."""
        self._at, self._typed = len(self._entries), ""

    def older(self, typed: str) -> str:
        """One up. What was being typed is kept and comes back on the way down."""
        if self._at == len(self._entries):
            self._typed = typed
        self._at = max(self._at - 1, 0)
        return self._entries[self._at] if self._entries else typed

    def newer(self, typed: str) -> str:
        """One down; past the newest stands what was being typed."""
        if self._at >= len(self._entries):
            return typed
        self._at += 1
        return self._typed if self._at == len(self._entries) else self._entries[self._at]

    def _write(self, instruction: str) -> None:
        """Append, and now and then cut the file. A history that cannot be kept is no failure."""
        import json  # noqa: PLC0415 - not before something is said

        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(instruction) + "\n")
            if len(_lines(self._path)) > 2 * LIMIT:
                text = "".join(json.dumps(entry) + "\n" for entry in self._entries)
                self._path.write_text(text, encoding="utf-8")


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def _read(path: Path) -> list[str]:
    """What the file remembers; lines that are not a JSON string are passed over."""
    try:
        lines = _lines(path)
    except OSError:
        return []
    import json  # noqa: PLC0415 - not before there is something to read

    found: list[str] = []
    for line in lines:
        with contextlib.suppress(ValueError):
            entry = json.loads(line)
            if isinstance(entry, str) and entry:
                found.append(entry)
    return found[-LIMIT:]
