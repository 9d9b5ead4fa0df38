"""`diffedit bench editors`: the start and the keys of this editor beside those that are installed.

Each runs in a terminal of its own on the same files, one after the other, and is watched from
outside: from the command to the first text, and from each key to its letter on the screen.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from diffedit.bench.figures import rounded, spread
from diffedit.bench.screen import MARKER, SIZES, Counts, Screen, settle, typing
from diffedit.bench.speed import machine, say
from diffedit.core.errors import DiffeditError


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    """A program to type in."""

    name: str
    command: tuple[str, ...]
    begin: bytes = b""
    """What is pressed before letters are text."""

    @property
    def there(self) -> bool:
        """Whether it is on this machine."""
        return shutil.which(self.command[0]) is not None


EDITORS = (
    Editor(name="diffedit", command=(sys.executable, "-m", "diffedit", "--model", "null")),
    Editor(name="stock TextArea", command=(sys.executable, "-m", "diffedit.bench.stock")),
    Editor(name="micro", command=("micro",)),
    Editor(name="vim", command=("vim", "-c", "syntax on"), begin=b"i"),
    Editor(name="nano", command=("nano", "-l")),
    Editor(name="helix", command=("hx",), begin=b"i"),
)
"""Each with the colours and the settings that it comes with; the stock TextArea has no colours."""


def run(*, as_json: bool, sizes: Sequence[int] = SIZES, counts: Counts | None = None) -> int:
    """Measure, and print a table or one JSON object."""
    counts = counts or Counts()
    figures: dict[str, Any] = {"machine": machine(), "editors": {}}
    # A worker that has just lost its editor may still write where it compiled.
    with tempfile.TemporaryDirectory(
        prefix="diffedit-bench-", ignore_cleanup_errors=True
    ) as folder:
        screen = Screen(Path(folder), counts)
        for lines in sizes:
            for editor in EDITORS:
                if editor.there:
                    say(f"{editor.name}, {lines} lines")
                    told = look(screen, editor, lines, counts)
                    figures["editors"].setdefault(editor.name, {})[str(lines)] = told
    text = json.dumps(figures, indent=2) if as_json else "\n".join(table(figures))
    sys.stdout.write(text + "\n")
    return 0


def look(screen: Screen, editor: Editor, lines: int, counts: Counts) -> dict[str, Any]:
    """The start and the keys of one editor on one file; or why there are none."""
    command = (*editor.command, str(screen.file(lines)))
    starts: list[float] = []
    keys: list[float] = []
    try:
        for last in [False] * counts.starts + [True]:
            with screen.opened(command) as terminal:
                _, seen = terminal.wait_for(MARKER)
                starts.append((seen - terminal.began) * 1000)
                if last:
                    settle(terminal)
                    terminal.press(editor.begin)
                    time.sleep(0.2)
                    keys += typing(terminal, counts.keys)
    except DiffeditError as error:
        return {"failed": str(error)}
    # The first start reads the program from the disk.
    return {"start_ms": rounded(median(starts[1:])), "key_to_paint_ms": spread(keys)}


def table(figures: dict[str, Any]) -> Iterator[str]:
    """The figures for people."""
    yield f"{'':<16}{'lines':>8}{'start ms':>12}{'key p50 ms':>12}{'key p95 ms':>12}"
    for name, told in figures["editors"].items():
        for lines, one in told.items():
            if "failed" in one:
                yield f"{name:<16}{lines:>8}  {one['failed']}"
                continue
            keys = one["key_to_paint_ms"]
            row = f"{one['start_ms']:>12}{keys['p50']:>12}{keys['p95']:>12}"
            yield f"{name:<16}{lines:>8}{row}"
