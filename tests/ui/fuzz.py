"""Random keys, pastes, resizes and mouse events over real files, and what must hold throughout.

A short run is part of the tests (`test_fuzz.py`). A long one is started by hand:

    python tests/ui/fuzz.py --events 100000 --seed 1 --seed 2

What must hold: no exception reaches anybody; the page on the screen is the page in memory; undo
to the start gives each file's own bytes. A failure names its seed, and the same seed plays the
same events.
"""

from __future__ import annotations

import _pydecimal
import argparse
import asyncio
import contextlib
import inspect
import json
import os
import sys
import tempfile
import textwrap
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from rich.cells import cell_len
from textual import events
from textual.app import App
from textual.drivers.headless_driver import HeadlessDriver
from textual.geometry import Size
from textual.message_pump import MessagePump

from diffedit.config.settings import Settings
from diffedit.core import files
from diffedit.core.document import Document
from diffedit.core.errors import FileError
from diffedit.core.filespec import FileSpec
from diffedit.core.form import encode
from diffedit.core.show import JOINER
from diffedit.ui.app import DiffeditApp
from diffedit.ui.dialogs import Line
from diffedit.ui.editor_keys import editor_bindings
from diffedit.ui.keys import KEYS
from diffedit.ui.page_view import shown

SIZES = ((100, 30), (80, 24), (132, 43), (60, 12), (40, 8), (41, 9), (20, 5), (3, 2), (1, 1))
PIECES = (
    "x", "if a:", "(", ")", "[]", "{", "}", '"', "'", '"""', "#", "# a", "def f(x):", "return x",
    "\t", "  ", "é", "e\u0301", "漢字", "👨‍👩‍👧", "🇩🇪🇫🇷",
    "\u202e", "\u2028", "\x85", "\x0c", "\ufeff", "\udc80",
)  # fmt: skip
LINES = ("\n", "\r\n", "\n\n", "\n    ", "\n\t", "\r")
KEPT_OUT = frozenset({"ctrl+q", "f9"})
"""Keys that end the program, and those that fill the disk with pictures."""
CHECK_EVERY = 25
"""Events between two comparisons of the screen with the page."""
PATIENCE = 60.0
"""Seconds in which what was asked for must happen."""

Event = tuple[str, Any]


def real_files(folder: Path, seed: int) -> tuple[Path, ...]:
    """Copies of real files, small and large, with other line ends, odd bytes, wide characters.

    The seed says which comes first.
    """
    source = inspect.getsource(textwrap).encode()
    wide = "名前 = '値'  # コメント 👩‍🚀 e\u0301a\u0308 각\n\tप्रकाश = ｶﾞ\n"
    texts = {
        "textwrap.py": source,
        "argparse.py": inspect.getsource(argparse).encode(),
        "decimal.py": inspect.getsource(_pydecimal).encode(),
        "wide.py": (wide * 40).encode(),
        "line.txt": ("word and more, " * 20_000).encode(),
        "dos.py": source[:6000].replace(b"\n", b"\r\n"),
        "mixed.txt": b"one\ntwo\r\nthree\x0cfour\r\xff\xfe\x00\x1b[31mfive\nlast",
        "long.json": json.dumps({"words": list(range(3000))}).encode(),
        "latin.py": "# -*- coding: latin-1 -*-\nname = 'é'\n".encode("latin-1"),
        "empty.md": b"",
    }
    for name, data in texts.items():
        (folder / name).write_bytes(data)
    names = list(texts)
    first = seed % len(names)
    return tuple(folder / name for name in names[first:] + names[:first])


def plan(random: Random, count: int, *, runs: bool) -> Iterator[Event]:
    """So many events: mostly keys and words, now and then something rarer."""
    keys = sorted({key for binding in editor_bindings() for key in binding.key.split(",")})
    keys += sorted({key.key for key in KEYS} - {key for key in keys if len(key) == 1})
    keys = [key for key in keys if key not in KEPT_OUT]
    moves = ["up", "down", "left", "right", "home", "end", "enter", "backspace", "delete", "escape"]
    for _ in range(count):
        dice = random.random()
        if dice < 0.30:
            yield "type", random.choice(PIECES)
        elif dice < 0.55:
            yield "key", random.choice(moves)
        elif dice < 0.80:
            yield "key", random.choice(keys)
        elif dice < 0.84:
            parts = (random.choice(PIECES + LINES) for _ in range(random.randint(1, 12)))
            yield "paste", "".join(parts)
        elif dice < 0.93:
            yield "mouse", (random.random(), random.random(), random.randint(0, 9))
        elif dice < 0.95:
            yield "size", random.choice(SIZES)
        elif dice < 0.97:
            yield "size", SIZES[0]
        elif dice < 0.99 and runs:
            yield "run", random.choice(("shorter", "q", "type hints"))
        else:
            yield "key", "escape"


def visibly(row: str) -> str:
    """A row without what takes no cell at its left edge: cutting a row there loses it."""
    first = next((n for n, char in enumerate(row) if cell_len(char)), len(row))
    return row[first:]


class StaleError(Exception):
    """A row was kept that should have been painted anew. Waiting does not mend it."""


class Fuzz:
    """One editor under fire."""

    def __init__(self, paths: tuple[Path, ...], settings: Settings) -> None:
        self.paths = paths
        self.folder = paths[0].parent
        specs = [FileSpec(path=path) for path in paths]
        self.app = DiffeditApp(specs, settings)
        self.wrong: list[BaseException] = []
        self.last: deque[Event] = deque(maxlen=40)
        self.opened: dict[Document, bytes] = {}
        self._down = False
        self._guard()

    def _guard(self) -> None:
        """Keep the fire in its folder, the editor from leaving, and each error it hides."""
        app: Any = self.app

        def went_wrong(error: Exception, of: Callable[[Exception], None] = app._went_wrong) -> None:
            if not isinstance(error, FileError) and not hasattr(error, "hint"):
                self.wrong.append(error)
            of(error)

        app._went_wrong = went_wrong
        app.leave = lambda _code=0: None
        app.panic = lambda *_: None

    async def play(self, plan: Iterator[Event]) -> int:
        """Play events, checking as it goes; how many there were. Raises what went wrong."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, said: self._lost(said))
        count = 0
        with self._only_here():
            async with self.app.run_test(size=SIZES[0]):
                await self._settle()
                for buffer in self.app.buffers.all:
                    if buffer.path is not None:
                        self.opened[buffer.page] = buffer.path.read_bytes()
                for event in plan:
                    self.last.append(event)
                    self._send(event)
                    count += 1
                    if event[0] != "type" or count % 3 == 0:
                        await self._settle()
                    if count % CHECK_EVERY == 0:
                        await self._check()
                await self._check()
                await self._undo_all()
                await self.app.client.close()
        return count

    def _lost(self, said: dict[str, Any]) -> None:
        """An error that nobody waited for."""
        error = said.get("exception")
        self.wrong.append(error if error is not None else RuntimeError(said["message"]))

    @contextlib.contextmanager
    def _only_here(self) -> Iterator[None]:
        """Nothing outside of the folder may be written."""
        write, here = files.write, Path.cwd()

        def guarded(path: Path, text: str, form: files.Form, *, over: bool = False) -> files.Stamp:
            if self.folder.resolve() not in path.absolute().resolve().parents:
                raise FileError("not here")
            return write(path, text, form, over=over)

        files.write = guarded
        os.chdir(self.folder)
        try:
            yield
        finally:
            files.write = write
            os.chdir(here)

    # Events ------------------------------------------------------------------------------------

    def _send(self, event: Event) -> None:
        """One event, as a terminal sends it."""
        kind, what = event
        if kind == "type":
            for character in what:
                if not (character in "/~" and isinstance(self.app.screen, Line)):
                    self._key(character if character.isprintable() else "f20", character)
        elif kind == "key":
            self._key(what, what if len(what) == 1 else {"enter": "\r", "tab": "\t"}.get(what))
        elif kind == "paste":
            self.app.post_message(events.Paste(what))
        elif kind == "size":
            size = Size(*what)
            assert isinstance(self.app._driver, HeadlessDriver)
            self.app._driver._size = what
            self.app.post_message(events.Resize(size, size))
        elif kind == "mouse":
            self._mouse(*what)
        else:
            self._key("ctrl+k", None)
            for character in what:
                self._key("space" if character == " " else character, character)
            self._key("enter", "\r")

    def _key(self, key: str, character: str | None) -> None:
        event = events.Key(key, character)
        event.set_sender(self.app)
        self.app.post_message(event)

    def _mouse(self, across: float, down: float, kind: int) -> None:
        """The mouse somewhere: pressed, moved, let go, or its wheel turned."""
        size = self.app.size
        x, y = int(across * size.width), int(down * size.height)
        if kind < 4:
            make: type[events.MouseEvent] = events.MouseUp if self._down else events.MouseDown
            self._down = not self._down
        else:
            wheel = (events.MouseScrollDown, events.MouseScrollUp)
            make = events.MouseMove if kind < 7 else wheel[kind % 2]
        button = 1 if kind < 4 else 0
        event = make(None, x, y, 0, 0, button, kind == 3, False, False, x, y)  # noqa: FBT003
        event.set_sender(self.app)
        self.app.post_message(event)

    # What must hold ----------------------------------------------------------------------------

    async def _settle(self) -> None:
        """Come back when what was sent has been dealt with. Raises what went wrong."""
        app: App[Any] = self.app
        for _ in range(2):
            for pump in (app, *app.screen_stack, app.focused):
                await self._drained(pump)
        if app._exception is not None:
            self.wrong.append(app._exception)
        if self.wrong:
            raise AssertionError(f"after {list(self.last)}") from self.wrong[0]

    @staticmethod
    async def _drained(pump: MessagePump | None) -> None:
        """The pump has done all that it was given."""
        done = asyncio.Event()
        if pump is not None and pump._running and pump.call_later(done.set):
            async with asyncio.timeout(PATIENCE):
                while not done.is_set() and pump.is_running:  # noqa: ASYNC110 - it may end, too
                    await asyncio.sleep(0)

    async def _check(self) -> None:
        """The page on the screen is the page in memory."""
        await self._settle()
        self.app.clear_notifications()  # they lie over the page
        await self._settle()
        window, page = self.app.window, self.app.buffers.current.page
        editor = window.editor
        told = f"after {list(self.last)}"
        assert editor.page is page, told
        assert editor.text == str(page.text), told
        assert str(page.text).split("\n") == page.text.lines, told
        assert len(str(page.text)) == len(page.text), told
        chosen = page.selection
        assert 0 <= min(chosen.anchor, chosen.head) <= max(chosen.anchor, chosen.head), told
        assert max(chosen.anchor, chosen.head) <= len(page.text), told
        assert editor.selection.start == page.text.location(chosen.anchor), told
        assert editor.selection.end == page.text.location(chosen.head), told
        for patience in (0.02, 0.1, 0.5, None):
            if len(self.app.screen_stack) > 1 or window.too_small.display:
                return
            try:
                self._check_screen(told)
            except AssertionError:
                # Scroll bars come and go with the next layout, and it may not have been yet.
                if patience is None:
                    raise
                await asyncio.sleep(patience)
                await self._settle()

    def _check_screen(self, told: str) -> None:
        """What was painted, and kept since, is what would be painted anew."""
        editor = self.app.window.editor
        assert not editor.screen._layout_required, told
        strips = [editor.render_line(y) for y in range(editor.size.height)]
        editor._painter.forget()
        for y, strip in enumerate(strips):
            anew = editor.render_line(y)
            if strip.text != anew.text:
                raise StaleError(f"row {y}: {strip.text!r}, not {anew.text!r}; {told}")
        seen = editor.screen._compositor.render_strips()
        left, top = editor.region.offset
        room, rows = len(seen) - top, min(len(strips), editor.window.height)
        assert rows <= room, f"{rows} rows in {editor.region} of {editor.app.size}; {told}"
        for y, strip in enumerate(strips[: editor.window.height]):
            if JOINER in strip.text:
                continue  # Textual cuts a joined emoji apart where a row is cut right behind it
            row = visibly(seen[top + y].crop(left, left + editor.window.width).text)
            want = visibly(strip.crop(0, editor.window.width).text)
            assert row == want, f"row {y} shows {row!r}, not {want!r}; {told}"
        self._check_lines(told)

    def _check_lines(self, told: str) -> None:
        """Each row that no overlay covers shows its own line."""
        editor = self.app.window.editor
        left = editor.scroll_offset.x
        for y in range(min(editor.size.height, editor.rows.height - editor.scroll_offset.y)):
            place = editor.rows.at(y + editor.scroll_offset.y)
            if place.overlay_row >= 0 or left or editor.soft_wrap:
                continue
            line = shown(editor.page.text.lines[place.row])
            if editor.show_blanks or not line.isascii() or "\t" in line:
                continue
            row = editor.render_line(y).text[editor.gutter_width :]
            want = line[: max(editor.size.width - editor.gutter_width, 0)]
            assert row.rstrip() == want.rstrip(), f"row {y} shows {row!r}, not {want!r}; {told}"

    async def _undo_all(self) -> None:
        """Everything closed and taken back: each file has its own bytes."""
        app = self.app
        self._send(("size", SIZES[0]))
        for _ in range(12):
            self._key("escape", None)
            await self._settle()
        async with asyncio.timeout(PATIENCE):
            while app.editing.running is not None:
                self._key("escape", None)
                await self._settle()
                await asyncio.sleep(0.01)
        for page, data in self.opened.items():
            while page.can_undo:
                page.undo()
            form = files.decode(data)[1]
            assert encode(str(page.text), form) == data, f"undone is not the start: {form}"
        await self._settle()


def settings_for(folder: Path, seed: int) -> tuple[Settings, bool]:
    """How the editor is set in a run of this seed, and whether a model is at work in it."""
    runs = seed % 3 != 0
    script = folder / "script.json"
    frames = ["def ?(x):", [["def f", "accepted"], ["(?", "noise", 2.0], [")", "kept"]], "done\n x"]
    script.write_text(json.dumps({"text": "def f(x):\n    return 1\n", "frames": frames * 5}))
    model = f"scripted:{script}" if seed % 3 == 1 else "null"
    paced = {"step_ms": "20"}
    return (
        Settings(
            model=model,
            soft_wrap=seed % 4 == 3,
            models={"scripted": paced, "null": paced},
            keys=dict.fromkeys(KEPT_OUT, ""),
        ),
        runs,
    )


async def run(folder: Path, seed: int, count: int) -> int:
    """One run. Raises AssertionError for what went wrong."""
    random = Random(seed)
    settings, runs = settings_for(folder, seed)
    fuzz = Fuzz(real_files(folder, seed), settings)
    return await fuzz.play(plan(random, count, runs=runs))


def main() -> int:
    """A long run, in a home of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000, help="in all, over the seeds")
    parser.add_argument("--seed", type=int, action="append", help="may be given again")
    asked = parser.parse_args()
    seeds = asked.seed or [1, 2, 3, 4]
    bad = 0
    for seed in seeds:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="diffedit-fuzz-") as home:
            os.environ["DIFFEDIT_HOME"] = home
            folder = Path(home) / "files"
            folder.mkdir()
            try:
                count = asyncio.run(run(folder, seed, asked.events // len(seeds)))
            except Exception:  # noqa: BLE001 - that is what is looked for
                traceback.print_exc()
                bad += 1
                count = 0
        seconds = time.monotonic() - began
        sys.stdout.write(f"seed {seed}: {count} events in {seconds:.0f} s\n")
        sys.stdout.flush()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
