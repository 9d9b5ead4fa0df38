"""The desk for edits: from the wish to the settled draft, painted as it denoises."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from diffedit.core.attachment import named
from diffedit.core.span import Span
from diffedit.engine.task import MODES, Mode
from diffedit.ui import aiming
from diffedit.ui.able import why_not
from diffedit.ui.aiming import Places, about
from diffedit.ui.buffers import Buffer
from diffedit.ui.course import Course
from diffedit.ui.model_room import ModelRoom
from diffedit.ui.pace import Pace, frames_per_second
from diffedit.ui.shown import hide_bars, show_edit, stale
from diffedit.ui.spans import pinned, rows_of
from diffedit.ui.stage import Stage
from diffedit.ui.stand import go_back, put_back, stayed
from diffedit.ui.wish import Wish

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from diffedit.config.models import Model
    from diffedit.core.draft import Draft
    from diffedit.core.start import Start
    from diffedit.engine.params import DenoiseParams
    from diffedit.ui.events import PromptSent

TICK = 1.0
"""Seconds between two looks at the clock while a run goes on."""
LONGEST = 200_000
"""Characters that a span may have. No model rewrites so many at once, and each picture of the
canvas holds them all: a hundred thousand lines would stop the screen for seconds."""
NO_CHANGE = "No change: the model would leave this text as it is."


class Editing:
    """Asks for an instruction, runs it, cancels it, and hands the settled draft to the review."""

    def __init__(self, stage: Stage, models: ModelRoom) -> None:
        self._stage = stage
        self._models = models
        rate = frames_per_second(stage.settings.frames_per_second)
        self._pace = Pace(rate, stage.later)
        self._asked: Buffer | None = None
        """The buffer that the open prompt bar is about."""
        self._start: Callable[[], Start] | None = None
        """Where the open prompt bar's run would start; None: from the page's text."""
        self._wish: Wish | None = None
        self._canvas = 0
        self.course = Course()
        """What the run has been like so far."""
        self.running: Buffer | None = None
        """The buffer in which a model is at work."""
        self.since = 0.0
        """When it began, on the monotonic clock."""

    @property
    def asked_about(self) -> Buffer | None:
        """The buffer of whose page, not of whose draft, the open prompt bar asks."""
        return self._asked if self._start is None else None

    # Ask ---------------------------------------------------------------------------------------

    def ask(self) -> None:
        """Ctrl+k: take a span, show it, and ask what is to be done; or go back to the review."""
        stage = self._stage
        buffer = stage.buffers.current
        if not self._free(buffer):
            return
        places = aiming.chosen(stage, block=not self._on_empty_line())
        if not self._too_long(places):
            self._open(places)

    def go_on(self) -> None:
        """Continue from the cursor."""
        self._ask_at_cursor("continue")

    def fill(self) -> None:
        """Fill in at the cursor, wherever on a line it stands."""
        self._ask_at_cursor("infill")

    def _ask_at_cursor(self, mode: Mode) -> None:
        buffer = self._stage.buffers.current
        why = why_not("fill", self._stage.client.abilities) if mode == "infill" else ""
        if why:
            self._stage.say(why, "warning")
        elif self._free(buffer):
            head = buffer.page.selection.head
            self._open((Span(head, head),), mode)

    def _free(self, buffer: Buffer) -> bool:
        """Whether an edit may be asked for; else the person is led to what is there already."""
        if buffer.locked:
            self._stage.say(
                f"{buffer.name} is only looked at: see 'Read only' (ctrl+p).", "warning"
            )
            return False
        if buffer.edit.links and buffer.edit.stage != "denoise":
            show_edit(self._stage, buffer)
            return False
        return not self._busy()

    def _too_long(self, places: Places) -> bool:
        """Whether a span is beyond any model; the person is told."""
        length = places[-1].end - places[0].start
        if length > LONGEST:
            long = f"The selection has {length:,} characters; an edit takes up to {LONGEST:,}."
            self._stage.say(f"{long} Select less.", "warning")
        return length > LONGEST

    def _on_empty_line(self) -> bool:
        """Whether the cursor stands in a gap: a line with nothing on it."""
        editor = self._stage.window.editor
        return not editor.document.get_line(editor.cursor_location[0]).strip()

    def _open(self, places: Places, mode: Mode | None = None) -> None:
        """Select the places, so that they are seen before they are used, and open the bar."""
        stage = self._stage
        buffer = stage.buffers.current
        self._asked, self._start = buffer, None
        aiming.show(stage, places)
        buffer.session.edit = buffer.edit.asked()
        modes: tuple[Mode, ...] = ("rewrite",)
        if len(places) == 1:
            modes = tuple(word for word in MODES if word != "rewrite" or not places[0].empty)
        self._know_the_model()
        stage.window.prompt.open(about(buffer, places), modes, mode or modes[0])
        stage.window.saw("asked")

    def ask_over(self, what: str, start: Callable[[], Start], words: str = "") -> None:
        """Ask for more with the draft looked at; `start` is made when the words are there."""
        buffer = self._stage.buffers.current
        if self._busy():
            return
        self._asked, self._start = buffer, start
        buffer.session.edit = buffer.edit.asked()
        self._know_the_model()
        self._stage.window.prompt.open(what, ("rewrite",), "rewrite")
        if words:
            self._stage.window.prompt.put(words)
        self._stage.window.saw("asked")

    def _know_the_model(self) -> None:
        """Let the bar offer what the loaded model can do, and no more."""
        self._stage.window.prompt.abilities = self._stage.client.abilities

    def closed(self) -> None:
        """Esc in the bar: all is as it was."""
        window = self._stage.window
        buffer, self._asked = self._asked, None
        if buffer is not None and buffer.edit.stage == "ask":
            buffer.session.edit = buffer.edit.escape()
            buffer.preview = None
            window.paint(buffer)
        if buffer is not None and buffer.edit.links:
            show_edit(self._stage, buffer)
            return
        window.focus_on(window.editor)
        if buffer is None or buffer is not self._stage.buffers.current or buffer.aim is None:
            return
        if buffer.page.selection.span == buffer.aim.places[-1]:
            go_back(self._stage, buffer.aim)
        window.saw("closed")

    def _busy(self) -> bool:
        """Whether a model is at work already; the person is told."""
        if self.running is not None:
            self._stage.say(f"Still denoising in {self.running.name}. Esc cancels it.", "warning")
        return self.running is not None

    def page_moved(self, buffer: Buffer) -> None:
        """The person typed elsewhere: the picture goes along with its span."""
        if buffer.live:
            self._stage.window.paint(buffer)

    # Run ---------------------------------------------------------------------------------------

    async def send(self, sent: PromptSent) -> None:
        """Enter in the bar: run it."""
        seed = self._stage.settings.params.seed
        buffer, self._asked = self._asked, None
        start, self._start = self._start, None
        if buffer is None:
            return
        buffer.preview = None
        wish = Wish(
            instruction=sent.instruction,
            mode=sent.mode,
            seed=seed,
            noise=sent.noise,
            pins=sent.pins,
        )
        if start is None:
            await self._run(wish, buffer)
        else:
            await self.rework(start(), wish=wish)

    async def rework(self, start: Start, *, wish: Wish | None = None, seed: int = 0) -> None:
        """Go on from a draft of the current page: a follow-up, a fork, a choice, what was rejected.

        Without a wish it is the link's own, with `seed` more than its seed.
        """
        buffer = self._stage.buffers.current
        link = buffer.edit.link
        if link is None or self._busy():
            return
        mode: Mode = self._wish.mode if self._wish is not None else "rewrite"
        if not link.instruction:
            mode = "infill"  # there are no words to rewrite by: what fits is what is wanted
        own = Wish(instruction=link.instruction, mode=mode, seed=link.seed + seed)
        aim = buffer.aim
        before = aim.before if aim is not None else buffer.page.selection
        buffer.take_aim(link.draft.span, before).scroll = aim.scroll if aim else None
        await self._run(wish or own, buffer, start)

    async def again(self) -> None:
        """Ctrl+r: another seed for the draft under review, else the last instruction once more."""
        stage = self._stage
        buffer = stage.buffers.current
        if stage.window.prompt.display or self._busy():
            return
        if self._wish is None:
            said = stage.window.prompt.history.last
            if not said:
                stage.say("There is no instruction to repeat yet. ctrl+k asks for one.")
                return
            self._wish = Wish(instruction=said, mode="rewrite", seed=stage.settings.params.seed)
        if (link := buffer.edit.link) is not None:
            await self.rework(link.again, seed=1)
            return
        places = aiming.chosen(stage, block=self._wish.mode == "rewrite")
        if self._too_long(places):
            return
        aiming.show(stage, places)
        await self._run(self._wish, buffer)

    async def model(self) -> Model | None:
        """The model, where it is on this machine."""
        from diffedit.config import models  # noqa: PLC0415 - after the first text is seen

        model = models.find(self._stage.settings.model)
        return model if model.installed else None

    async def cancel(self) -> None:
        """Esc: nothing of the run stays; the page never moved."""
        buffer = self.running
        if buffer is None:
            return
        self._pace.forget()
        if buffer is self._stage.buffers.current:
            self._stage.window.editor.show_overlay(None)
        await buffer.session.cancel()

    def abandon(self) -> None:
        """The program ends: nobody waits for this run any more."""
        if self.running is not None:
            self.running.session.drop()

    async def _run(self, wish: Wish, buffer: Buffer, start: Start | None = None) -> None:
        """One run from the first picture to the last, where the buffer's aim is."""
        stage = self._stage
        if self._busy():
            return
        model = await self._models.ready()
        # Fetching a model takes a while: the text may have moved, and the person may be elsewhere.
        if model is None or buffer.aim is None or buffer not in stage.buffers.all:
            if buffer.edit.stage == "ask":
                buffer.session.edit = buffer.edit.escape()
                show_edit(self._stage, buffer)
            return
        span = buffer.aim.span
        self._wish, self._canvas, self.course = wish, 0, Course()
        hide_bars(stage, buffer)
        buffer.tallest = rows_of(buffer, span)
        self.running = buffer
        self.since = time.monotonic()
        stage.later(TICK, self._tick)
        if buffer is stage.buffers.current:
            stage.window.focus_on(stage.window.editor)
            # Nothing stays selected: a key pressed too early must not replace the whole span.
            stage.window.editor.select_span(Span(span.end, span.end))
        try:
            async for draft in self._drafts(buffer, span, wish, (model, start)):
                self._seen(buffer, draft)
        finally:
            self.running = None
            stage.window.refresh_lines()

    def _drafts(
        self, buffer: Buffer, span: Span, wish: Wish, how: tuple[Model, Start | None]
    ) -> AsyncIterator[Draft]:
        """The run itself, as the wish and the settings ask for it."""
        settings, start = self._stage.settings, how[1]
        params: DenoiseParams = replace(settings.params, seed=wish.seed)
        if wish.noise is not None:
            params = replace(params, noise=wish.noise)
        return buffer.session.rewrite(
            span,
            instruction=wish.instruction,
            mode=wish.mode,
            params=params,
            model=how[0],
            language=buffer.language,
            thinking=self._stage.window.panel.display,
            device=settings.device,
            context=settings.context_chars,
            keep=pinned(buffer, span, wish.pins) if start is None else (),
            between=buffer.aim.between if buffer.aim is not None else (),
            start=start,
            images=named(wish.instruction),
        )

    def _tick(self) -> None:
        """While there is no picture yet, the seconds show that it goes on."""
        if self.running is not None:
            self._stage.window.refresh_lines()
            self._stage.later(TICK, self._tick)

    def _seen(self, buffer: Buffer, draft: Draft) -> None:
        """One picture of the run: to the panel, the status line and the page."""
        stage = self._stage
        self.course.seen(draft)
        stage.window.panel.watch_run(draft, self.course, stage.client.abilities)
        if draft.live:
            canvas = draft.figures.canvas
            committed, self._canvas = canvas != self._canvas, canvas
            self._pace.offer(lambda: self._show(buffer), now=committed)
            return
        self._pace.forget()
        self.running = None
        self._ended(buffer, draft)
        stage.window.paint(buffer)
        stage.window.refresh_lines()

    def _show(self, buffer: Buffer) -> None:
        self._stage.window.paint(buffer)
        self._stage.window.refresh_lines()
        self._stage.window.saw("denoising")

    def _ended(self, buffer: Buffer, draft: Draft) -> None:
        """The run is over: to the review, or in one line why there is none."""
        stage = self._stage
        if draft.status == "settled":
            self._settled(buffer, draft)
        elif draft.status == "failed":
            stage.say(draft.message, "error")
            if not stage.client.alive:
                stage.start(self._models.warm_up())
        elif draft.status == "stale":
            stage.say(stale(stage, draft), "warning")
        if draft.status != "settled":
            self._back_down(buffer, draft)
            stage.window.saw(draft.status)

    def _back_down(self, buffer: Buffer, draft: Draft) -> None:
        """A run came to nothing: to the draft that it started from, if there is one."""
        if buffer.edit.stage in ("failed", "denoise"):
            buffer.session.edit = buffer.edit.escape()
        if buffer.edit.links:
            show_edit(self._stage, buffer)
            return
        buffer.session.drop()
        put_back(self._stage, buffer, draft)

    def _settled(self, buffer: Buffer, draft: Draft) -> None:
        stage, edit = self._stage, buffer.edit
        review = edit.review
        if review is None or (not review.hunks and len(draft.texts) <= 1):
            if len(edit.links) > 1:
                buffer.session.edit = edit.escape()
                show_edit(self._stage, buffer)
            else:
                buffer.session.drop()
                put_back(stage, buffer, draft)
            stage.say(draft.message or NO_CHANGE, "warning")
            stage.window.saw("no change")
            return
        if draft.message:
            stage.say(draft.message)
        if buffer is stage.buffers.current:
            at_it = stayed(buffer, review.draft)  # typed into since it came, it may be
            show_edit(stage, buffer, focus=at_it)
            if not at_it:
                # Whoever types elsewhere goes on typing: "a" and Enter are no verdicts there.
                stage.say("The draft is ready. ctrl+k goes to its review.")
        else:
            stage.say(f"{buffer.name}: the draft is ready for review.")
        stage.window.saw("settled")
