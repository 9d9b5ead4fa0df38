"""The screen's side of `diffedit bench speed`: the real program in a real terminal, from outside.

Nothing of the screen is imported: what is measured is what a person would see, and when.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from diffedit.bench.figures import rounded, spread
from diffedit.bench.terminal import Terminal, memory_mb
from diffedit.worker.client import environment

SIZES = (100, 10_000, 100_000)
"""Lines of the files that are typed in."""
START_SIZES = (100, 10_000)
COLOURS = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
MARKER = b"zqmarker"
STAMP = rb"T(\d{6,})E"
ASK, ENTER, SELECT_DOWN, DOWN = b"\x0b", b"\r", b"\x1b[1;2B", b"\x1b[B"
LETTERS = [chr(code) for code in range(0x0430, 0x0450)]
"""What is typed: letters that no file, frame or figure of ours holds."""

_TOML = 'name = "paced"\nkind = "backend"\nentry = "paced:Paced"\napi = 1\n'
_SETTINGS = '[models.paced]\nbackend = "paced"\nstep_ms = "50"\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How often each thing is looked at."""

    starts: int = 5
    frames: int = 100
    keys: int = 60
    edits: int = 3


class Screen:
    """A folder with files to open, a home of its own, and programs to open them with."""

    def __init__(self, folder: Path, counts: Counts | None = None) -> None:
        self._folder = folder
        self._counts = counts or Counts()
        home = folder / "home"
        plugin = home / "config" / "plugins" / "paced"
        plugin.mkdir(parents=True)
        (plugin / "plugin.toml").write_text(_TOML, encoding="utf-8")
        source = Path(__file__).with_name("paced.py").read_text(encoding="utf-8")
        (plugin / "paced.py").write_text(source, encoding="utf-8")
        (home / "config" / "settings.toml").write_text(_SETTINGS, encoding="utf-8")
        self._home = home

    def file(self, lines: int) -> Path:
        """A Python file of so many lines, the marker in its first."""
        path = self._folder / f"lines_{lines}.py"
        if not path.exists():
            body = ("def part_{n}(value):", "    total = value * {n}  # a part", "    return total")
            rows = [body[n % 3].format(n=n) for n in range(lines - 1)]
            path.write_text("\n".join((f"# {MARKER.decode()}", *rows, "")), encoding="utf-8")
        return path

    @contextmanager
    def editor(self, *words: str, own_home: bool = True) -> Iterator[Terminal]:
        """The editor itself; in the folder's own home, or in the person's for a real model."""
        home = {"DIFFEDIT_HOME": str(self._home)} if own_home else {}
        with self._opened((sys.executable, "-m", "diffedit", *words), home) as terminal:
            yield terminal

    @contextmanager
    def opened(self, command: Sequence[str]) -> Iterator[Terminal]:
        """Any program, in the folder's own home."""
        home = {name: str(self._home) for name in ("DIFFEDIT_HOME", "HOME", "XDG_CONFIG_HOME")}
        with self._opened(command, {**home, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}) as terminal:
            yield terminal

    @contextmanager
    def _opened(self, command: Sequence[str], more: Mapping[str, str]) -> Iterator[Terminal]:
        """A program in a terminal, gone afterwards."""
        found = {**environment(), **COLOURS, **more}
        # Both programs start from compiled files, as they do where they are installed: those that
        # are there, or those that the first start writes; aside, where none are to be written.
        if found.pop("PYTHONDONTWRITEBYTECODE", ""):
            found["PYTHONPYCACHEPREFIX"] = str(self._folder / "compiled")
        terminal = Terminal(command, found)
        try:
            yield terminal
        finally:
            terminal.close()

    def start_ms(self, lines: int) -> dict[str, float]:
        """From the command to the first text on the screen, beside a stock TextArea; medians."""
        path = str(self.file(lines))
        stock_words = (sys.executable, "-m", "diffedit.bench.stock", path)
        ours: list[float] = []
        stock: list[float] = []
        for _ in range(1 + self._counts.starts):
            with self.editor("--model", "null", path) as terminal:
                ours.append(first_text_ms(terminal))
            with self._opened(stock_words, {}) as terminal:
                stock.append(first_text_ms(terminal))
        # The first start of each compiles.
        one, other = median(ours[1:]), median(stock[1:])
        return {
            "ours_ms": rounded(one),
            "stock_ms": rounded(other),
            "ratio": rounded(one / other),
            "n": self._counts.starts,
        }

    def while_denoising(self, lines: int) -> dict[str, Any]:
        """Keys and frames at 20 frames a second, in the middle of a file."""
        path = self.file(lines)
        middle = lines // 2
        with self.editor("--model", "paced", f"{path}:{middle}") as terminal:
            terminal.wait_for(rb"part_\d")
            settle(terminal)
            typed = ask(terminal)
            _, seen = terminal.wait_for(STAMP)
            frames = list(painted(terminal, self._counts.frames + 1))[1:]
            terminal.press(DOWN * 3)
            keys = list(typing(terminal, self._counts.keys))
            memory = memory_of(terminal)
        return {
            "enter_to_first_frame_ms": rounded((seen - typed) * 1000),
            "frame_to_paint_ms": spread(frames),
            "key_to_paint_ms": spread(keys),
            "memory_mb": memory,
        }

    def enter_to_first_frame_ms(self, model: str, device: str) -> dict[str, Any]:
        """With a true model: from Enter to the first frame on the screen, loaded beforehand."""
        times: list[float] = []
        memory: dict[str, float | None] = {}
        for _ in range(self._counts.edits):
            words = ("--model", model, "--device", device, f"{self.file(100)}:2")
            with self.editor(*words, own_home=False) as terminal:
                terminal.wait_for(rb"part_\d")
                settle(terminal, seconds=3.0)
                typed = ask(terminal)
                _, seen = terminal.wait_for(rb"step \d")
                times.append((seen - typed) * 1000)
                memory = memory_of(terminal)
        return {
            "enter_to_first_frame_ms": rounded(median(times)),
            "memory_mb": memory,
        }


def first_text_ms(terminal: Terminal) -> float:
    """From its start to the marker of the first line."""
    _, seen = terminal.wait_for(MARKER)
    return (seen - terminal.began) * 1000


def memory_of(terminal: Terminal) -> dict[str, float | None]:
    """What the editor and its worker hold, in megabytes."""
    children = terminal.children()
    found = {
        "editor": memory_mb(terminal.pid),
        "worker": memory_mb(children[0]) if children else None,
    }
    return {name: None if mb is None else rounded(mb) for name, mb in found.items()}


def settle(terminal: Terminal, seconds: float = 1.0) -> None:
    """Let the start be over, the worker too, so that it is not measured with the rest."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        terminal.drain()
        time.sleep(0.05)


def ask(terminal: Terminal) -> float:
    """Select a line, ask for something, Enter; the time of Enter."""
    terminal.press(SELECT_DOWN)
    terminal.press(ASK)
    settle(terminal, seconds=0.3)
    terminal.press(b"shorter")
    terminal.wait_for(rb"shorter")
    settle(terminal, seconds=0.3)
    return terminal.press(ENTER)


def painted(terminal: Terminal, frames: int) -> Iterator[float]:
    """From the making of each next frame to its first being on the screen, in milliseconds."""
    terminal.drain()
    last = 0
    while frames:
        match, seen = terminal.wait_for(STAMP)
        made = int(match[1])
        # A line may be painted again for another reason, the old frame in it.
        if made > last:
            yield seen * 1000 - made / 1e6
            frames -= 1
        last = max(last, made)


def typing(terminal: Terminal, keys: int) -> Iterator[float]:
    """From each key to its letter on the screen."""
    pauses = random.Random(0)
    for number in range(keys):
        time.sleep(pauses.uniform(0.03, 0.12))
        letter = LETTERS[number % len(LETTERS)].encode()
        terminal.drain()
        typed = terminal.press(letter)
        _, seen = terminal.wait_for(letter)
        yield (seen - typed) * 1000
