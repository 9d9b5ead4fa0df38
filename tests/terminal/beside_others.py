"""Look at rows of README's table in the real programs. Started by hand.

Run `python tests/terminal/beside_others.py`; `PAUSE` is how long it must be quiet.

Each program that is installed does the same small thing in a terminal and a home of its own, as
it comes; what its file says afterwards is the answer. What cannot be told from a file is told by
the programs' own books.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from diffedit.bench.terminal import Terminal

PAUSE = float(os.environ.get("PAUSE", "2"))
"""Seconds of quiet after which a program is held to have done a thing; more where it is busy."""


@dataclass(frozen=True, slots=True)
class Program:
    """How it is told the few things that are asked of it."""

    command: tuple[str, ...]
    type: Callable[[str], bytes]
    save: bytes
    quit: bytes
    undo: bytes


ESC = b"\x1b"
PROGRAMS = {
    "diffedit": Program(
        (sys.executable, "-m", "diffedit", "--model", "null"),
        str.encode, b"\x13", b"\x11", b"\x1a",
    ),
    "micro": Program(("micro",), str.encode, b"\x13", b"\x11", b"\x1a"),
    "nano": Program(("nano",), str.encode, b"\x0f\r", b"\x18", ESC + b"u"),
    "vim": Program(
        ("vim",), lambda text: b"i" + text.encode() + ESC, b":w\r", b":q\r", b"u",
    ),
}  # fmt: skip


class Room:
    """A folder, a home and a program at a time."""

    def __init__(self, folder: Path, program: Program) -> None:
        self.path = folder / "page.py"
        self._program = program
        self._home = folder / "home"
        self._home.mkdir()

    def session(self, *keys: bytes, killed: bool = False) -> str:
        """Open the file, press keys with a pause after each, and end it; what was seen."""
        names = ("HOME", "XDG_CONFIG_HOME", "DIFFEDIT_HOME")
        surroundings = {**os.environ, "TERM": "xterm-256color"}
        surroundings |= {name: str(self._home) for name in names}
        terminal = Terminal((*self._program.command, str(self.path)), surroundings)
        seen = b""
        for key in (b"", *keys):
            if key:
                terminal.press(key)
            else:
                terminal._read(60.0)  # a busy machine takes its time to start it
            end = time.monotonic() + 4 * PAUSE  # a cursor that blinks is never quiet
            while terminal._read(PAUSE) and time.monotonic() < end:
                pass  # until it has been quiet for so long
            seen += terminal._plain
            terminal.drain()
        if killed:
            time.sleep(10)  # micro keeps a copy every eight seconds
        terminal.close()
        return seen.decode("utf-8", "replace")


def last_newline(room: Room, program: Program) -> bool:
    """A file without a last newline is saved without one."""
    room.path.write_text("x")
    room.session(program.type("y"), program.save, program.quit)
    return room.path.read_text() == "yx"


def undo_after_restart(room: Room, program: Program) -> bool:
    """Undo takes back in one session what was typed and saved in another."""
    room.path.write_text("x\n")
    room.session(program.type("y"), program.save, program.quit)
    if room.path.read_text() != "yx\n":
        raise AssertionError("typing did not work")
    room.session(program.undo, program.save, program.quit)
    return room.path.read_text() == "x\n"


def pairs(room: Room, program: Program) -> bool:
    """A bracket brings its other half."""
    room.path.write_text("\n")
    room.session(program.type("("), program.save, program.quit)
    return room.path.read_text() == "()\n"


def editorconfig(room: Room, program: Program) -> bool:
    """The tab key types three blanks where .editorconfig says so."""
    room.path.with_name(".editorconfig").write_text(
        "root = true\n[*]\nindent_style = space\nindent_size = 3\n"
    )
    room.path.write_text("\n")
    room.session(program.type("\t"), program.save, program.quit)
    return room.path.read_text() == "   \n"


def killed(room: Room, program: Program) -> bool:
    """After kill -9 the next open offers what was typed."""
    room.path.write_text("x\n")
    room.session(program.type("yyy"), killed=True)
    seen = room.session().lower()
    return any(word in seen for word in ("recover", "bring it back", "unsaved"))


ROWS = (last_newline, undo_after_restart, pairs, editorconfig, killed)


def main() -> int:
    """A line for each row, a word for each program."""
    there = {name: one for name, one in PROGRAMS.items() if shutil.which(one.command[0])}
    sys.stdout.write(f"{'':<20}{''.join(f'{name:>10}' for name in there)}\n")
    for row in ROWS:
        found = []
        for program in there.values():
            with tempfile.TemporaryDirectory() as folder:
                found.append("yes" if row(Room(Path(folder), program), program) else "-")
        sys.stdout.write(f"{row.__name__:<20}{''.join(f'{word:>10}' for word in found)}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
