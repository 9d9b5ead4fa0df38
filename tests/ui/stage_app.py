"""The whole editor on a scripted model in a real worker, for the tests of it."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import quick  # noqa: F401 - before the first app is made
from textual.pilot import Pilot

from diffedit.config.settings import Settings
from diffedit.core.filespec import FileSpec
from diffedit.ui.app import DiffeditApp

PATIENCE = 30.0
"""Seconds that a test waits for what must happen; then it fails."""


class Stage:
    """The app under test, its keys, and what was seen to happen."""

    def __init__(self, app: DiffeditApp) -> None:
        self.app = app
        self.pilot: Pilot[Any]
        self.said: list[str] = []
        self.cold: Callable[[], Coroutine[Any, Any, None]] | None = None
        """How to warm the model up, where that was put off."""
        self._seen: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    @property
    def text(self) -> str:
        """The current page."""
        return str(self.app.buffers.current.page.text)

    @property
    def screen(self) -> list[str]:
        """What the page shows, row by row, edge and all."""
        editor = self.app.window.editor
        rows = [editor.render_line(y) for y in range(editor.size.height)]
        return ["".join(segment.text for segment in row).rstrip() for row in rows]

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        """Type a text."""
        await self.pilot.press(*("space" if char == " " else char for char in text))

    async def saw(self, what: str) -> None:
        """Come back when it has happened (again)."""
        if what == "loaded" and self.cold:
            self.app.start(self.cold())
            self.cold = None
        async with asyncio.timeout(PATIENCE):
            await self._seen[what].wait()
        self._seen[what].clear()
        await self.pilot.pause()

    async def begun(self) -> None:
        """Come back when the first frame of a draft is there: what is typed goes into it."""
        await self.saw("denoising")
        while not (draft := self.app.buffers.current.draft) or not draft.pieces:
            await self.saw("denoising")

    async def edit(self, instruction: str = "do it") -> None:
        """Ask, run, and come back when the draft is settled."""
        await self.press("ctrl+k")
        await self.type(instruction)
        await self.press("enter")
        await self.saw("settled")

    async def left(self) -> None:
        """Come back when the editor has been told to end."""
        async with asyncio.timeout(PATIENCE):
            await self._seen["left"].wait()

    def note(self, what: str) -> None:
        """Something happened."""
        self._seen[what].set()

    def note_said(self, message: str, severity: str = "information") -> None:
        """Something was said."""
        self.said.append(message)
        self.note("said")


def script(folder: Path, **words: Any) -> str:
    """A model's name that plays this script."""
    path = folder / "script.json"
    path.write_text(json.dumps(words), encoding="utf-8")
    return f"scripted:{path}"


async def _cold() -> None:
    """Nothing: a worker costs more than all the rest of a test that has no use for it."""


@asynccontextmanager
async def staged(
    *files: Path,
    size: tuple[int, int] = (100, 24),
    demo: bool = False,
    stdin_text: str | None = None,
    **settings: Any,
) -> AsyncIterator[Stage]:
    """The editor on these files. Where no model is named, none is warmed up before one waits."""
    specs = [FileSpec(path=path) for path in files]
    wanted = Settings(**{"model": "null", **settings})
    app = DiffeditApp(specs, wanted, demo=demo, stdin_text=stdin_text)
    stage = Stage(app)
    if "model" not in settings:
        stage.cold = app.models.warm_up
        app.models.warm_up = _cold  # type: ignore[method-assign]
    saw, say, leave, ask = app.window.saw, app.say, app.exit, app.ask

    def seen(what: str) -> None:
        saw(what)
        stage.note(what)

    def said(message: str, severity: Any = "information") -> None:
        say(message, severity)
        stage.note_said(message)

    def left(*words: Any, **named: Any) -> None:
        leave(*words, **named)
        stage.note("left")

    async def asked(screen: Any) -> Any:
        stage.app.call_later(stage.note, "asked")
        return await ask(screen)

    app.ask = asked  # type: ignore[method-assign]
    app.exit = left  # type: ignore[method-assign]
    app.window.saw = seen  # type: ignore[method-assign]
    app.say = said  # type: ignore[method-assign]
    async with app.run_test(size=size) as pilot:
        stage.pilot = pilot
        try:
            yield stage
        finally:
            await app.client.close()
