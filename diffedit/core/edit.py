"""One edit from the selection to the change: a machine of six stages. A value, free of any screen.

    select ─ask─▶ ask ─send─▶ denoise ─done─▶ review ◀─▶ settled
                                 └──fail──▶ failed

`review` looks at a finished draft hunk by hunk, `settled` at its tokens and at the steps it took.
From both more can be asked: then `ask` and `denoise` stand above them, and lead back there. Each
finished draft is a link of a chain, and each link says which one it came from.

The laws (tests/core/test_edit.py): Esc leads one level down from every stage, and after finitely
many to `select`, the page being as it was; every stage can be left; an event that makes no sense
in a stage changes nothing; a run that was typed into ends in a draft, however it ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from diffedit.core.draft import Draft
from diffedit.core.film import Film, Frame
from diffedit.core.review import Review
from diffedit.core.start import Kind, Start
from diffedit.core.stretch import Stretches, held, joined, places

if TYPE_CHECKING:
    from diffedit.core.change import ChangeSet
    from diffedit.core.span import Span

Stage = Literal["select", "ask", "denoise", "review", "settled", "failed"]
STALE = "You edited inside the span; the draft was dropped."
TYPED = "The run was ended; this is the draft with what you typed into it."
FILMS = 8
"""How many of an edit's runs keep all their frames; older ones keep the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One finished draft, and what it came from."""

    review: Review
    film: Film = field(default_factory=Film)
    instruction: str = ""
    start: Start | None = None
    """What its run started from; None: the page's own text."""
    kind: Kind = "run"
    parent: int | None = None
    """The number of the link it started from; None: the page's own text."""
    pins: Stretches = ()
    """What must stay, in characters of the draft's text."""

    @property
    def draft(self) -> Draft:
        """The finished draft."""
        return self.review.draft

    @property
    def seed(self) -> int:
        """The seed of its run; 0 where the model told none."""
        return self.draft.figures.seed or 0

    @property
    def again(self) -> Start:
        """What the same run starts from once more, for another seed."""
        draft = self.draft
        known = self.start or Start(text=draft.original, kind="again", keep=draft.keep)
        return replace(known, kind="again", parent=self.parent)


def proof(span: Span, text: str) -> Link:
    """The page's own text as a draft, to be read through and mended token by token."""
    draft = Draft(span=span, original=text, status="settled", texts=(text,))
    return Link(review=Review.of(draft), kind="proof")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Where an edit stands. Every event is a method that returns a new Edit."""

    stage: Stage = "select"
    below: Stage = "select"
    """Where Esc leads from ask, denoise and failed: select, review or settled."""
    links: tuple[Link, ...] = ()
    at: int = 0
    """Which link is looked at."""
    live: Draft | None = None
    """The draft that is being made, or the last one that came to nothing."""
    film: Film = field(default_factory=Film)
    """What the live draft has looked like so far."""
    start: Start | None = None
    """What the live run started from; None: the page's own text."""
    instruction: str = ""
    """What was asked of the live run."""
    step: int = 0
    """Settled: the number of the frame that is looked at, from 0."""
    message: str = ""
    """Why it failed, or was dropped."""

    # What there is -----------------------------------------------------------------------------

    @property
    def link(self) -> Link | None:
        """The link that is looked at."""
        return self.links[self.at] if self.links else None

    @property
    def review(self) -> Review | None:
        """The review on the screen: the link's, unless its tokens or a new run are looked at."""
        shown = self.stage == "review" or (
            self.stage in ("ask", "failed") and self.below == "review"
        )
        return self.links[self.at].review if shown and self.links else None

    @property
    def looking(self) -> bool:
        """Whether the tokens of a finished draft are on the screen."""
        over = self.stage in ("ask", "failed") and self.below == "settled"
        return bool(self.links) and (self.stage == "settled" or over)

    @property
    def draft(self) -> Draft | None:
        """The draft that is being made, else the finished one that is looked at."""
        if self.stage == "denoise" or not self.links:
            return self.live
        return self.links[self.at].draft

    @property
    def frame(self) -> Frame | None:
        """The frame that is looked at; None where the run left none."""
        link = self.link
        return link.film.frames[self.step] if link and self.step < len(link.film) else None

    @property
    def rank(self) -> int:
        """How many Escs lead back to the page. 0 is `select`."""
        depth = self._depth(self.at) if self.links else 0
        ranks = {"select": 0, "review": depth, "settled": depth + 1}
        # What was typed into a canvas is a draft of its own before it comes to nothing.
        more = 1 + (self.stage == "denoise" and self.live is not None and self.live.typed)
        return ranks[self.stage] if self.stage in ranks else ranks[self.below] + more

    def _depth(self, number: int) -> int:
        """How many links lead down from one to the page, itself included."""
        parent = self.links[number].parent
        return 1 if parent is None else 1 + self._depth(parent)

    # Ask and denoise ---------------------------------------------------------------------------

    def asked(self) -> Edit:
        """The person is asked what is to be done: with a span, or with the draft looked at."""
        if self.stage in ("select", "review", "settled"):
            return replace(self, stage="ask", below=self.stage, message="")
        if self.stage == "failed":
            return replace(self, stage="ask", message="")
        return self

    def began(self, draft: Draft, start: Start | None = None, instruction: str = "") -> Edit:
        """A run begins: from the page's text, which ends what there was, or from a link."""
        if self.stage == "denoise":
            return self
        below = self.stage if self.stage in ("review", "settled") else self.below
        if self.stage == "select" or not self.links:
            below = "select"
        edit = replace(self, stage="denoise", below=below, live=draft, film=Film(), message="")
        edit = replace(edit, start=start, instruction=instruction)
        return edit if start is not None else replace(edit, links=(), at=0, below="select")

    def seen(self, draft: Draft) -> Edit:
        """One more picture of the run, or its span went along with the page."""
        return replace(self, live=draft) if self.stage == "denoise" else self

    def filmed(self, frame: Frame) -> Edit:
        """One more frame for the film."""
        return replace(self, film=self.film.seen(frame)) if self.stage == "denoise" else self

    def settled(self, draft: Draft) -> Edit:
        """The run is done: its draft is the newest link, and under review."""
        if self.stage != "denoise":
            return self
        start, film, hand = self.start, self.film, draft.hand if draft.typed else None
        if hand is not None and draft.text == hand.text:
            film = film.seen(Frame(pieces=hand.pieces, figures=draft.figures))
        link = Link(
            review=Review.of(draft),
            film=film,
            instruction=self.instruction,
            start=start,
            kind=start.kind if start else "run",
            parent=start.parent if start and self.links else None,
            pins=self._pins(draft) if hand is None else hand.places(draft.text),
        )
        return replace(self, live=None, film=Film(), start=None).added(link)

    def _pins(self, draft: Draft) -> Stretches:
        """What the person has pinned of a finished draft.

        What a run kept only because something else was asked for is free again.
        """
        start = self.start
        if start is not None and start.pins is not None:
            pins = joined((*start.pins, *(places(draft.original, draft.between, start.text) or ())))
            return places(start.text, pins, draft.text) or ()
        if self.film:
            last = self.film.frames[-1]
            same = last.text == draft.text
            return last.kept if same else places(last.text, last.kept, draft.text) or ()
        text, keep = (start.text, start.keep) if start else (draft.original, draft.keep)
        return places(text, keep, draft.text) or ()

    def failed(self, draft: Draft) -> Edit:
        """The run came to nothing, and why."""
        if self.stage != "denoise":
            return self
        if draft.typed:
            return self.settled(draft.as_written(draft.message))
        return replace(self, stage="failed", live=draft, message=draft.message)

    def stopped(self, draft: Draft) -> Edit:
        """The run was cancelled: one level down."""
        if self.stage != "denoise":
            return self
        if draft.typed:
            return self.settled(draft.as_written(draft.message))
        return replace(self, stage=self.below, live=draft, film=Film(), start=None)

    # Review ------------------------------------------------------------------------------------

    def added(self, link: Link) -> Edit:
        """One more link, under review. Old films are cut down to their last frame."""
        links = (*self.links, link)
        old = links[: max(0, len(links) - FILMS)]
        cut = (replace(one, film=Film.of(one.film.frames[-1:])) for one in old)
        links = (*cut, *links[len(old) :])
        return replace(self, stage="review", below="select", links=links, at=len(links) - 1, step=0)

    def said(self, review: Review) -> Edit:
        """The person has said something about the draft under review.

        Where another answer is looked at, what is pinned is pinned where it stands there.
        """
        if self.stage != "review":
            return self
        link = self.links[self.at]
        before, text = link.draft.text, review.draft.text
        pins = link.pins if before == text else places(before, link.pins, text) or ()
        return self._with(review=review, pins=pins)

    def turned(self, number: int) -> Edit:
        """Another link is looked at."""
        known = self.stage in ("review", "settled") and 0 <= number < len(self.links)
        return replace(self, stage="review", at=number, step=0) if known else self

    def dropped(self) -> Edit:
        """All of it comes to nothing; the page never moved."""
        return Edit()

    # Settled: tokens and steps -----------------------------------------------------------------

    def looked(self) -> Edit:
        """Look at the tokens and the steps of the draft, at its last step first."""
        if self.stage != "review" or not self.links:
            return self
        last = max(0, len(self.links[self.at].film) - 1)
        return replace(self, stage="settled", step=last)

    def scrubbed(self, step: int) -> Edit:
        """Look at another step; beyond the ends is at the ends."""
        if self.stage != "settled":
            return self
        last = max(0, len(self.links[self.at].film) - 1)
        return replace(self, step=min(max(step, 0), last))

    def pinned(self, pins: Stretches) -> Edit:
        """Other parts of the draft must stay."""
        known = self.stage in ("review", "settled") and self.links
        return self._with(pins=joined(pins)) if known else self

    def _with(self, *, review: Review | None = None, pins: Stretches | None = None) -> Edit:
        link = self.links[self.at]
        link = replace(link, review=review or link.review, pins=link.pins if pins is None else pins)
        return replace(self, links=(*self.links[: self.at], link, *self.links[self.at + 1 :]))

    def took(self) -> Edit:
        """The step that is looked at is taken for a finished draft, and is under review."""
        frame, link = self.frame, self.link
        if self.stage != "settled" or frame is None or link is None:
            return self
        if not held(link.draft.original, link.draft.between, frame.text):
            return self
        draft = replace(link.draft, texts=(frame.text,), chosen=0, figures=frame.figures)
        draft = replace(draft, pieces=frame.pieces)
        film = Film.of(link.film.frames[: self.step + 1])
        return self.added(
            Link(
                review=Review.of(draft),
                film=film,
                instruction=link.instruction,
                kind="step",
                parent=self.at,
                pins=frame.kept,
            )
        )

    # Anywhere ----------------------------------------------------------------------------------

    def escape(self) -> Edit:
        """One level down: close, cancel, back to the hunks, to the draft before, to the page."""
        if self.stage == "denoise" and self.live is not None and self.live.typed:
            return self.settled(self.live.as_written(TYPED))
        if self.stage in ("ask", "failed", "denoise"):
            return replace(self, stage=self.below, below="select", message="", start=None)
        if self.stage == "settled":
            return replace(self, stage="review")
        if self.stage == "review" and (parent := self.links[self.at].parent) is not None:
            return replace(self, at=parent, step=0)
        return Edit()

    def carried(self, changes: ChangeSet) -> Edit:
        """The page changed: all drafts go along; if it changed inside of them, they are dropped."""
        draft = self.draft
        if draft is None or (not self.links and self.stage != "denoise"):
            return self
        moved = draft.carried(changes)
        if moved.status == "stale":
            return Edit(live=moved, message=moved.message)
        links = tuple(
            replace(link, review=link.review.carried(replace(link.draft, span=moved.span)))
            for link in self.links
        )
        live = self.live if self.live is None else replace(self.live, span=moved.span)
        return replace(self, links=links, live=live)
