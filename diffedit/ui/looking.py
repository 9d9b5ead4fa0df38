"""The desk for looks: the steps of a run, its tokens and their heat, pins, marks and choices."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from diffedit.core.stretch import Stretches, joined, rest
from diffedit.ui.able import NEEDS, why_not
from diffedit.ui.brush import Brush
from diffedit.ui.shown import show_edit
from diffedit.ui.spans import without_last_newline

if TYPE_CHECKING:
    from diffedit.core.edit import Link
    from diffedit.core.start import Start
    from diffedit.ui.buffers import Buffer
    from diffedit.ui.editing import Editing
    from diffedit.ui.look import Look
    from diffedit.ui.stage import Stage

ONE_STEP = "There is only this one step."


class Looking:
    """Keys over a settled draft. Where one looks is `buffer.look`, the rest `buffer.edit`."""

    def __init__(self, stage: Stage, editing: Editing) -> None:
        self._stage, self._editing = stage, editing
        self._brush = Brush(stage, self._put)

    # In and out --------------------------------------------------------------------------------

    def steps(self) -> None:
        """Left in a review: the step before the last, and all that came before."""
        buffer = self._buffer
        link = buffer.edit.link
        if link is None or len(link.film) < 2:
            self._stage.say(self._why_not("steps") or ONE_STEP)
            return
        self._open(buffer)
        self.step(-1)
        self._stage.window.saw("steps")

    def heat(self) -> None:
        """`h`: show how unsure the model is of each token; again, hide it."""
        buffer = self._buffer
        if not buffer.edit.looking:
            self._open(buffer)
        look = buffer.look
        if look is None:
            return
        abilities = self._stage.client.abilities
        if not any(token.nats is not None for token in look.tokens) and not (
            abilities and abilities.score
        ):
            self._stage.say(NEEDS["heat"].why)
            return
        self._put(replace(look, heat=not look.heat))
        if buffer.look is not None and buffer.look.heat:
            self._stage.start(self._score(buffer))
            self._stage.window.saw("heat")

    def back(self) -> None:
        """Esc: to the hunks."""
        buffer = self._buffer
        link = buffer.edit.link
        buffer.session.edit = buffer.edit.escape()
        if link is not None and link.kind == "proof":
            buffer.session.drop()
        buffer.look = None
        show_edit(self._stage, buffer)

    def adopt(self, link: Link) -> None:
        """A saved run over its own text: from its first step on."""
        buffer = self._buffer
        buffer.session.adopt(link)
        self._open(buffer)
        self.ends(last=False)

    async def proofread(self) -> None:
        """Where the selected code surprises the model, most surprising first, and likely repairs.

        The text itself is the draft: what is chosen is tried like any other token of a draft.
        """
        buffer, window = self._buffer, self._stage.window
        abilities = self._stage.client.abilities
        if buffer.edit.stage != "select" or self._editing.running is not None:
            return
        if abilities is None or not abilities.score:
            why = self._why_not("proofread") or "The model is not loaded yet."
            self._stage.say(why, "warning")
            return
        model = await self._editing.model()
        span = window.editor.selected_span()
        span = without_last_newline(buffer, window.editor.block_span() if span.empty else span)
        text = buffer.page.text.slice(span)
        if model is None or not text.strip():
            return
        self._stage.say("Reading …")
        scores = await buffer.session.score(
            span, model=model, language=buffer.language, device=self._stage.settings.device
        )
        if buffer is not self._buffer or buffer.page.text.slice(span) != text:
            return
        from diffedit.core.edit import proof  # noqa: PLC0415 - when it is asked for

        buffer.take_aim(span, buffer.page.selection)
        buffer.session.adopt(proof(span, text))
        self._open(buffer)
        if buffer.look is not None:
            buffer.look = buffer.look.proof(scores)
        show_edit(self._stage, buffer)
        window.saw("proofread")

    def save(self) -> None:
        """`s`: the run into a file, for `diffedit replay` and for bug reports."""
        from diffedit.worker import tape  # noqa: PLC0415 - when it is asked for

        buffer = self._buffer
        if buffer.edit.link is not None:
            path = tape.save(buffer.edit.link, Path.cwd(), language=buffer.language)
            self._stage.say(f"Saved {path.name}; `diffedit replay {path.name}` plays it.")

    def save_film(self) -> None:
        """`S`: the run as an animated SVG, in the colours that are worn."""
        from diffedit.ui.film import save_film  # noqa: PLC0415 - when it is asked for

        link = self._buffer.edit.link
        if link is not None and link.film:
            pace = self._buffer.look.pace if self._buffer.look is not None else 4
            path = save_film(link, Path.cwd(), self._stage.window.look, pace)
            self._stage.say(f"Saved {path.name}, which plays in a browser.")

    def _open(self, buffer: Buffer) -> None:
        buffer.look = None
        self._stage.window.editor.brush = self._brush
        buffer.session.edit = buffer.edit.looked()
        show_edit(self._stage, buffer)

    # Steps -------------------------------------------------------------------------------------

    def step(self, by: int) -> None:
        """One step back or on; what was playing stops."""
        self._scrub(self._buffer.edit.step + by)

    def ends(self, *, last: bool) -> None:
        """The first step, or the last."""
        self._scrub(10**9 if last else 0)

    def _scrub(self, step: int, *, playing: bool = False) -> None:
        buffer = self._buffer
        look = buffer.look
        if not buffer.edit.looking or look is None:
            return
        buffer.session.edit = buffer.edit.scrubbed(step)
        buffer.look = replace(look, playing=playing)
        show_edit(self._stage, buffer, focus=not playing)

    def play(self) -> None:
        """Space: play the run at its own pace, from the start when it stands at the end."""
        buffer = self._buffer
        link, look = buffer.edit.link, buffer.look
        if look is None or link is None or len(link.film) < 2:
            return
        if look.playing:
            self._put(replace(look, playing=False))
            return
        at_end = buffer.edit.step >= len(link.film) - 1
        self._scrub(0 if at_end else buffer.edit.step, playing=True)
        self._tick(buffer)

    def pace(self, by: int) -> None:
        """Faster or slower."""
        if (look := self._buffer.look) is not None:
            self._put(look.paced(by))

    def _tick(self, buffer: Buffer) -> None:
        """The next step, while it plays and is looked at."""
        look = buffer.look
        if look is None or not look.playing:
            return

        def on() -> None:
            look, link = buffer.look, buffer.edit.link
            if look is None or link is None or not look.playing or buffer is not self._buffer:
                return
            last = buffer.edit.step + 1 >= len(link.film) - 1
            self._scrub(buffer.edit.step + 1, playing=not last)
            if last:
                self._stage.window.saw("played")
            self._tick(buffer)

        self._stage.later(1 / look.pace, on)

    def take(self) -> None:
        """Enter: this step is the draft; it is reviewed like any other."""
        buffer = self._buffer
        look = buffer.look
        if look is not None and look.last:
            buffer.session.edit = buffer.edit.escape()
        else:
            buffer.session.took()
        buffer.look = None
        show_edit(self._stage, buffer)

    def fork(self) -> None:
        """`f`: another way on from here, with other words or another seed."""
        edit = self._buffer.edit
        link, frame = edit.link, edit.frame
        why = self._why_not("fork")
        if link is None or frame is None or why:
            self._stage.say(why or NEEDS["steps"].why)
            return

        def start() -> Start:
            from diffedit.core import start as starts  # noqa: PLC0415 - not before there is a draft

            return starts.fork(frame, edit.at)

        self._editing.ask_over(f"from step {frame.figures.steps}", start, link.instruction)

    # Tokens ------------------------------------------------------------------------------------

    def token(self, by: int) -> None:
        """Tab: the next token."""
        if (look := self._buffer.look) is not None:
            self._put(look.moved(by))

    async def unsure(self, by: int) -> None:
        """`u`: the least sure token, then the next least."""
        buffer = self._buffer
        if not buffer.edit.looking:
            self._open(buffer)
        await self._score(buffer)
        if (look := buffer.look) is not None and buffer is self._buffer:
            found = look.unsure(by)
            if found is look:
                told = any(token.nats is not None for token in look.tokens)
                why = "" if told else self._why_not("next_unsure")
                self._stage.say(why or "The model is sure of every token here.")
            self._put(found)
            self._stage.window.saw("unsure")

    def pin(self, *, line: bool) -> None:
        """`p`, `P`: what stands here stays, byte for byte; again, it may change."""
        buffer = self._buffer
        look, link = buffer.look, buffer.edit.link
        if look is None or link is None or look.token is None or not look.last:
            return
        start, end = look.token.start, look.token.end
        if line:
            start = look.text.rfind("\n", 0, start) + 1
            stop = look.text.find("\n", start)
            end = len(look.text) if stop < 0 else stop
        pins = link.pins
        if any(first < end and start < last for first, last in pins):
            pins = _without(pins, start, end, len(look.text))
        else:
            pins = joined((*pins, (start, end)))
        buffer.session.edit = buffer.edit.pinned(pins)
        show_edit(self._stage, buffer)

    def mark(self) -> None:
        """`m`: the brush on this token, or off it; on to the next."""
        look = self._buffer.look
        if look is not None and look.last:
            self._put(look.brushed().moved(1) if look.token else look)

    async def think_again(self) -> None:
        """`t`: what is marked is denoised again, and nothing else."""
        buffer = self._buffer
        look, link = buffer.look, buffer.edit.link
        if look is None or link is None or not look.marked:
            self._stage.say("Mark some words with m first.")
            return
        from diffedit.core.start import brushed  # noqa: PLC0415 - not before there is a draft

        start = brushed(look.text, look.marked, link.pins, parent=buffer.edit.at, clamp=self._clamp)
        await self._editing.rework(start, seed=1)

    async def choose(self, number: int) -> None:
        """`1` to `8`: this token instead; it is pinned, and what was unsure settles anew."""
        buffer = self._buffer
        look, link = buffer.look, buffer.edit.link
        if look is None or link is None or look.token is None or look.at is None:
            return
        if number >= len(look.token.choices):
            none = NEEDS["choice_1"].why
            self._stage.say("There is no such choice." if look.token.choices else none)
            return
        from diffedit.core.start import chosen  # noqa: PLC0415 - not before there is a draft

        choice = look.token.choices[number].text
        start = chosen(
            look.tokens, look.at, choice, link.pins, parent=buffer.edit.at, clamp=self._clamp
        )
        if start.free:
            await self._editing.rework(start)
        else:
            buffer.session.adopt_text(start)
            buffer.look = None
            show_edit(self._stage, buffer)

    def _why_not(self, command: str) -> str:
        return why_not(command, self._stage.client.abilities)

    @property
    def _clamp(self) -> bool:
        abilities = self._stage.client.abilities
        return bool(abilities and abilities.clamp)

    async def _score(self, buffer: Buffer) -> None:
        """Ask the model how sure it is of the finished text, and what else might stand in it."""
        link, look = buffer.edit.link, buffer.look
        abilities = self._stage.client.abilities
        if look is None or link is None or not look.last or not (abilities and abilities.score):
            return
        if any(token.choices for token in look.tokens):
            return
        model = await self._editing.model()
        if model is None:
            return
        scores = await buffer.session.score(
            link.draft.span,
            model=model,
            text=look.text,
            language=buffer.language,
            device=self._stage.settings.device,
        )
        if buffer.look is not None and buffer.look.text == look.text and buffer.look.last:
            buffer.look = buffer.look.scored(scores)
            show_edit(self._stage, buffer)
            self._stage.window.saw("scored")

    @property
    def _buffer(self) -> Buffer:
        return self._stage.buffers.current

    def _put(self, look: Look) -> None:
        buffer = self._buffer
        buffer.look = look
        show_edit(self._stage, buffer)


def _without(pins: Stretches, start: int, end: int, length: int) -> Stretches:
    """The pins without a part of the text."""
    return rest(length, (*rest(length, pins), (start, end)))
