"""One draft while it is made: from the worker's messages to drafts, frames and an end."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

from diffedit.core.change import ChangeSet
from diffedit.core.document import Document
from diffedit.core.draft import Draft, Figures, Piece
from diffedit.core.edit import TYPED
from diffedit.core.errors import BackendError, DiffeditError, RequestError
from diffedit.core.film import Frame
from diffedit.core.hand import Hand
from diffedit.core.span import Span
from diffedit.core.stretch import joined
from diffedit.engine.task import Task
from diffedit.worker import messages
from diffedit.worker.client import Client
from diffedit.worker.messages import Done, Loaded, Loading, Started
from diffedit.worker.parts import Part, parts_of, sound, spliced, task_of_part, whole_text, written
from diffedit.worker.wish import Wish, task_of

_TOLD = 50_000_000
"""A model of so many bytes is told with its size while it is read."""
_STAGES = {"find": "Looking for", "read": "Reading", "place": "Placing", "warm": "Warming up"}
BROKEN = "The model changed what is pinned; nothing was taken."

NOT_TAKEN = "The model did not take in what you typed; this is the draft as it stood."

Told = Callable[[Draft], None]
"""Hears of each draft, when it is made and not when it is read."""
Pictured = Callable[[tuple[Piece, ...]], tuple[Piece, ...]]
"""The picture of the whole text, from that of a part."""
Heard = Callable[[messages.Frame], None]
"""Hears of every frame as it comes."""
Filmed = Callable[[Frame], None]
"""Hears of every frame, those too that nobody has the time to look at."""


class Run:
    """One draft while it is made: the pump on one side, the person's edits on the other."""

    def __init__(
        self,
        document: Document,
        client: Client,
        span: Span,
        wish: Wish,
        *,
        told: Told,
        filmed: Filmed,
    ) -> None:
        if wish.mode == "continue":
            span = Span(span.end, span.end)
        self._told, self._filmed = told, filmed
        self.error: DiffeditError | None = None
        self._document = document
        self._client = client
        self._wish = wish
        self._figures = Figures(backend=wish.model.backend, model=wish.model.name)
        self._news = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None
        self._draft = Draft(
            span=span,
            original=document.text.slice(span),
            between=wish.between,
            keep=joined((*wish.keep, *wish.between)) if wish.start is None else (),
            figures=self._figures,
        )
        self._before = self._figures
        """The figures at the end of the parts that are done."""
        self._number: int | None = None
        """The worker's id of the part that is denoised, while that can be typed into."""

    @property
    def draft(self) -> Draft:
        """The draft as it is."""
        return self._draft

    @draft.setter
    def draft(self, draft: Draft) -> None:
        self._draft = draft
        self._news.set()
        self._told(draft)

    async def play(self) -> AsyncGenerator[Draft, None]:
        """The draft at each change, until it has ended."""
        self._pump = asyncio.create_task(self._go(), name="edit")
        yield self._draft
        draft = self._draft
        while draft.live:
            await self._news.wait()
            self._news.clear()
            draft = self._draft
            yield draft
        if self._pump.done() and not self._pump.cancelled():
            self._pump.result()

    def stop(self) -> None:
        """Be done with it: no more news; the worker is told to stop."""
        if self._draft.live:
            self.draft = self._ended("cancelled")
        if self._pump is not None and not self._pump.done():
            self._pump.cancel()

    async def cancel(self) -> None:
        """Ask the worker to stop, and wait until it has. While it loads, only stop waiting."""
        if not self._draft.live:
            return
        if self._figures.seed is None:
            self.stop()
            return
        await self._client.cancel()
        if self._pump is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(self._pump)

    @property
    def typing(self) -> bool:
        """Whether what is typed into the picture would be taken in."""
        return self._draft.live and self._number is not None

    def write(self, hand: Hand) -> None:
        """The person has typed into the picture: it is theirs, and the worker is told."""
        if not self.typing:
            return
        before = self._draft.hand
        self.draft = self._draft.written(hand)
        if self._number is not None and hand.number != (before.number if before else 0):
            self._client.pin(self._number, hand)

    # The pump ----------------------------------------------------------------------------------

    async def _go(self) -> None:
        """Turn what the worker says into drafts. Whatever goes wrong becomes the last draft."""
        try:
            task = task_of(self._document, self._draft.span, self._wish)
            self._wait("Starting the model's worker …")
            loaded = await self._client.load(self._wish.model, self._wish.device, self._loading)
            self._load_done(loaded)
            abilities = self._client.abilities
            if task.images and not (abilities and abilities.images):
                raise RequestError(
                    f"The model {loaded.model} cannot see images.", hint="Ask again without them."
                )
            right, done, end = tuple[Piece, ...](), None, len(task.text)
            for part in parts_of(
                task,
                clamp=bool(abilities and abilities.clamp),
                canvas=(abilities.canvas_length or 0) if abilities else 0,
            ):
                if done is not None:
                    right, self._before = (Piece(done.text, "accepted"), *right), self._figures
                if part.end < end:
                    right = (Piece(task.text[part.end : end], "kept", 0.0), *right)
                end = part.start
                done = await self._play(task, part, right)
                if done is None or done.stop == "cancelled":
                    break
            if done is not None and self._draft.live:
                self._settle(done, task, (part, written(right)))
        except DiffeditError as error:
            self._went_wrong(error)
        finally:
            if self._draft.live:
                self.draft = self._ended("cancelled")

    def _went_wrong(self, error: DiffeditError) -> None:
        """The draft has failed; one that was typed into stays as it stands."""
        if not self._draft.live:
            return
        if self._draft.typed:
            self.draft = self._as_written(f"{error} {TYPED}")
        else:
            self.error = error
            self.draft = self._ended("failed", str(error))

    def _wait(self, message: str) -> None:
        if self._draft.status == "waiting":
            self.draft = replace(self._draft, message=message)

    def _loading(self, loading: Loading) -> None:
        share = f" {100 * loading.done // loading.total}%" if loading.total > 0 else ""
        size = f" of {loading.total / 1e9:.1f} GB" if share and loading.total >= _TOLD else ""
        self._wait(f"{_STAGES[loading.stage]} {self._wish.model.name} …{share}{size}")

    def _load_done(self, loaded: Loaded) -> None:
        self._figures = replace(
            self._figures,
            backend=loaded.backend,
            model=loaded.model,
            device=loaded.device,
        )
        self.draft = replace(self._draft, figures=self._figures)

    async def _play(self, task: Task, part: Part, right: tuple[Piece, ...]) -> Done | None:
        """One part of the task to its end; None where nobody waits for it any more."""

        def pictured(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
            return spliced(task, part, right, pieces)

        def heard(frame: messages.Frame) -> None:
            if self._draft.live:
                self._filmed(Frame(pieces=pictured(frame.pieces), figures=self._seen(frame)))

        asked = task_of_part(task, part, written(right))
        typing = part.whole and not self._wish.between
        for number in itertools.count():
            done = await self._asked(asked, pictured, heard, typing=typing)
            hand, self._number = self._draft.hand, None
            # What was typed too late for the last step has a run of its own; once is enough.
            late = done is not None and hand is not None and done.pinned < hand.number
            if done is None or done.stop == "cancelled" or not late or number:
                return done
        return None

    async def _asked(
        self, task: Task, pictured: Pictured, heard: Heard, *, typing: bool
    ) -> Done | None:
        """One rewrite by the worker to its end."""
        events = self._client.rewrite(task, self._wish.params, heard=heard)
        async with contextlib.aclosing(events):
            async for event in events:
                if not self._draft.live:
                    return None
                if isinstance(event, Started):
                    self._begun(event, typing=typing)
                elif isinstance(event, Done):
                    return event
                else:
                    self._figures = self._seen(event)
                    self._picture(pictured(event.pieces), event.pinned)
        return None

    def _picture(self, pieces: tuple[Piece, ...], pinned: int) -> None:
        """One more picture; one that lacks what was typed is not shown, only counted."""
        hand = self._draft.hand
        if hand is not None:
            moved = hand.seen(pieces) if pinned >= hand.number else None
            hand = moved or hand
            pieces = hand.pieces
        seen = self._draft.seen(pieces, self._figures)
        self.draft = replace(seen, message="", hand=hand)

    def _begun(self, event: Started, *, typing: bool) -> None:
        abilities = self._client.abilities
        self._number = event.id if typing and abilities and abilities.typing else None
        if self._number is not None and self._draft.hand is not None:
            self._client.pin(self._number, self._draft.hand)
        self._figures = replace(
            self._figures,
            seed=event.seed,
            max_steps=event.max_steps,
            canvases=event.canvases,
        )
        message = "" if self._draft.pieces else "Reading the prompt …"
        self.draft = replace(self._draft, figures=self._figures, message=message)

    def _seen(self, event: messages.Frame) -> Figures:
        return replace(
            self._figures,
            canvas=event.canvas,
            step=event.canvas_step,
            steps=self._before.steps + event.step,
            accepted=event.accepted,
            mean_entropy=event.mean_entropy,
            temperature=event.temperature,
            elapsed_ms=self._before.elapsed_ms + event.elapsed_ms,
            thought=event.thought,
            lengths=event.lengths or self._figures.lengths,
        )

    def _settle(self, done: Done, task: Task, place: tuple[Part, str]) -> None:
        """The end of the last part: the draft is settled, if all that was pinned still stands."""
        before = self._before
        self._figures = replace(
            self._figures,
            seed=done.seed,
            canvas=done.canvases,
            canvases=done.canvases,
            steps=before.steps + done.steps,
            tokens_per_step=done.tokens_per_step,
            elapsed_ms=before.elapsed_ms + done.elapsed_ms,
            stop=done.stop,
            thought=done.thought,
            lengths=done.lengths or self._figures.lengths,
        )
        hand = self._draft.hand if self._draft.typed else None
        if done.stop == "cancelled":
            self.draft = self._ended("cancelled") if hand is None else self._as_written(TYPED)
            return
        found = dict.fromkeys((done.text, *done.alternatives))
        texts = tuple(whole_text(task, *place, text) for text in found)
        # Who types into a pin has taken it off: what has to come back is what the hand says.
        texts = sound(task, texts) if hand is None else tuple(filter(hand.holds, texts))
        if hand is not None and not texts:
            self.draft = self._as_written(NOT_TAKEN)
            return
        if not texts:
            raise BackendError(BROKEN)
        self.draft = replace(self._draft.settled(texts, self._figures), message=done.note)

    def _as_written(self, message: str) -> Draft:
        """The draft as it stands on the screen: what was typed into it is in there."""
        return replace(self._draft.as_written(message), figures=self._figures)

    def _ended(self, status: str, message: str = "") -> Draft:
        return replace(self._draft.ended(status, message), figures=self._figures)  # type: ignore[arg-type]

    def carry(self, changes: ChangeSet) -> None:
        """The person edited: the draft goes along, or goes stale and its task is cancelled."""
        self.draft = self._draft.carried(changes)
        if self._draft.status == "stale":
            self.stop()
