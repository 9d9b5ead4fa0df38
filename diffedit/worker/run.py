"""One draft while it is made: from the worker's messages to drafts, frames and an end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

from diffedit.core.change import ChangeSet
from diffedit.core.document import Document
from diffedit.core.draft import Draft, Figures, Piece
from diffedit.core.errors import BackendError, DiffeditError, RequestError
from diffedit.core.film import Frame
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

Told = Callable[[Draft], None]
"""Hears of each draft, when it is made and not when it is read."""
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
            if self._draft.live:
                self.error = error
                self.draft = self._ended("failed", str(error))
        finally:
            if self._draft.live:
                self.draft = self._ended("cancelled")

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
        events = self._client.rewrite(asked, self._wish.params, heard=heard)
        async with contextlib.aclosing(events):
            async for event in events:
                if not self._draft.live:
                    return None
                if isinstance(event, Started):
                    self._begun(event)
                elif isinstance(event, Done):
                    return event
                else:
                    self._figures = self._seen(event)
                    seen = self._draft.seen(pictured(event.pieces), self._figures)
                    self.draft = replace(seen, message="")
        return None

    def _begun(self, event: Started) -> None:
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
        )
        if done.stop == "cancelled":
            self.draft = self._ended("cancelled")
            return
        found = dict.fromkeys((done.text, *done.alternatives))
        texts = sound(task, tuple(whole_text(task, *place, text) for text in found))
        if not texts:
            raise BackendError(BROKEN)
        self.draft = replace(self._draft.settled(texts, self._figures), message=done.note)

    def _ended(self, status: str, message: str = "") -> Draft:
        return replace(self._draft.ended(status, message), figures=self._figures)  # type: ignore[arg-type]

    def carry(self, changes: ChangeSet) -> None:
        """The person edited: the draft goes along, or goes stale and its task is cancelled."""
        self.draft = self._draft.carried(changes)
        if self._draft.status == "stale":
            self.stop()
