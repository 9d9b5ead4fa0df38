"""Going on from a draft: follow-ups, forks, brushes and choices, over the real wire."""

from collections.abc import Callable
from typing import Any

import pytest

from diffedit.config.models import Model
from diffedit.core import start as starts
from diffedit.core.document import Document
from diffedit.core.draft import Draft
from diffedit.core.edit import Edit
from diffedit.core.heat import tokens_scored
from diffedit.core.span import Span
from diffedit.core.start import Start
from diffedit.engine.params import DenoiseParams
from diffedit.worker.client import Client
from diffedit.worker.session import Session

PAGE = "import os\n\n\ndef total(prices, tax):\n    result = 0\n    return result + tax\n"
SPAN = Span(11, len(PAGE) - 1)
NULL = Model(name="null", backend="null")
Make = Callable[..., Model]


@pytest.fixture
def session(client: Client) -> Session:
    """A session on a small module."""
    return Session(Document(PAGE), client)


async def run(session: Session, start: Start | None = None, **more: Any) -> Draft:
    """A run to its end, on the model that can hold text unless told otherwise."""
    wish: dict[str, Any] = {"instruction": "louder", "mode": "rewrite", "model": NULL}
    wish |= {"params": DenoiseParams(), "start": start, **more}
    last = [draft async for draft in session.rewrite(SPAN, **wish)][-1]
    assert str(session.document.text) == PAGE
    return last


def link_of(edit: Edit) -> Any:
    """The link that is looked at."""
    assert edit.link is not None
    return edit.link


async def test_a_run_keeps_every_frame(session: Session) -> None:
    """However slowly one reads, the film has each step, and the last is the draft."""
    draft = await run(session)
    frames = link_of(session.edit).film.frames
    assert [frame.figures.steps for frame in frames] == list(range(1, draft.figures.steps + 1))
    assert frames[-1].text == draft.text
    assert (session.edit.stage, session.edit.rank) == ("review", 1)


async def test_a_follow_up_starts_from_the_draft(session: Session) -> None:
    """The second run's text is made of the first's, and the hunks are still against the page."""
    first = await run(session)
    start = starts.follow_up(first.text, (), 0)
    second = await run(session, start, instruction="shorter", params=DenoiseParams(seed=1))
    link = link_of(session.edit)
    assert (link.kind, link.parent, link.instruction) == ("follow up", 0, "shorter")
    assert second.original == first.original
    assert sorted(second.text) != sorted(second.original)
    session.edit = session.edit.escape()
    assert link_of(session.edit).draft.text == first.text
    session.apply()
    assert str(session.document.text) == PAGE[:11] + first.text + "\n"


async def test_the_brush_touches_nothing_else(session: Session) -> None:
    """Two words far apart are thought through again; every byte around them holds."""
    draft = await run(session)
    places = [draft.text.index("prices"), draft.text.rindex("result")]
    marked = tuple((place, place + 6) for place in places)
    start = starts.brushed(draft.text, marked, (), parent=0, clamp=True)
    second = await run(session, start, params=DenoiseParams(seed=3))
    holds = [draft.text[first:last] for first, last in start.keep]
    assert second.text != draft.text
    assert second.text.startswith(holds[0])
    assert second.text.endswith(holds[-1])
    assert holds[1] in second.text
    first_frame = link_of(session.edit).film.frames[0]
    assert {piece.state for piece in first_frame.pieces} >= {"kept"}


async def test_a_fork_begins_as_the_step_was(session: Session) -> None:
    """What had settled at that step is the start; another seed ends elsewhere, in fewer steps."""
    draft = await run(session)
    frame = link_of(session.edit).film.frames[6]
    start = starts.fork(frame, 0)
    assert start.text == frame.text
    assert start.noised == frame.noised
    forked = await run(session, start, params=DenoiseParams(seed=9))
    assert link_of(session.edit).kind == "fork"
    assert forked.figures.steps <= draft.figures.steps


async def test_a_model_that_holds_nothing_leaves_the_pins_alone(
    session: Session, held: Make
) -> None:
    """Only the parts between are asked for, the last first; each sees the rest around it."""
    text = PAGE[SPAN.start : SPAN.end]
    head, tail = text.index("\n") + 1, text.rindex("\n") + 1
    start = Start(text=text, kind="brush", parent=None, keep=((0, head), (tail - 1, tail)))
    draft = await run(session, start, model=held(steps="2"))
    assert draft.text == text[:head] + text[head:].upper()
    assert draft.figures.steps == 4
    frames = link_of(session.edit).film.frames
    assert [frame.figures.steps for frame in frames] == [1, 2, 3, 4]
    assert all(frame.text.startswith(text[:head]) for frame in frames)
    assert frames[0].pieces[0].state == "kept"


async def test_a_broken_pin_is_no_draft(session: Session, client: Client, held: Make) -> None:
    """A model that says it can hold text and does not is found out; nothing is taken."""
    text = PAGE[SPAN.start : SPAN.end]
    start = Start(text=text, kind="brush", keep=((0, 3), (10, 15)))
    model = held(steps="1", text="something else", clamp="yes")
    draft = await run(session, start, model=model)
    assert draft.status == "failed"
    assert "pinned" in draft.message
    assert session.edit.escape().stage == "select"


async def test_a_choice_is_pinned_and_the_rest_settles(session: Session) -> None:
    """The word chosen stands in the new draft, and is a pin of it."""
    draft = await run(session)
    scores = await session.score(SPAN, model=NULL, text=draft.text)
    tokens = tokens_scored(scores)
    number = next(n for n, token in enumerate(tokens) if token.text == "return")
    start = starts.chosen(tokens, number, "yield", (), parent=0, clamp=True)
    second = await run(session, start, params=DenoiseParams(seed=2))
    assert "yield" in second.text
    pinned = [second.text[first:last] for first, last in link_of(session.edit).pins]
    assert any("yield" in part for part in pinned)


async def test_rejected_hunks_are_denoised_again_alone(session: Session, held: Make) -> None:
    """The accepted hunk stays as the draft had it; the other is asked for from its old text."""
    new = PAGE[SPAN.start : SPAN.end].replace("total", "whole").replace("result + tax", "tax")
    await run(session, model=held(steps="1", text=new))
    review = session.edit.review
    assert review is not None
    review = review.said(wanted=True).said(wanted=False)
    start = starts.rejected(review, 0)
    assert "def whole(" in start.text
    assert "    return result + tax" in start.text
    assert start.unwanted == ("    return tax",)
    draft = await run(session, start, model=held(steps="1"))
    assert draft.text == start.text.replace("    return result + tax", "    RETURN RESULT + TAX")


async def test_a_preview_shows_what_would_be_noised(session: Session, held: Make) -> None:
    """Without a step; a model that always starts from nothing says so."""
    params = DenoiseParams(noise=0.3)
    pieces = await session.preview(SPAN, mode="rewrite", params=params, model=NULL)
    assert "".join(piece.text for piece in pieces) == PAGE[SPAN.start : SPAN.end]
    share = sum(piece.state == "noise" for piece in pieces) / len(pieces)
    assert share == pytest.approx(0.3, abs=0.03)
    with pytest.raises(Exception, match="from nothing"):
        await session.preview(SPAN, mode="rewrite", params=params, model=held())
    assert session.edit == Edit()
