"""One edit from wish to change. The editor and the command line both come through here."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable, Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from diffedit.core.change import ChangeSet
from diffedit.core.document import Document
from diffedit.core.draft import Draft, Piece
from diffedit.core.edit import Edit, Link
from diffedit.core.errors import DiffeditError, RequestError
from diffedit.core.film import Film, Frame
from diffedit.core.hand import Hand
from diffedit.core.heat import Scored
from diffedit.core.line_ends import ended_alike
from diffedit.core.review import Review
from diffedit.core.span import Selection, Span
from diffedit.core.start import Start
from diffedit.core.stretch import Stretches, held, rest
from diffedit.engine.params import DenoiseParams
from diffedit.engine.task import Mode
from diffedit.worker.client import Client
from diffedit.worker.messages import Reply
from diffedit.worker.run import Run
from diffedit.worker.turns import first_task
from diffedit.worker.wish import CONTEXT, OUTSIDE, Wish, task_of

if TYPE_CHECKING:
    from diffedit.config.models import Model

__all__ = ["CONTEXT", "Session", "Wish", "task_of"]


class Session:
    """One document's edits, one at a time. Nothing here raises: a failure is a failed draft.

    It moves; where the edit stands is the value `edit`, and every event replaces it.
    """

    def __init__(
        self,
        document: Document,
        client: Client,
        *,
        on_message: Callable[[Reply], None] | None = None,
    ) -> None:
        """`on_message` hears every message of the worker while an edit goes on."""
        self.document = document
        self.client = client
        self._on_message = on_message
        self._run: Run | None = None
        self._edit = Edit()
        self._watching = False

    @property
    def edit(self) -> Edit:
        """Where the edit stands."""
        return self._edit

    @edit.setter
    def edit(self, edit: Edit) -> None:
        """Move it; while there are drafts, they go along with the page."""
        self._edit = edit
        wanted = bool(edit.links) or edit.stage == "denoise"
        if wanted and not self._watching:
            self.document.watchers.append(self._moved)
        elif self._watching and not wanted:
            self.document.watchers.remove(self._moved)
        self._watching = wanted

    @property
    def draft(self) -> Draft | None:
        """The draft that is being made or reviewed; carried along as the person edits."""
        return self._edit.draft

    @property
    def error(self) -> DiffeditError | None:
        """Why the draft failed, where it did."""
        return self._run.error if self._run is not None else None

    def rewrite(  # noqa: PLR0913 - the one door has a bell for each wish
        self,
        span: Span,
        *,
        instruction: str,
        mode: Mode,
        params: DenoiseParams,
        model: Model,
        language: str = "",
        thinking: bool = False,
        keep: Stretches = (),
        between: Stretches = (),
        device: str = "auto",
        context: int = CONTEXT,
        start: Start | None = None,
        images: tuple[Path, ...] = (),
    ) -> AsyncGenerator[Draft, None]:
        """The draft each time it changes, until it has ended; one that still lives is cancelled.

        `keep` and `between` count in the span: pins, and what lies between places denoised at
        once. A start has its own pins, and its draft's places.
        """
        wish = Wish(
            instruction=instruction,
            mode=mode,
            params=params,
            model=model,
            language=language,
            thinking=thinking,
            keep=keep,
            between=between,
            device=device,
            context=context,
            start=start,
            images=images,
        )
        return self._play(span, wish)

    async def _play(self, span: Span, wish: Wish) -> AsyncGenerator[Draft, None]:
        """The run, in which whatever went on before ends."""
        self._stop()
        run = self._begin(span, wish)
        try:
            with self._heard():
                async with contextlib.aclosing(run.play()) as drafts:
                    async for draft in drafts:
                        yield draft
        finally:
            if run.draft.live:
                run.stop()

    def _begin(self, span: Span, wish: Wish) -> Run:
        """A run, and the edit in which it is the live one."""
        if wish.start is not None and (link := self._edit.link) is not None:
            wish = replace(wish, between=link.draft.between)
        run = Run(self.document, self.client, span, wish, told=self._told, filmed=self._filmed)
        self._run = run
        self.edit = self.edit.began(run.draft, wish.start, wish.instruction)
        return run

    async def preview(
        self, span: Span, *, mode: Mode, params: DenoiseParams, model: Model, **more: object
    ) -> tuple[Piece, ...]:
        """What a run with these dials would begin with: given text, and what would be noised.

        No step is made. Raises DiffeditError; RequestError where the model starts from noise only.
        """
        wish = Wish(
            instruction=" - ",
            mode=mode,
            params=replace(params, max_steps=0),
            model=model,
            **more,  # type: ignore[arg-type] # the same words as of `rewrite`
        )
        await self.client.load(model, wish.device)
        abilities = self.client.abilities
        if abilities is None or not abilities.warm_start:
            raise RequestError("This model always starts from nothing.")
        found: tuple[Piece, ...] = ()
        task = task_of(self.document, span, wish)
        async with contextlib.aclosing(self.client.rewrite(task, wish.params)) as events:
            async for event in events:
                found = getattr(event, "pieces", found)
        return found

    def prefill(self, span: Span, *, model: Model, device: str = "auto", **more: object) -> None:
        """Have the model read ahead what an edit of this span begins with, whatever it will be.

        Only a model that is loaded does; what is in the way of it the edit itself will tell of.
        """
        if not self.client.has(model, device):
            return
        wish = Wish(model=model, device=device, **more)  # type: ignore[arg-type] # as of `rewrite`
        with contextlib.suppress(DiffeditError):
            task = first_task(self.document, span, wish, self.client.abilities)
            self.client.prefill(task, wish.params)

    async def score(
        self, span: Span, *, model: Model, text: str | None = None, **more: object
    ) -> tuple[Scored, ...]:
        """How sure the model is of each token of the span, or of `text` in its place.

        Raises DiffeditError; RequestError where the model cannot say.
        """
        params = DenoiseParams()
        wish = Wish(instruction="", mode="infill", params=params, model=model, **more)  # type: ignore[arg-type]
        await self.client.load(model, wish.device)
        task = task_of(self.document, span, wish)
        return await self.client.score(task if text is None else replace(task, text=text))

    @contextlib.contextmanager
    def _heard(self) -> Iterator[None]:
        """Let `on_message` hear the worker."""
        if self._on_message is None:
            yield
            return
        self.client.listeners.append(self._on_message)
        try:
            yield
        finally:
            self.client.listeners.remove(self._on_message)

    async def cancel(self) -> None:
        """Esc: the draft comes to nothing. Back when the worker has answered."""
        if self._run is not None:
            await self._run.cancel()

    @property
    def typing(self) -> bool:
        """Whether a run goes on that takes in what is typed into its picture."""
        return self._edit.stage == "denoise" and self._run is not None and self._run.typing

    def entered(self, place: int) -> Hand | None:
        """A hand with its caret at a place of the picture, or of the draft under review.

        None where there is none, or where the model takes nothing in.
        """
        if self._run is not None and self._edit.stage == "denoise":
            return self._run.entered(place)
        review = self._edit.review if self._edit.stage == "review" else None
        return review.draft.entered(place) if review is not None else None

    def write(self, hand: Hand) -> None:
        """The person has typed into the picture of the run: it is held from the next step on."""
        review = self._edit.review
        if self._run is not None and self._edit.stage == "denoise":
            self._run.write(hand)
        elif review is not None:
            # The run ended under the person's hands: what they go on typing is the draft's still.
            draft, texts = review.draft.written(hand), list(review.draft.texts)
            texts[draft.chosen] = hand.text
            self.edit = self._edit.said(review.written(replace(draft, texts=tuple(texts))))

    def choose(self, number: int) -> Draft:
        """Put another of the finished texts under review. Raises RequestError without a draft."""
        review = self._edit.review
        if review is None:
            raise RequestError("There is no draft.")
        draft = review.draft.choose(number)
        self.edit = self._edit.said(review.turned(draft))
        return draft

    def apply(self, kept: Collection[int] | None = None) -> ChangeSet:
        """Take the settled draft (only the hunks numbered in `kept`) into the page: one change.

        The draft is forgotten. Nothing happens to the page where there is nothing to take.
        """
        review = self._edit.review if self._edit.stage == "review" else None
        self.drop()
        if review is None:
            return ChangeSet(())
        draft = review.draft
        changes = draft.change(kept)
        if changes:
            new = list(changes.new_spans())
            self.document.break_group()
            self.document.apply(changes, selection=Selection(new[0].start, new[-1].end))
            self.document.break_group()
        return changes

    def took(self) -> None:
        """The step that is looked at is taken for a finished draft, and is under review."""
        before, self.edit = self._edit, self._edit.took()
        link = self._edit.link
        if self._edit is before or link is None:
            return
        text = ended_alike(self.document.text, link.draft, link.draft.text)
        if text != link.draft.text:
            self.edit = self._edit.said(Review.of(replace(link.draft, texts=(text,))))

    def adopt(self, link: Link) -> None:
        """Put a finished draft under review that no run here has made: a merge, a replay."""
        self.edit = self._edit.added(link)

    def adopt_text(self, start: Start) -> None:
        """Put the text of a start under review as it is: there is nothing in it to denoise.

        Raises RequestError where it lies outside of the edit's places.
        """
        link = self._edit.link
        if link is None:
            return
        draft = replace(link.draft, texts=(start.text,), chosen=0)
        if not held(draft.original, draft.between, start.text):
            raise RequestError(OUTSIDE)
        review = Review.of(draft)
        pins = rest(len(start.text), start.free)
        self.adopt(
            replace(
                link,
                review=review,
                start=start,
                kind=start.kind,
                parent=start.parent,
                pins=pins,
                film=Film(),
            )
        )

    def drop(self) -> None:
        """Forget the draft; the page is as it was. A run that still goes on is stopped."""
        self._stop()
        self._run = None
        self.edit = Edit()

    def _stop(self) -> None:
        if self._run is not None:
            self._run.stop()

    # News --------------------------------------------------------------------------------------

    def _told(self, draft: Draft) -> None:
        """What the run has come to; a run that was left behind is not listened to."""
        edit = self._edit
        if draft.live:
            self.edit = edit.seen(draft)
        elif draft.status == "settled":
            self.edit = edit.settled(draft)
        elif draft.status == "failed":
            self.edit = edit.failed(draft)
        elif draft.status == "cancelled":
            self.edit = edit.stopped(draft)

    def _filmed(self, frame: Frame) -> None:
        self.edit = self._edit.filmed(frame)

    def _moved(self, changes: ChangeSet) -> None:
        """The person edited: all drafts go along, or go stale and their run is cancelled."""
        live = self._edit.stage == "denoise"
        self.edit = self._edit.carried(changes)
        if live and self._run is not None:
            self._run.carry(changes)
