"""One edit from wish to change. The editor and the command line both come through here."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from diffedit.core.change import ChangeSet
from diffedit.core.document import Document
from diffedit.core.draft import Draft, Figures
from diffedit.core.errors import DiffeditError, RequestError
from diffedit.core.span import Selection, Span
from diffedit.engine.params import DenoiseParams
from diffedit.engine.task import Mode, Task
from diffedit.worker.client import Client
from diffedit.worker.messages import Done, Frame, Loaded, Loading, Reply, Started

if TYPE_CHECKING:
    from diffedit.config.models import Model

CONTEXT = 16_000
"""How many characters on each side of the span go to the model, at most."""

_STAGES = {"find": "Looking for", "read": "Reading", "place": "Placing", "warm": "Warming up"}
_SURROGATES = range(0xD800, 0xE000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for a span: the words, the dials, the model."""

    instruction: str
    mode: Mode
    params: DenoiseParams
    model: Model
    language: str = ""
    thinking: bool = False
    keep: tuple[tuple[int, int], ...] = ()
    device: str = "auto"
    context: int = CONTEXT


class Session:
    """One document's edits, one at a time. Nothing here raises: a failure is a failed draft."""

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
        self._run: _Run | None = None

    @property
    def draft(self) -> Draft | None:
        """The draft that is being made or reviewed; carried along as the person edits."""
        return self._run.draft if self._run is not None else None

    @property
    def error(self) -> DiffeditError | None:
        """Why the draft failed, where it did."""
        return self._run.error if self._run is not None else None

    async def rewrite(  # noqa: PLR0913 - the one door has a bell for each wish
        self,
        span: Span,
        *,
        instruction: str,
        mode: Mode,
        params: DenoiseParams,
        model: Model,
        language: str = "",
        thinking: bool = False,
        keep: tuple[tuple[int, int], ...] = (),
        device: str = "auto",
        context: int = CONTEXT,
    ) -> AsyncGenerator[Draft, None]:
        """The draft each time it changes: waiting, denoising, then a last one that has ended.

        Slow readers see only the newest. A draft that still lives is cancelled first, and so is
        this one when the iterator is closed early.
        """
        self.drop()
        wish = Wish(
            instruction=instruction,
            mode=mode,
            params=params,
            model=model,
            language=language,
            thinking=thinking,
            keep=keep,
            device=device,
            context=context,
        )
        run = self._run = _Run(self.document, self.client, span, wish)
        try:
            with self._heard():
                async with contextlib.aclosing(run.play()) as drafts:
                    async for draft in drafts:
                        yield draft
        finally:
            if run.draft.live:
                run.stop()

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

    def choose(self, number: int) -> Draft:
        """Put another of the finished texts under review. Raises RequestError without a draft."""
        if self._run is None:
            raise RequestError("There is no draft.")
        self._run.draft = self._run.draft.choose(number)
        return self._run.draft

    def apply(self, kept: Collection[int] | None = None) -> ChangeSet:
        """Take the settled draft (only the hunks numbered in `kept`) into the page: one change.

        The draft is forgotten. Nothing happens to the page where there is nothing to take.
        """
        draft = self.draft
        self.drop()
        if draft is None or draft.status != "settled":
            return ChangeSet(())
        changes = draft.change(kept)
        if changes:
            start = draft.span.start
            end = start + sum(len(change.text) for change in changes.changes)
            self.document.break_group()
            self.document.apply(changes, selection=Selection(start, end))
            self.document.break_group()
        return changes

    def drop(self) -> None:
        """Forget the draft; the page is as it was. A run that still goes on is stopped."""
        if self._run is not None:
            self._run.stop()
            self._run = None


class _Run:
    """One draft while it is made: the pump on one side, the person's edits on the other."""

    def __init__(self, document: Document, client: Client, span: Span, wish: Wish) -> None:
        if wish.mode == "continue":
            span = Span(span.end, span.end)
        self.error: DiffeditError | None = None
        self._document = document
        self._client = client
        self._wish = wish
        self._figures = Figures(backend=wish.model.backend, model=wish.model.name)
        self._news = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None
        self._draft = Draft(span=span, original=document.text.slice(span), figures=self._figures)
        document.watchers.append(self._moved)
        self._watching = True

    @property
    def draft(self) -> Draft:
        """The draft as it is."""
        return self._draft

    @draft.setter
    def draft(self, draft: Draft) -> None:
        self._draft = draft
        self._news.set()
        if draft.status in ("cancelled", "stale", "failed"):
            self._unwatch()

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
        """Be done with it: no more news, no more carrying; the worker is told to stop."""
        self._unwatch()
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
            events = self._client.rewrite(task, self._wish.params)
            async with contextlib.aclosing(events):
                async for event in events:
                    if not self._draft.live:
                        return
                    self._take(event)
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
        self._wait(f"{_STAGES[loading.stage]} {self._wish.model.name} …{share}")

    def _load_done(self, loaded: Loaded) -> None:
        self._figures = replace(
            self._figures,
            backend=loaded.backend,
            model=loaded.model,
            device=loaded.device,
        )
        self.draft = replace(self._draft, figures=self._figures)

    def _take(self, event: Started | Frame | Done) -> None:
        if isinstance(event, Started):
            self._figures = replace(
                self._figures,
                seed=event.seed,
                max_steps=event.max_steps,
                canvases=event.canvases,
            )
            message = "Reading the prompt …"
            self.draft = replace(self._draft, figures=self._figures, message=message)
        elif isinstance(event, Frame):
            self._figures = self._seen(event)
            self.draft = replace(self._draft.seen(event.pieces, self._figures), message="")
        else:
            self._settle(event)

    def _seen(self, event: Frame) -> Figures:
        return replace(
            self._figures,
            canvas=event.canvas,
            step=event.canvas_step,
            steps=event.step,
            accepted=event.accepted,
            mean_entropy=event.mean_entropy,
            temperature=event.temperature,
            elapsed_ms=event.elapsed_ms,
            thought=event.thought,
        )

    def _settle(self, done: Done) -> None:
        self._figures = replace(
            self._figures,
            seed=done.seed,
            canvas=done.canvases,
            canvases=done.canvases,
            steps=done.steps,
            tokens_per_step=done.tokens_per_step,
            elapsed_ms=done.elapsed_ms,
            stop=done.stop,
            thought=done.thought,
        )
        if done.stop == "cancelled":
            self.draft = self._ended("cancelled")
            return
        texts = tuple(dict.fromkeys((done.text, *done.alternatives)))
        self.draft = replace(self._draft.settled(texts, self._figures), message=done.note)

    def _ended(self, status: str, message: str = "") -> Draft:
        return replace(self._draft.ended(status, message), figures=self._figures)  # type: ignore[arg-type]

    # The page ----------------------------------------------------------------------------------

    def _moved(self, changes: ChangeSet) -> None:
        """The person edited: the draft goes along, or goes stale and its task is cancelled."""
        self.draft = self._draft.carried(changes)
        if self._draft.status == "stale":
            self.stop()

    def _unwatch(self) -> None:
        if self._watching:
            self._watching = False
            self._document.watchers.remove(self._moved)


def task_of(document: Document, span: Span, wish: Wish) -> Task:
    """The span and its surroundings as the model is to see them. Raises RequestError."""
    text = document.text.slice(span)
    if wish.mode == "rewrite":
        if span.empty:
            raise RequestError(
                "There is nothing to rewrite: the selection is empty.",
                hint="Select some text, or fill the gap with infill.",
            )
        if not wish.instruction.strip():
            raise RequestError("Say what is to be done with the selected text.")
    else:
        # What a gap replaces tells how much is wanted; bytes that are no text tell nothing.
        text = clean(text) if wish.mode == "infill" else ""
    if text != clean(text):
        raise RequestError(
            "The selection holds bytes that are not text.", hint="Select around them."
        )
    before = document.text.slice(Span(max(0, span.start - wish.context), span.start))
    after = document.text.slice(Span(span.end, min(len(document.text), span.end + wish.context)))
    return Task(
        text=text,
        before=clean(before),
        after=clean(after),
        instruction=clean(wish.instruction),
        mode=wish.mode,
        language=wish.language,
        keep=wish.keep if text else (),
        thinking=wish.thinking,
    )


def clean(text: str) -> str:
    """The text with one replacement character for each byte that was no text."""
    if text.isascii():
        return text
    return "".join("\ufffd" if ord(char) in _SURROGATES else char for char in text)
