"""The desk for edits: from the wish to the settled draft, painted as it denoises."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from diffedit.core.span import Span
from diffedit.engine.task import MODES, Mode
from diffedit.ui.buffers import Buffer
from diffedit.ui.course import Course
from diffedit.ui.model_room import ModelRoom
from diffedit.ui.pace import Pace, frames_per_second
from diffedit.ui.stage import Stage
from diffedit.ui.stand import go_back, put_back, stayed

if TYPE_CHECKING:
    from diffedit.core.draft import Draft
    from diffedit.engine.params import DenoiseParams

TICK = 1.0
"""Seconds between two looks at the clock while a run goes on."""
LONGEST = 200_000
"""Characters that a span may have. No model rewrites so many at once, and each picture of the
canvas holds them all: a hundred thousand lines would stop the screen for seconds."""
NO_CHANGE = "No change: the model would leave this text as it is."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked, so that it can be asked again."""

    instruction: str
    mode: Mode
    seed: int


class Editing:
    """Asks for an instruction, runs it, cancels it, and hands the settled draft to the review."""

    def __init__(self, stage: Stage, models: ModelRoom) -> None:
        self._stage = stage
        self._models = models
        rate = frames_per_second(stage.settings.frames_per_second)
        self._pace = Pace(rate, stage.later)
        self._asked: Buffer | None = None
        """The buffer that the open prompt bar is about."""
        self._wish: Wish | None = None
        self._canvas = 0
        self.course = Course()
        """What the run has been like so far."""
        self.running: Buffer | None = None
        """The buffer in which a model is at work."""
        self.since = 0.0
        """When it began, on the monotonic clock."""

    # Ask ---------------------------------------------------------------------------------------

    def ask(self) -> None:
        """Ctrl+k: take a span, show it, and ask what is to be done; or go back to the review."""
        stage = self._stage
        buffer = stage.buffers.current
        if not self._free(buffer):
            return
        span = stage.window.editor.selected_span()
        if span.empty and not self._on_empty_line(span):
            span = stage.window.editor.block_span()
        span = without_last_newline(buffer, span)
        if not self._too_long(span):
            self._open(span)

    def go_on(self) -> None:
        """Continue from the cursor."""
        self._ask_at_cursor("continue")

    def fill(self) -> None:
        """Fill in at the cursor, wherever on a line it stands."""
        self._ask_at_cursor("infill")

    def _ask_at_cursor(self, mode: Mode) -> None:
        buffer = self._stage.buffers.current
        if self._free(buffer):
            head = buffer.page.selection.head
            self._open(Span(head, head), mode)

    def _free(self, buffer: Buffer) -> bool:
        """Whether an edit may be asked for; else the person is led to what is there already."""
        if buffer.locked:
            self._stage.say(
                f"{buffer.name} is only looked at: see 'Read only' (ctrl+p).", "warning"
            )
            return False
        if buffer.review is not None:
            self._stage.window.focus_on(self._stage.window.review_bar)
        return buffer.review is None and not self._busy()

    def _too_long(self, span: Span) -> bool:
        """Whether a span is beyond any model; the person is told."""
        if len(span) > LONGEST:
            long = f"The selection has {len(span):,} characters; an edit takes up to {LONGEST:,}."
            self._stage.say(f"{long} Select less.", "warning")
        return len(span) > LONGEST

    def _on_empty_line(self, span: Span) -> bool:
        """Whether the cursor stands in a gap: a line with nothing on it."""
        text = self._stage.buffers.current.page.text
        return not text.lines[text.location(span.start)[0]].strip()

    def _open(self, span: Span, mode: Mode | None = None) -> None:
        """Select the span, so that it is seen before it is used, and open the bar for it."""
        stage = self._stage
        buffer = stage.buffers.current
        self._asked = buffer
        self._show_span(span)
        modes = tuple(word for word in MODES if word != "rewrite" or not span.empty)
        stage.window.prompt.open(about(buffer, span), modes, mode or modes[0])
        stage.window.saw("asked")

    def _show_span(self, span: Span) -> None:
        """Select a span; what was selected before comes back if nothing becomes of it."""
        buffer = self._stage.buffers.current
        editor = self._stage.window.editor
        before, aim, scroll = buffer.page.selection, buffer.aim, editor.scroll_offset.y
        if aim is not None and self._stage.window.prompt.display and before.span == aim.span:
            # Asked twice for the same span: what stood before is what stood before the first.
            before, scroll = aim.before, aim.scroll if aim.scroll is not None else scroll
        buffer.take_aim(span, before).scroll = scroll
        editor.select_span(span)
        # Once the bar is there: it takes rows from the page.
        editor.call_after_refresh(editor.reveal, span)

    def closed(self) -> None:
        """Esc in the bar: all is as it was."""
        window = self._stage.window
        window.focus_on(window.editor)
        buffer, self._asked = self._asked, None
        if buffer is None or buffer is not self._stage.buffers.current or buffer.aim is None:
            return
        if buffer.page.selection.span == buffer.aim.span:
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

    async def send(self, instruction: str, mode: Mode) -> None:
        """Enter in the bar: run it."""
        seed = self._stage.settings.params.seed
        buffer, self._asked = self._asked, None
        if buffer is not None:
            await self._run(Wish(instruction=instruction, mode=mode, seed=seed), buffer)

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
        if buffer.review is not None:
            aim = buffer.aim
            before = aim.before if aim is not None else buffer.page.selection
            buffer.take_aim(buffer.review.draft.span, before).scroll = aim.scroll if aim else None
            await self._run(replace(self._wish, seed=self._wish.seed + 1), buffer)
            return
        span = stage.window.editor.selected_span()
        if span.empty and self._wish.mode == "rewrite":
            span = stage.window.editor.block_span()
        span = without_last_newline(buffer, span)
        if self._too_long(span):
            return
        self._show_span(span)
        await self._run(self._wish, buffer)

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

    async def _run(self, wish: Wish, buffer: Buffer) -> None:
        """One run from the first picture to the last, where the buffer's aim is."""
        stage = self._stage
        if self._busy():
            return
        model = await self._models.ready()
        # Fetching a model takes a while: the text may have moved, and the person may be elsewhere.
        if model is None or buffer.aim is None or buffer not in stage.buffers.all:
            return
        span = buffer.aim.span
        self._wish, self._canvas, self.course = wish, 0, Course()
        self._end_review(buffer)
        buffer.tallest = rows_of(buffer, span)
        self.running = buffer
        self.since = time.monotonic()
        stage.later(TICK, self._tick)
        params: DenoiseParams = replace(stage.settings.params, seed=wish.seed)
        if buffer is stage.buffers.current:
            stage.window.focus_on(stage.window.editor)
            # Nothing stays selected: a key pressed too early must not replace the whole span.
            stage.window.editor.select_span(Span(span.end, span.end))
        try:
            async for draft in buffer.session.rewrite(
                span,
                instruction=wish.instruction,
                mode=wish.mode,
                params=params,
                model=model,
                language=buffer.language,
                thinking=stage.window.panel.display,
                device=stage.settings.device,
                context=stage.settings.context_chars,
            ):
                self._seen(buffer, draft)
        finally:
            self.running = None
            stage.window.refresh_lines()

    def _tick(self) -> None:
        """While there is no picture yet, the seconds show that it goes on."""
        if self.running is not None:
            self._stage.window.refresh_lines()
            self._stage.later(TICK, self._tick)

    def _end_review(self, buffer: Buffer) -> None:
        buffer.review = None
        if buffer is self._stage.buffers.current:
            self._stage.window.review_bar.show(None)

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
            stage.say(draft.message, "warning")
        if draft.status != "settled":
            buffer.session.drop()
            put_back(stage, buffer, draft)
            stage.window.saw(draft.status)

    def _settled(self, buffer: Buffer, draft: Draft) -> None:
        from diffedit.ui.review import Review  # noqa: PLC0415 - not before there is a draft

        review = Review.of(draft)
        if not review.hunks and len(draft.texts) <= 1:
            buffer.session.drop()
            put_back(self._stage, buffer, draft)
            self._stage.say(draft.message or NO_CHANGE, "warning")
            self._stage.window.saw("no change")
            return
        if draft.message:
            self._stage.say(draft.message)
        buffer.review = review
        if buffer is self._stage.buffers.current:
            self._stage.window.review_bar.show(review)
            if stayed(buffer, draft):
                self._stage.window.focus_on(self._stage.window.review_bar)
            else:
                # Whoever types elsewhere goes on typing: "a" and Enter are no verdicts there.
                self._stage.say("The draft is ready. ctrl+k goes to its review.")
        else:
            self._stage.say(f"{buffer.name}: the draft is ready for review.")
        self._stage.window.saw("settled")


def about(buffer: Buffer, span: Span) -> str:
    """A span in words: "lines 12–18 of shop.py"."""
    text = buffer.page.text
    first, column = text.location(span.start)
    last = text.location(span.end)[0]
    if span.empty:
        return f"at {first + 1}:{column + 1} of {buffer.name}"
    lines = f"line {first + 1}" if first == last else f"lines {first + 1}–{last + 1}"
    return f"{lines} of {buffer.name}"


def without_last_newline(buffer: Buffer, span: Span) -> Span:
    """A selection of whole lines often ends at the start of the next one; that one is not meant."""
    text = buffer.page.text
    if not span.empty and text.location(span.end)[1] == 0:
        return Span(span.start, max(span.start, span.end - 1))
    return span


def rows_of(buffer: Buffer, span: Span) -> int:
    """How many lines a span touches."""
    text = buffer.page.text
    return text.location(span.end)[0] - text.location(span.start)[0] + 1
