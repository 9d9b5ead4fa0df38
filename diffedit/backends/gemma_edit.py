"""One edit for DiffusionGemma, in tokens: the prompt, the canvas, and what is made of the answer.

Without thinking the answer is begun for the model inside a fence, so that slot 0 of the canvas
is the first token of the span: a warm start, held stretches and a gap's two sides have their
places then. With thinking it answers freely, and only the surroundings tell it where.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from diffedit.backends import gemma_prompt
from diffedit.backends.gemma_layout import (
    Reading,
    gap_layout,
    held_layout,
    kept_parts,
    padded,
    typed_layout,
)
from diffedit.backends.gemma_tokens import CHANNEL, CHANNEL_END, TURN_END, GemmaTokens
from diffedit.core.errors import BackendError, ModelError, RequestError, TooLongError
from diffedit.core.stretch import held, touched
from diffedit.engine import holes
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import CanvasRequest, Finish, Finished, Layout
from diffedit.engine.task import Task
from diffedit.engine.thought import Channel
from diffedit.engine.typed import Typed

LABEL = "thought\n"
"""The name of the reasoning channel, as the model writes it after the marker."""
ROOM = 64
"""Tokens that an answer may be longer than a quarter more than the span, before it is cut."""
LEAST_ANSWER = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A request, and what the denoiser has to know of its prompt."""

    request: CanvasRequest
    mark: int
    """Tokens before the wish: another wish for the same place goes on from there."""
    images_end: int = 0
    """Tokens up to the end of the last image; 0: there is none."""


class Edits:
    """Turns tasks into requests, for one checkpoint."""

    def __init__(
        self, tokens: GemmaTokens, *, canvas: int, context: int, budget: int, fill: int
    ) -> None:
        """`budget`: tokens that a thought may take; `fill`: what stands after a text's end."""
        self._tokens, self._canvas, self._context = tokens, canvas, context
        self._budget, self._fill = budget, fill
        self._open, self._close = tokens.marker(CHANNEL), tokens.marker(CHANNEL_END)
        self._end = tokens.marker(TURN_END)

    @property
    def thinks(self) -> bool:
        """Whether the vocabulary has a reasoning channel."""
        return self._open is not None and self._close is not None

    def prompt(
        self, task: Task, params: DenoiseParams, images: Sequence[Sequence[int]] = ()
    ) -> Prompt:
        """The edit in tokens. Raises RequestError or TooLongError for what cannot be done."""
        if task.mode == "rewrite" and not task.text.strip():
            raise RequestError("There is nothing selected to rewrite.", hint="Try infill.")
        placed = bool(task.keep) or task.noised is not None or params.noise < 1
        thinking = task.thinking and self.thinks and not placed
        answer = max(LEAST_ANSWER, len(self._encode(task.text)) * 5 // 4 + ROOM)
        answer += min(self._budget, self._context // 2) if thinking else 0
        room = self._room(task, images, answer)
        told = gemma_prompt.told(task, room=room, count=lambda text: len(self._encode(text)))
        before, *shown, place, wish, after = self._tokens.chat(
            gemma_prompt.SYSTEM, [*images, told.place, told.wish], thinking=thinking
        )
        begun = self._begins_thought(after)
        prefix = [*before, *(token for image in shown for token in image)]
        images_end = len(prefix) if images else 0
        mark = len(prefix) + len(place)
        prefix += [*place, *wish, *after]
        channel = self._channel(asked=thinking, begun=begun)
        if thinking:
            request = self._free(task, tuple(prefix), channel)
        else:
            prefix += [*self._no_thought(after), *self._encode(gemma_prompt.opening(task))]
            request = self._opened(task, params, tuple(prefix), channel)
            if task.thinking and self.thinks:
                request = _noted(request, "It did not think first, to keep to the old text.")
        return Prompt(request=request, mark=mark, images_end=images_end)

    def reading(self, task: Task) -> Reading:
        """The task's text between what stands around it, to be scored. Raises TooLongError.

        The prompt tells of a gap in its place: it must not hold the text that is to be judged.
        """
        text = self._encode(task.text)
        room = self._room(task, (), 0) - len(text)
        gap = replace(task, text="", mode="infill", instruction="")
        told = gemma_prompt.told(gap, room=room, count=lambda text: len(self._encode(text)))
        before, place, wish, after = self._tokens.chat(
            gemma_prompt.SYSTEM, [told.place, told.wish], thinking=False
        )
        opening = (*self._no_thought(after), *self._encode(gemma_prompt.opening(task)))
        return Reading(
            prompt=(*before, *place, *wish, *after, *opening),
            mark=len(before) + len(place),
            left=tuple(self._encode(_last_lines(task.before, self._canvas * 6))),
            text=tuple(text),
            right=(*self._head(task.after), *self._ending(task)),
            fill=self._fill,
        )

    # With a thought ----------------------------------------------------------------------------

    def _free(self, task: Task, prefix: tuple[int, ...], channel: Channel | None) -> CanvasRequest:
        return CanvasRequest(
            prefix=prefix,
            channel=channel,
            original=task.text,
            finish=self._finish(task, opened=False),
            picture=lambda pieces: gemma_prompt.picture(pieces, task, opened=False),
        )

    # Without -----------------------------------------------------------------------------------

    def _opened(
        self, task: Task, params: DenoiseParams, prefix: tuple[int, ...], channel: Channel | None
    ) -> CanvasRequest:
        if task.mode == "rewrite":
            if task.keep:
                return self._holding(task, params, prefix)
            return self._rewriting(task, prefix, channel)
        gap = None if task.mode == "continue" else self._gap(task, prefix)
        return gap or self._going_on(task, prefix, channel)

    def _rewriting(
        self, task: Task, prefix: tuple[int, ...], channel: Channel | None
    ) -> CanvasRequest:
        start = self._encode(task.text.rstrip("\n"))
        hot = None
        if task.noised is not None:
            hot = touched(self._tokens.decode(start), task.noised)
        return CanvasRequest(
            prefix=prefix,
            start=(*start, *self._ending(task)),
            hot=hot,
            fill=self._fill,
            channel=channel,
            max_tokens=2 * len(start) + 2 * LEAST_ANSWER,
            original=task.text,
            finish=self._finish(task, opened=True),
            picture=lambda pieces: gemma_prompt.picture(pieces, task, opened=True),
            relay=lambda typed: self._typed(self._rewriting(task, prefix, channel), typed, task),
        )

    def _typed(self, request: CanvasRequest, typed: Typed, task: Task) -> CanvasRequest:
        """A free canvas that goes on from what a person typed into its picture."""
        body = typed.text.rstrip("\n") if task.mode == "rewrite" else typed.text
        laid = typed_layout(replace(typed, text=body), self._tokens)
        ending = () if task.mode == "continue" else self._ending(task)
        return replace(
            request,
            start=(*laid.start, *ending),
            known=laid.known,
            hot=laid.hot,
            original=typed.text,
        )

    def _holding(self, task: Task, params: DenoiseParams, prefix: tuple[int, ...]) -> CanvasRequest:
        """Parts of the span stand at their slots; the others are denoised between them."""
        warm = task.noised is not None or params.noise < 1
        body = task.text.rstrip("\n")
        tail = task.text[len(body) :]
        layouts = list[Layout]()
        for scale in (1.0,) if warm else (1.0, 1.5, 0.75):
            try:
                layouts.append(
                    held_layout(
                        kept_parts(body, task.keep),
                        self._tokens,
                        self._ending(task),
                        length=self._canvas,
                        fill=self._fill,
                        scale=scale,
                        noised=task.noised,
                    )
                )
            except TooLongError:
                if not layouts:
                    raise

        def finish(answers: Sequence[str]) -> Finished:
            text = answers[0] + tail
            if not held(task.text, task.keep, text):
                raise BackendError("A part that was to stay came back changed; nothing was done.")
            return _told(text, task)

        return CanvasRequest(
            prefix=prefix,
            layouts=tuple(layouts),
            original=task.text,
            finish=finish,
            relay=lambda typed: self._holding(_as_typed(task, typed), params, prefix),
        )

    def _gap(self, task: Task, prefix: tuple[int, ...]) -> CanvasRequest | None:
        """A hole between the text on both sides; None where it does not fit into one canvas."""
        if not task.after.strip():
            return None
        body, tail = _body_and_tail(task.text)
        left = self._encode(_last_lines(task.before, self._canvas * 6))
        shown = min(len(left), self._canvas * 3 // 16)
        right = [*self._head(tail + task.after), *self._ending(task)]
        most = self._canvas - shown - len(right)
        hint = len(self._encode(body))
        lengths = holes.lengths(hint if body.strip() else 0, usual=self._canvas // 16, most=most)
        if not lengths or hint > most:
            return None

        def finish(answers: Sequence[str]) -> Finished:
            if not answers[0].strip():
                return Finished(texts=(task.text,), note="The model found nothing to put here.")
            return _told(answers[0].rstrip("\n") + tail if tail else answers[0], task)

        near = left[len(left) - shown :]

        def relay(typed: Typed) -> CanvasRequest:
            text = typed.text.removesuffix(tail) if tail else typed.text
            laid = typed_layout(replace(typed, text=text), self._tokens, left=near)
            if len(laid.known) + len(right) > self._canvas:
                raise TooLongError("What you typed does not fit into the canvas any more.")
            known = padded(laid.known, right, self._canvas, self._fill)
            return replace(request, layouts=(replace(laid, known=known),), original=typed.text)

        request = CanvasRequest(
            prefix=(*prefix, *left[: len(left) - shown]),
            layouts=tuple(
                gap_layout(near, hole, right, length=self._canvas, fill=self._fill)
                for hole in lengths
            ),
            original=task.text,
            finish=finish,
            relay=relay,
        )
        return request

    def _going_on(
        self, task: Task, prefix: tuple[int, ...], channel: Channel | None
    ) -> CanvasRequest:
        """What comes next, the answer beginning where the text so far ends."""
        left = self._encode(_last_lines(task.before, self._canvas * 6))
        tail = task.text[len(task.text.rstrip("\n")) :]

        def finish(answers: Sequence[str]) -> Finished:
            text = gemma_prompt.inside(answers[0], task).rstrip()
            if not text:
                return Finished(texts=(task.text,), note="The model found nothing to put here.")
            return _told(text + tail, task)

        return CanvasRequest(
            prefix=(*prefix, *left),
            channel=channel,
            max_tokens=LEAST_ANSWER,
            original=task.text,
            finish=finish,
            picture=lambda pieces: gemma_prompt.picture(pieces, task, opened=True),
            relay=lambda typed: self._typed(self._going_on(task, prefix, channel), typed, task),
        )

    # Parts -------------------------------------------------------------------------------------

    def _finish(self, task: Task, *, opened: bool) -> Finish:
        def finish(answers: Sequence[str]) -> Finished:
            text = gemma_prompt.answer_text(answers[0], task, opened=opened)
            if not text.strip():
                raise ModelError(
                    "The model gave no text that could stand there, so nothing was changed.",
                    hint="Say it in other words, or run it again with another seed.",
                )
            return _told(text, task)

        return finish

    def _encode(self, text: str) -> list[int]:
        return self._tokens.encode(text)

    def _ending(self, task: Task) -> tuple[int, ...]:
        """The end of an answer: its fence is closed, and its turn."""
        end = () if self._end is None else (self._end,)
        return (*self._encode(gemma_prompt.closing(task)), *end)

    def _head(self, right: str) -> list[int]:
        """The beginning of the text after a gap, to a line's end if one is near."""
        ids = self._encode(right[: self._canvas * 3])[: self._canvas // 4]
        texts = self._tokens.decode(ids)
        ends = [number for number, text in enumerate(texts) if "\n" in text and number >= 4]
        return ids[: ends[-1]] if ends else ids

    def _room(self, task: Task, images: Sequence[Sequence[int]], answer: int) -> int:
        """Tokens for what the person's turn says. Raises TooLongError for too long a span."""
        around = sum(map(len, images)) + len(self._encode(gemma_prompt.SYSTEM)) + self._canvas
        room = self._context - around - answer - 2 * self._canvas
        span = len(self._encode(task.text))
        if span + 100 > room:
            raise TooLongError(
                f"The span has {span:,} tokens; with the answer that is more than the "
                f"{self._context:,} of this model's context.",
                hint="Select less, or give the option context a larger number.",
            )
        return room

    def _channel(self, *, asked: bool, begun: bool) -> Channel | None:
        if self._open is None or self._close is None:
            return None
        return Channel(
            open_id=self._open,
            close_id=self._close,
            label=LABEL.strip(),
            asked=asked,
            begun=begun,
            budget=self._budget,
        )

    def _begins_thought(self, after: Sequence[int]) -> bool:
        """Whether the template itself has opened the channel."""
        if self._open is None or self._open not in after:
            return False
        last = len(after) - 1 - list(reversed(after)).index(self._open)
        return self._close not in after[last:]

    def _no_thought(self, after: Sequence[int]) -> list[int]:
        """The empty thought that the model writes by itself, where the template has none."""
        if self._open is None or self._close is None or self._open in after:
            return []
        return [self._open, *self._encode(LABEL), self._close]


def _as_typed(task: Task, typed: Typed) -> Task:
    """The task from the picture as a person has typed into it."""
    return replace(task, text=typed.text, keep=typed.keep, noised=typed.noised)


def _noted(request: CanvasRequest, note: str) -> CanvasRequest:
    """The request, with a sentence more at its end."""

    def finish(answers: Sequence[str]) -> Finished:
        finished = request.finish(answers)
        return replace(finished, note=" ".join(filter(None, (finished.note, note))))

    return replace(request, finish=finish)


def _told(text: str, task: Task) -> Finished:
    """One finished text, and whether it is a change at all."""
    same = "The model changed nothing." if text == task.text else ""
    return Finished(texts=(text,), note=same)


def _body_and_tail(text: str) -> tuple[str, str]:
    """A text, and the line ends behind it."""
    body = text.rstrip("\n")
    return body, text[len(body) :]


def _last_lines(text: str, most: int) -> str:
    """The end of a text, from a line's start if one is near."""
    if len(text) <= most:
        return text
    cut = text.find("\n", len(text) - most)
    return text[cut + 1 :] if 0 <= cut < len(text) - 1 else text[-most:]
