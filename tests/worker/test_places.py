"""Several places at once: in one canvas where the model can hold text, else one after another."""

from dataclasses import replace

import pytest

from diffedit.config.models import Model
from diffedit.core import start as starts
from diffedit.core.document import Document
from diffedit.core.draft import Draft
from diffedit.core.errors import RequestError
from diffedit.core.span import Span
from diffedit.core.start import Start
from diffedit.core.stretch import Stretches, places
from diffedit.engine.params import DenoiseParams
from diffedit.engine.task import Task
from diffedit.worker.client import Client
from diffedit.worker.parts import parts_of, to_come
from diffedit.worker.session import Session

PAGE = "from a import one\n\nLIMIT = 10\n\n\ndef two(one, three):\n    return one\n\nfour(one)\n"
MIDDLE = "\n\nLIMIT = 10\n\n\n"
FIRST = PAGE.index(MIDDLE)
AFTER = FIRST + len(MIDDLE)
SPAN = Span(0, len(PAGE) - 1)
BETWEEN: Stretches = ((FIRST, AFTER),)
NULL = Model(name="null", backend="null")


@pytest.fixture
def session(client: Client) -> Session:
    """A session on a module with an import, something else, and what uses the import."""
    return Session(Document(PAGE), client)


async def run(session: Session, start: Start | None = None, *, seed: int = 0) -> Draft:
    """A run over both places, or on from a draft of them, to its end."""
    drafts = session.rewrite(
        SPAN,
        instruction="louder",
        mode="rewrite",
        model=NULL,
        params=DenoiseParams(seed=seed),
        between=BETWEEN,
        start=start,
    )
    return [draft async for draft in drafts][-1]


def holds(session: Session) -> bool:
    """Whether what lies between stands in the draft, and is shown as kept in every frame."""
    link = session.edit.link
    assert link is not None
    shown = all(
        any(MIDDLE in frame.text[start:end] for start, end in frame.kept)
        for frame in link.film.frames
    )
    return shown and places(PAGE[:-1], BETWEEN, link.draft.text) is not None


async def test_both_places_are_denoised_in_one_canvas_and_land_as_one_undo(
    session: Session,
) -> None:
    """One run of one canvas; a change for each place; one undo brings every byte back."""
    draft = await run(session)
    assert draft.status == "settled"
    assert (draft.figures.canvas, holds(session)) == (1, True)
    changes = session.apply()
    assert [change.span for change in changes.changes] == [Span(0, FIRST), Span(AFTER, SPAN.end)]
    assert MIDDLE in str(session.document.text)
    session.document.undo()
    assert str(session.document.text) == PAGE
    assert not session.document.can_undo


async def test_what_goes_on_from_such_a_draft_leaves_the_rest_alone_too(session: Session) -> None:
    """Another seed, a follow-up, the brush, a fork: what lies between holds in all of them."""
    draft = await run(session)
    link = session.edit.link
    assert link is not None
    everything = ((0, len(draft.text)),)
    for number, start in enumerate(
        (
            link.again,
            starts.follow_up(draft.text, (), 0),
            starts.brushed(draft.text, everything, (), parent=0, clamp=True),
            starts.fork(link.film.frames[1], 0),
        )
    ):
        session.edit = session.edit.turned(0)
        again = await run(session, start, seed=number + 1)
        assert again.status == "settled", start.kind
        assert holds(session), start.kind


async def test_another_seed_keeps_the_pins_of_the_first_run(session: Session) -> None:
    """The draft's own run once more: what was pinned of the page is pinned again."""
    wish = {"instruction": "x", "mode": "rewrite", "model": NULL, "params": DenoiseParams()}
    pin = (0, PAGE.index("\n"))
    drafts = session.rewrite(SPAN, keep=(pin,), **wish)  # type: ignore[arg-type]
    assert [draft async for draft in drafts][-1].status == "settled"
    assert session.edit.link is not None
    assert session.edit.link.again.keep == (pin,)


async def test_a_start_that_lost_what_is_between_is_refused(session: Session) -> None:
    """A token that is exchanged there is no part of this edit: a line says so, nothing is run."""
    draft = await run(session)
    broken = starts.follow_up(draft.text.replace("LIMIT", "MOST"), (), 0)
    failed = await run(session, broken)
    assert (failed.status, "between the places" in failed.message) == ("failed", True)
    session.edit = session.edit.escape()
    with pytest.raises(RequestError, match="between the places"):
        session.adopt_text(replace(broken, keep=((0, len(broken.text)),)))


async def test_a_brush_is_no_pin(session: Session) -> None:
    """What is kept while a word is thought through again is free for what is asked next."""
    draft = await run(session)
    word = draft.text.rindex("one") if "one" in draft.text else len(draft.text) - 4
    start = starts.brushed(draft.text, ((word, word + 3),), ((0, 4),), parent=0, clamp=True)
    await run(session, start, seed=5)
    link = session.edit.link
    assert link is not None
    assert [link.draft.text[slice(*pin)] for pin in link.pins] == [draft.text[:4], MIDDLE]


def test_a_model_that_holds_nothing_is_asked_for_each_place() -> None:
    """The last first; what waits is shown as noise, what lies between as kept."""
    task = Task(text=PAGE[:-1], instruction="x", mode="rewrite", keep=BETWEEN)
    last, first = parts_of(task, clamp=False)
    assert (first.start, first.end, last.start, last.end) == (0, FIRST, AFTER, SPAN.end)
    assert [piece.state for piece in to_come(task)] == ["noise", "kept", "noise"]
    assert parts_of(task, clamp=True, canvas=256)[0].whole
    assert len(parts_of(task, clamp=True, canvas=8)) == 2


def test_too_many_places_for_it_are_refused_in_a_line() -> None:
    """How many there are, how many it takes, and what to do."""
    text = "ab" * 20
    keep = tuple((at + 1, at + 2) for at in range(0, 40, 2))
    task = Task(text=text, instruction="x", mode="rewrite", keep=keep)
    with pytest.raises(RequestError, match=r"There are 20 places .* up to 8"):
        parts_of(task, clamp=False)
