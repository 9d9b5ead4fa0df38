"""Typing while several places denoise: it goes into the place where it was typed, and stays."""

from collections.abc import AsyncGenerator, Callable

import pytest

from diffedit.config.models import Model
from diffedit.core.document import Document
from diffedit.core.draft import Draft
from diffedit.core.span import Span
from diffedit.core.stretch import held as stands
from diffedit.engine.params import DenoiseParams
from diffedit.worker.client import Client
from diffedit.worker.session import Session

PAGE = "one\n\ntwo\n\nthree\n"
MIDDLE = "\n\ntwo\n\n"
BETWEEN = ((3, 10),)
SPAN = Span(0, 15)
MODELS = ["one canvas", "one after another"]


@pytest.fixture
def session(client: Client) -> Session:
    """A session on two places with a line between them."""
    return Session(Document(PAGE), client)


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest, held: Callable[..., Model]) -> Model:
    """One that holds what lies between in its canvas, and one that is asked place by place."""
    clamp = {"clamp": "1"} if request.param == MODELS[0] else {}
    return held(typing="1", **clamp)


def begun(session: Session, model: Model) -> AsyncGenerator[Draft, None]:
    """A run over both places."""
    return session.rewrite(
        SPAN,
        instruction="louder",
        mode="rewrite",
        model=model,
        params=DenoiseParams(),
        between=BETWEEN,
    )


def write(session: Session, after: str, text: str) -> None:
    """Type right behind the first place in the picture where something stands."""
    draft = session.draft
    assert draft is not None
    at = draft.text.lower().index(after) + len(after)
    hand = session.entered(at)
    assert hand is not None
    session.write(hand.inserted(text))


async def until(drafts: AsyncGenerator[Draft, None], seen: str) -> Draft:
    """The first draft whose picture says that."""
    async for draft in drafts:
        if seen in draft.text:
            return draft
    raise AssertionError(seen)


async def end(drafts: AsyncGenerator[Draft, None]) -> Draft:
    """The last draft."""
    return [draft async for draft in drafts][-1]


async def test_each_place_holds_what_was_typed_in_it(session: Session, model: Model) -> None:
    """In the place that is denoised, and in the other one before its turn; the rest is new."""
    drafts = begun(session, model)
    await until(drafts, "THREE")
    write(session, "one", "Big")
    write(session, "thr", "Odd!")
    await until(drafts, "ONE")
    write(session, "one", "ger!")
    draft = await end(drafts)
    assert draft.status == "settled"
    first, last = draft.text.split(MIDDLE)
    assert "Big" in first
    assert "ger!" in first
    assert "Odd!" in last
    changes = session.apply()
    assert len(changes.changes) == 2
    assert str(session.document.text) == f"{draft.text}\n"
    session.document.undo()
    assert str(session.document.text) == PAGE


async def test_what_is_typed_in_a_place_that_is_done_stays_as_typed(
    session: Session, held: Callable[..., Model]
) -> None:
    """The model is not asked again for it, and the rest of its answer stands."""
    drafts = begun(session, held(typing="1"))
    await until(drafts, "THREE")
    write(session, "three", "!")
    await until(drafts, "ONE")
    write(session, "<thr", "zz")
    write(session, "one", "!")
    draft = await end(drafts)
    assert draft.text == f"<ONE>!<>{MIDDLE}<THRzzEE>!<>"
    assert [draft.text[slice(*part)] for part in draft.hand.own] == ["!", "zz", "!"]  # type: ignore[union-attr]


async def test_between_the_places_nothing_is_typed(session: Session, model: Model) -> None:
    """There the hand is not free, and stays what it was; at the edge of a place it is."""
    drafts = begun(session, model)
    await until(drafts, "THREE")
    draft = session.draft
    assert draft is not None
    middle = draft.text.index(MIDDLE)
    hand = session.entered(middle + 3)
    assert hand is not None
    assert not hand.free
    assert hand.inserted("x") is hand
    assert hand.deleted(middle + 2) is hand
    for edge in (middle, middle + len(MIDDLE)):
        hand = session.entered(edge)
        assert hand is not None
        assert hand.free
    await drafts.aclose()


@pytest.mark.parametrize("how", ["cancel", "die"])
async def test_however_it_ends_what_was_typed_is_in_the_draft(
    session: Session, model: Model, how: str
) -> None:
    """Esc, or a worker that dies: both places as they were seen, and what lies between."""
    drafts = begun(session, model)
    await until(drafts, "THREE")
    write(session, "one", "Big")
    write(session, "thr", "we die" if how == "die" else "Odd")
    if how == "cancel":
        await session.cancel()
    await end(drafts)
    link = session.edit.link
    assert link is not None
    text = link.draft.text
    assert stands(PAGE[:15], BETWEEN, text)
    first, last = text.split(MIDDLE)
    assert "Big" in first
    assert ("we die" if how == "die" else "Odd") in last
    session.apply()
    assert str(session.document.text) == f"{text}\n"


async def test_an_answer_without_it_is_not_taken(session: Session, model: Model) -> None:
    """The place stays as it was seen, the others as they are, and a line says so."""
    drafts = begun(session, model)
    await until(drafts, "THREE")
    write(session, "thr", "lose!")
    if not dict(model.options).get("clamp"):
        await until(drafts, "ONE")
        write(session, "one", "ok!")
    draft = await end(drafts)
    assert draft.status == "settled"
    assert "lose!" in draft.text
    assert MIDDLE in draft.text
    assert "did not take in" in draft.message
