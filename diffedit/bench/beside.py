"""`diffedit bench editors`: the start and the keys of this editor beside those that are installed.

Each runs in a terminal of its own on the same files, one after the other, and is watched from
outside: from the command to the first text, and from each key to its letter on the screen. The
two that can are looked at once more while something denoises at 20 frames a second.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

from diffedit.bench.figures import rounded, spread
from diffedit.bench.screen import MARKER, SIZES, STAMP, Counts, Screen, settle, typing
from diffedit.bench.speed import machine
from diffedit.core.errors import DiffeditError

OURS, STOCK = "diffedit", "stock TextArea"


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    """A program to type in."""

    name: str
    command: tuple[str, ...]
    after: tuple[str, ...] = ()
    """Its words after the file's name."""
    begin: bytes = b""
    """What is pressed before letters are text."""

    @property
    def there(self) -> bool:
        """Whether it is on this machine."""
        return shutil.which(self.command[0]) is not None


EDITORS = (
    Editor(name=OURS, command=(sys.executable, "-m", "diffedit", "--model", "null")),
    Editor(
        name=STOCK, command=(sys.executable, "-m", "diffedit.bench.stock"), after=("--colours",)
    ),
    Editor(name="micro", command=("micro",)),
    Editor(name="vim", command=("vim", "-c", "syntax on"), begin=b"i"),
    Editor(name="nano", command=("nano", "-l")),
    Editor(name="helix", command=("hx",), begin=b"i"),
)
"""Each with the colours and the settings that it comes with, the stock TextArea with those of
tree-sitter where that is installed."""
LONGEST_S = 20.0
"""Seconds after which no more keys are typed, however few there were."""
COLUMNS = ("start ms", "key p50 ms", "key p95 ms", "denoising p95")
HEAD = f"{'':<16}{'lines':>8}{''.join(f'{column:>15}' for column in COLUMNS)}"


def run(*, as_json: bool, sizes: Sequence[int] = SIZES, counts: Counts | None = None) -> int:
    """Measure, and print a row of the table as soon as it is there, or one JSON object."""
    counts = counts or Counts()
    coloured = find_spec("tree_sitter_python") is not None
    figures: dict[str, Any] = {"machine": machine(), "stock_has_colours": coloured, "editors": {}}
    told = sys.stderr if as_json else sys.stdout
    told.write(HEAD + "\n")
    # A worker that has just lost its editor may still write where it compiled.
    with tempfile.TemporaryDirectory(
        prefix="diffedit-bench-", ignore_cleanup_errors=True
    ) as folder:
        screen = Screen(Path(folder), counts)
        for lines, editor in product(sizes, (one for one in EDITORS if one.there)):
            found = look(screen, editor, lines, counts)
            figures["editors"].setdefault(editor.name, {})[str(lines)] = found
            told.write(row(editor.name, lines, found) + "\n")
            told.flush()
    if as_json:
        sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    return 0


def look(screen: Screen, editor: Editor, lines: int, counts: Counts) -> dict[str, Any]:
    """The start and the keys of one editor on one file; or why there are none."""
    starts: list[float] = []
    keys: list[float] = []
    try:
        for number in range(counts.starts + 1):
            # A file of its own: the editor of the one before was killed, and left its lock.
            path = screen.file(lines)
            name = f"{editor.name.split()[0]}_{lines}_{number}.py"
            path = Path(shutil.copy(path, path.with_name(name)))
            with screen.opened((*editor.command, str(path), *editor.after)) as terminal:
                _, seen = terminal.wait_for(MARKER)
                starts.append((seen - terminal.began) * 1000)
                if number == counts.starts:
                    settle(terminal)
                    terminal.press(editor.begin)
                    time.sleep(0.2)
                    keys += in_time(typing(terminal, counts.keys))
        busy = denoising(screen, editor, lines, counts)
    except DiffeditError as error:
        return {"failed": str(error)}
    # The first start reads the program from the disk.
    return {"start_ms": rounded(median(starts[1:])), "key_to_paint_ms": spread(keys), **busy}


def denoising(screen: Screen, editor: Editor, lines: int, counts: Counts) -> dict[str, Any]:
    """The keys while ten lines change at 20 frames a second; nothing where that cannot be."""
    if editor.name == OURS:
        told = screen.while_denoising(lines)
        return {"key_while_denoising_ms": told["key_to_paint_ms"]}
    if editor.name != STOCK:
        return {}
    with screen.opened((*editor.command, str(screen.file(lines)), *editor.after, "--frames")) as it:
        it.wait_for(STAMP, LONGEST_S)
        keys = list(in_time(typing(it, counts.keys)))
    return {"key_while_denoising_ms": spread(keys)}


def in_time(times: Iterator[float]) -> Iterator[float]:
    """As many of the times as come in a minute, one at least."""
    end = time.monotonic() + LONGEST_S
    for one in times:
        yield one
        if time.monotonic() > end:
            return


def row(name: str, lines: int, found: dict[str, Any]) -> str:
    """The figures of one editor on one file, for people."""
    if "failed" in found:
        return f"{name:<16}{lines:>8}  {found['failed']}"
    keys = found["key_to_paint_ms"]
    busy = found.get("key_while_denoising_ms", {"p95": "-"})["p95"]
    shown = (found["start_ms"], keys["p50"], keys["p95"], busy)
    return f"{name:<16}{lines:>8}{''.join(f'{figure:>15}' for figure in shown)}"
