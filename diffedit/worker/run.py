"""One draft while it is made: from the worker's messages to drafts, frames and an end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

from diffedit.core.change import ChangeSet
from diffedit.core.document import Document
from diffedit.core.draft import Draft, Figures
from diffedit.core.edit import TYPED
from diffedit.core.errors import BackendError, DiffeditError, RequestError
from diffedit.core.film import Frame
from diffedit.core.hand import Hand
from diffedit.core.line_ends import ended_alike
from diffedit.core.span import Span
from diffedit.core.stretch import joined
from diffedit.engine.task import Task
from diffedit.worker import messages
from diffedit.worker.client import Client
from diffedit.worker.messages import Done, Loaded, Loading, Started
from diffedit.worker.parts import Part, to_come
from diffedit.worker.turns import Turns, turns_of
from diffedit.worker.wish import Wish, bare_stretches, between_of, place_of, task_of, with_bare_ends

_TOLD = 50_000_000
"""A model of so many bytes is told with its size while it is read."""
_STAGES = {"find": "Looking for", "read": "Reading", "place": "Placing", "warm": "Warming up"}
BROKEN = "The model changed what is pinned; nothing was taken."

DEAF = "The model {} takes in nothing while it denoises."
NOT_TAKEN = "The model did not take in what you typed; this is the draft as it stood."

Told = Callable[[Draft], None]
"""Hears of each draft, when it is made and not when it is read."""
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
        span = place_of(span, wish)
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
        self._turns: Turns | None = None
        self._first: Hand | None = None
        """What is typed into while the model loads; None: nothing is."""
        self._number: int | None = None
        """The worker's id of the part that is denoised, while that takes in what is typed."""
        self._listens = False
        """Whether what is typed is taken in; between two parts it waits for the next."""

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
        return self._draft.live and (self._listens or self._first is not None)

    def entered(self, place: int) -> Hand | None:
        """The hand with its caret at a place of the picture; None before there is one."""
        if self._first is not None:
            return self._first.at(place) if self._draft.live else None
        return self._turns.entered(place) if self._turns is not None and self.typing else None

    def write(self, hand: Hand) -> None:
        """The person has typed into the picture: it is theirs, and the worker is told."""
        if self._first is not None and self._draft.live:
            self._first = hand
            self.draft = self._draft.written(hand)
            return
        if not self.typing or self._turns is None:
            return
        told = self._turns.write(hand)
        self.draft = self._draft.written(hand)
        if told and self._number is not None:
            self._client.pin(self._number, self._turns.mine)

    # The pump ----------------------------------------------------------------------------------

    async def _go(self) -> None:
        """Turn what the worker says into drafts. Whatever goes wrong becomes the last draft."""
        try:
            with_ends = task_of(self._document, self._draft.span, self._wish)
            task = with_bare_ends(with_ends)
            self._first = self._before_the_first(task)
            self._wait("Starting the model's worker …")
            loaded = await self._client.load(self._wish.model, self._wish.device, self._loading)
            self._load_done(loaded)
            abilities = self._client.abilities
            if task.images and not (abilities and abilities.images):
                raise RequestError(
                    f"The model {loaded.model} cannot see images.", hint="Ask again without them."
                )
            between = between_of(self._draft.original, self._wish)
            turns = self._turns = turns_of(task, bare_stretches(with_ends, between), abilities)
            self._take_in(turns, loaded)
            parts = turns.parts
            for part in parts:
                done = await self._play(turns, part)
                if done is None or done.stop == "cancelled":
                    break
                if part is not parts[-1]:
                    turns.took(turns.answers(done))
                    self._before = self._figures
            if done is not None and self._draft.live:
                self._settle(done, turns)
        except DiffeditError as error:
            self._went_wrong(error)
        finally:
            if self._draft.live:
                self.draft = self._ended("cancelled")

    def _before_the_first(self, task: Task) -> Hand | None:
        """What may be typed into while the model loads: the text of one place, all of it free."""
        abilities = self._client.abilities
        deaf = abilities is not None and not abilities.typing
        other = self._wish.start is not None or task.text != self._draft.original
        return None if deaf or other or task.keep else Hand(pieces=to_come(task), caret=None)

    def _take_in(self, turns: Turns, loaded: Loaded) -> None:
        """Begin with what was typed while the model loaded. Raises RequestError where it cannot."""
        hand, self._first = self._first, None
        if hand is None:
            return
        abilities = self._client.abilities
        # What is typed until it has begun waits as well.
        self._listens = abilities is not None and abilities.typing
        if hand.number and not self._listens:
            raise RequestError(DEAF.format(loaded.model))
        turns.write(hand)

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

    async def _play(self, turns: Turns, part: Part) -> Done | None:
        """One part of the task to its end; None where nobody waits for it any more."""

        def heard(frame: messages.Frame) -> None:
            if self._draft.live:
                pieces = turns.pictured(frame.pieces)
                self._filmed(Frame(pieces=pieces, figures=self._seen(frame)))

        asked = turns.begin(part)
        done = await self._asked(asked, turns, heard)
        if done is not None and done.stop != "cancelled" and turns.late(done):
            # What was typed too late for the last step has a run of its own; once is enough.
            done = await self._asked(asked, turns, heard)
        return done

    async def _asked(self, task: Task, turns: Turns, heard: Heard) -> Done | None:
        """One rewrite by the worker to its end."""
        events = self._client.rewrite(task, self._wish.params, heard=heard)
        async with contextlib.aclosing(events):
            async for event in events:
                if not self._draft.live:
                    return None
                if isinstance(event, Started):
                    self._begun(event, turns)
                elif isinstance(event, Done):
                    self._number = None
                    return event
                else:
                    self._figures = self._seen(event)
                    turns.seen(event.pieces, event.pinned)
                    self._show(turns)
        return None

    def _show(self, turns: Turns) -> None:
        """The picture as it is; a hand belongs to it once the person has entered it."""
        hand = turns.hand if self._draft.hand is not None else None
        seen = self._draft.seen(turns.hand.pieces, self._figures)
        self.draft = replace(seen, message="", hand=hand)

    def _begun(self, event: Started, turns: Turns) -> None:
        abilities = self._client.abilities
        self._listens = bool(abilities and abilities.typing)
        self._number = event.id if self._listens else None
        if turns.due is not None:
            self._client.pin(event.id, turns.due)
        self._figures = replace(
            self._figures,
            seed=event.seed,
            max_steps=event.max_steps,
            canvases=event.canvases,
        )
        seen = self._draft.pieces
        message = "" if seen else "Reading the prompt …"
        # What is seen is what would be typed into.
        pieces = seen or turns.hand.pieces
        self.draft = replace(self._draft, pieces=pieces, figures=self._figures, message=message)

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

    def _settle(self, done: Done, turns: Turns) -> None:
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
        typed = self._draft.typed
        if typed:
            self._show(turns)
        if done.stop == "cancelled":
            self.draft = self._as_written(TYPED) if typed else self._ended("cancelled")
            return
        answers = turns.answers(done)
        if not answers and not typed:
            raise BackendError(BROKEN)
        texts = tuple(self._ended_alike(turns.whole(text)) for text in answers)
        turns.took(answers)
        if not answers:
            self.draft = self._as_written(NOT_TAKEN)
            return
        if self._draft.hand is not None:
            self._draft = replace(self._draft, hand=turns.hand)
        note = " ".join(filter(None, (done.note, NOT_TAKEN if turns.lost else "")))
        self.draft = replace(self._draft.settled(texts, self._figures), message=note)

    def _ended_alike(self, text: str) -> str:
        """A finished text with the line ends that its lines have on the page."""
        return ended_alike(self._document.text, self._draft, text)

    def _as_written(self, message: str) -> Draft:
        """The draft as it stands on the screen: what was typed into it is in there."""
        written = self._draft.as_written(message)
        texts = tuple(map(self._ended_alike, written.texts))
        return replace(written, texts=texts, figures=self._figures)

    def _ended(self, status: str, message: str = "") -> Draft:
        return replace(self._draft.ended(status, message), figures=self._figures)  # type: ignore[arg-type]

    def carry(self, changes: ChangeSet) -> None:
        """The person edited: the draft goes along, or goes stale and its task is cancelled."""
        self.draft = self._draft.carried(changes)
        if self._draft.status == "stale":
            self.stop()
