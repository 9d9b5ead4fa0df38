"""One edit, as both doors make it: drafts, the page, and what becomes of them."""

import asyncio
import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from diffedit.config.models import Model
from diffedit.core.change import Change, ChangeSet
from diffedit.core.document import Document
from diffedit.core.draft import Draft
from diffedit.core.span import Selection, Span
from diffedit.engine.params import DenoiseParams
from diffedit.worker.client import Client
from diffedit.worker.messages import Reply
from diffedit.worker.session import Session, Wish, task_of

Make = Callable[..., Model]
PAGE = "one\ntwo\nthree\n"
TWO = Span(4, 7)


def drafts(session: Session, model: Model, span: Span = TWO, **more: Any) -> Any:
    """A rewrite of the second line, unless told otherwise."""
    wish: dict[str, Any] = {"instruction": "louder", "mode": "rewrite", "params": DenoiseParams()}
    return session.rewrite(span, model=model, **(wish | more))


async def last(session: Session, model: Model, span: Span = TWO, **more: Any) -> Draft:
    """The last draft of a rewrite."""
    seen = [draft async for draft in drafts(session, model, span, **more)]
    assert all(draft.live for draft in seen[:-1])
    found: Draft = seen[-1]
    assert not found.live
    return found


async def until_seen(going: Any) -> Draft:
    """The first draft with something of the model's in it."""
    while not (draft := await anext(going)).figures.step:
        pass  # a slow reader may see that it has begun before it sees a step
    found: Draft = draft
    return found


@pytest.fixture
def document() -> Document:
    """Three lines."""
    return Document(PAGE)


@pytest.fixture
def session(document: Document, client: Client) -> Session:
    """A session on them."""
    return Session(document, client)


async def test_an_edit_from_wish_to_change(
    session: Session, document: Document, held: Make
) -> None:
    """Waiting, denoising, settled, applied: one revision, and one undo brings all back."""
    seen = [draft async for draft in drafts(session, held(steps="2"))]
    assert (seen[0].status, seen[-1].status) == ("waiting", "settled")
    assert [draft.status for draft in seen] == sorted(
        (draft.status for draft in seen), key=["waiting", "denoising", "settled"].index
    )
    assert str(document.text) == PAGE
    changes = session.apply()
    assert changes == ChangeSet((Change(TWO, "TWO"),))
    assert str(document.text) == "one\nTWO\nthree\n"
    assert document.selection == Selection(4, 7)
    assert session.draft is None
    document.undo()
    assert str(document.text) == PAGE
    assert not document.can_undo


async def test_the_figures_are_the_workers(session: Session, held: Make) -> None:
    """Model, device, seed, steps, entropy and stop reason are what the worker said."""
    draft = await last(session, held(steps="2"), params=DenoiseParams(seed=7))
    figures = draft.figures
    assert (figures.backend, figures.model, figures.device) == ("held", "paper", "cpu")
    assert (figures.seed, figures.max_steps, figures.steps) == (7, 2, 2)
    assert (figures.canvas, figures.canvases) == (1, 1)
    assert figures.stop == "sure"
    assert figures.tokens_per_step == 2.0
    assert figures.elapsed_ms > 0
    assert figures.thought is None


async def test_a_seen_draft_has_the_figures_of_its_step(session: Session, held: Make) -> None:
    """While it denoises, a draft tells step, share accepted, entropy and temperature."""
    going = drafts(session, held(steps="1", hold="step"))
    figures = (await until_seen(going)).figures
    assert (figures.step, figures.steps, figures.accepted) == (1, 1, 1.0)
    assert (figures.mean_entropy, figures.temperature) == (0.5, 0.4)
    await going.aclose()


async def test_alternatives_can_be_stepped_through(
    session: Session, document: Document, held: Make
) -> None:
    """The chosen text is the one that is applied; a text that came twice is there once."""
    draft = await last(session, held(text="2", other="zwei"))
    assert draft.texts == ("2", "zwei")
    assert session.choose(1).text == "zwei"
    session.apply()
    assert str(document.text) == "one\nzwei\nthree\n"


async def test_only_the_kept_hunks_are_applied(
    session: Session, document: Document, held: Make
) -> None:
    """Of two hunks the second alone is taken."""
    draft = await last(session, held(text="ONE\ntwo\nTHREE"), Span(0, 13))
    assert len(draft.hunks()) == 2
    session.apply({1})
    assert str(document.text) == "one\ntwo\nTHREE\n"


async def test_nothing_kept_is_no_change(session: Session, document: Document, held: Make) -> None:
    """Rejecting everything leaves nothing behind, not even an undo."""
    await last(session, held())
    assert not session.apply(())
    assert (str(document.text), document.can_undo, document.revision) == (PAGE, False, 0)


async def test_a_dropped_draft_leaves_nothing(
    session: Session, document: Document, held: Make
) -> None:
    """After drop there is no draft to apply, and nobody watches the page."""
    await last(session, held())
    session.drop()
    assert not session.apply()
    assert document.watchers == []
    assert (str(document.text), document.can_undo) == (PAGE, False)


async def test_typing_elsewhere_carries_the_draft_along(
    session: Session, document: Document, held: Make
) -> None:
    """Text typed above moves the span; the draft lands where it belongs."""
    going = drafts(session, held(hold="step", steps="1"))
    await until_seen(going)
    document.apply(ChangeSet((Change(Span(0, 0), "zero\n"),)))
    assert session.draft is not None
    assert session.draft.span == Span(9, 12)
    assert session.draft.live
    await going.aclose()
    await last(session, held(), Span(9, 12))
    document.apply(ChangeSet((Change(Span(0, 5), ""),)))
    session.apply()
    assert str(document.text) == "one\nTWO\nthree\n"


async def test_typing_inside_makes_it_stale(
    session: Session, document: Document, client: Client, held: Make
) -> None:
    """An edit inside the span drops the draft, stops the worker and loses nothing typed."""
    stopped = asyncio.Event()
    client.listeners.append(lambda reply: stopped.set() if told(reply) == "cancelled" else None)
    going = drafts(session, held(hold="step", steps="1"))
    await until_seen(going)
    document.apply(ChangeSet((Change(Span(5, 6), "WW"),)))
    (draft,) = [draft async for draft in going]
    assert draft.status == "stale"
    assert "edited inside" in draft.message
    await stopped.wait()
    assert not session.apply()
    assert str(document.text) == "one\ntWWo\nthree\n"


async def test_a_settled_draft_goes_stale_too(
    session: Session, document: Document, held: Make
) -> None:
    """Between settling and accepting the page may change; inside the span that ends the draft."""
    await last(session, held())
    document.apply(ChangeSet((Change(Span(4, 7), "2"),)))
    assert session.draft is not None
    assert session.draft.status == "stale"
    assert not session.apply()
    assert str(document.text) == "one\n2\nthree\n"


async def test_what_is_typed_when_it_has_settled_is_the_draft_s(
    session: Session, document: Document, held: Make
) -> None:
    """From the answer that is looked at, in a line that the model left alone too; others stay."""
    await last(session, held(text="ONE\ntwo", other="ZWO\ntwo"), Span(0, 7))
    session.choose(1)
    hand = session.entered(len("ZWO\ntwo"))
    assert hand is not None
    session.write(hand.inserted("!"))
    assert session.draft is not None
    assert session.draft.texts == ("ONE\ntwo", "ZWO\ntwo!")
    review = session.edit.review
    assert review is not None
    session.apply(review.kept)
    assert str(document.text) == "ZWO\ntwo!\nthree\n"


@pytest.mark.parametrize("hears", [True, False])
async def test_what_is_typed_while_the_model_loads_is_the_draft_s(
    session: Session,
    document: Document,
    held: Make,
    monkeypatch: pytest.MonkeyPatch,
    *,
    hears: bool,
) -> None:
    """The model gets it with its first step; one that takes nothing in leaves it as a draft."""
    client, loads = session.client, asyncio.Event()
    load = client.load

    async def slow(*words: Any) -> Any:
        await loads.wait()
        return await load(*words)

    monkeypatch.setattr(client, "load", slow)
    going = drafts(session, held(**({"typing": "1"} if hears else {})))
    while not session.typing:
        await anext(going)
    for text in ("bi", "g!"):
        assert session.draft is not None
        hand = session.draft.hand or session.entered(3)
        assert hand is not None
        session.write(hand.inserted(text))
    assert session.draft is not None
    assert (session.draft.text, session.draft.status) == ("twobig!", "waiting")
    loads.set()
    draft = [draft async for draft in going][-1]
    assert draft.status == "settled"
    assert draft.text == ("<TWO>big!<>" if hears else "twobig!")
    assert ("takes in nothing" in draft.message) != hears
    assert str(document.text) == PAGE


@pytest.mark.parametrize("phase", ["prefill", "step"])
async def test_esc_leaves_the_page_as_it_was(
    session: Session, document: Document, held: Make, phase: str
) -> None:
    """Cancel comes back when the worker has answered; the last draft says so."""
    going = drafts(session, held(hold=phase, steps="1"))
    while (await anext(going)).figures.seed is None:
        pass
    await session.cancel()
    rest = [draft async for draft in going]
    assert rest[-1].status == "cancelled"
    assert rest[-1].figures.stop == "cancelled"
    assert not session.apply()
    assert (str(document.text), document.watchers) == (PAGE, [])


async def test_esc_while_the_model_loads_only_stops_waiting(
    session: Session, client: Client, held: Make
) -> None:
    """The load goes on for the next edit; this one is cancelled at once."""
    going = drafts(session, held(hold="load"))
    while "%" not in (draft := await anext(going)).message:
        pass
    assert draft.message == "Reading held … 25%"
    await session.cancel()
    assert [draft.status async for draft in going] == ["cancelled"]
    assert client.alive


async def test_a_second_edit_takes_the_place_of_the_first(
    session: Session, document: Document, held: Make
) -> None:
    """The first is cancelled, the second settles."""
    first = drafts(session, held(hold="step", steps="1"))
    await until_seen(first)
    assert (await last(session, held())).status == "settled"
    assert [draft.status async for draft in first] == ["cancelled"]
    session.apply()
    assert str(document.text) == "one\nTWO\nthree\n"


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"fail": "model"}, "nothing usable"),
        ({"fail": "memory"}, "not enough memory"),
        ({"fail": "bug"}, "ZeroDivisionError"),
        ({"fail": "load-model"}, "nothing usable"),
    ],
)
async def test_a_failure_is_a_failed_draft(
    session: Session, document: Document, held: Make, options: dict[str, str], word: str
) -> None:
    """Nothing is raised: the last draft says in a line what went wrong; the next edit works."""
    draft = await last(session, held(**options))
    assert draft.status == "failed"
    assert word in draft.message
    assert session.error is not None
    assert document.watchers == []
    assert (await last(session, held())).status == "settled"
    assert session.error is None


@pytest.mark.parametrize("hold", ["load", "prefill", "deaf"])
async def test_a_worker_that_dies_fails_the_draft_and_the_next_edit_works(
    session: Session, client: Client, document: Document, held: Make, hold: str
) -> None:
    """SIGKILL while loading, in the prefill, while denoising: said, the text untouched."""
    signs = {"load": "loading", "prefill": "started", "deaf": "frame"}
    here = asyncio.Event()
    client.listeners.append(lambda reply: here.set() if name(reply) == signs[hold] else None)

    async def kill() -> None:
        await here.wait()
        assert client.pid is not None
        os.kill(client.pid, signal.SIGKILL)

    draft, _ = await asyncio.gather(last(session, held(hold=hold)), kill())
    assert draft.status == "failed"
    assert draft.message == (
        "The model's worker died (signal 9)."
        " Your text is untouched; the next edit starts a new one."
    )
    assert str(document.text) == PAGE
    assert (await last(session, held())).status == "settled"


@pytest.mark.parametrize(
    ("span", "more", "word"),
    [
        (Span(4, 4), {}, "nothing to rewrite"),
        (TWO, {"instruction": "  "}, "Say what"),
    ],
)
async def test_a_wish_that_cannot_be(
    session: Session, client: Client, held: Make, span: Span, more: dict[str, Any], word: str
) -> None:
    """What cannot be asked fails in a line, without a worker."""
    draft = await last(session, held(), span, **more)
    assert draft.status == "failed"
    assert word in draft.message
    assert not client.alive


async def test_infill_replaces_the_span_and_continue_goes_on_after_it(
    session: Session, document: Document, held: Make
) -> None:
    """Infill puts its text in place of the lines; continue adds at the span's end."""
    await last(session, held(text="2"), mode="infill", instruction="")
    session.apply()
    assert str(document.text) == "one\n2\nthree\n"
    await last(session, held(text=" and more"), Span(4, 5), mode="continue", instruction="")
    session.apply()
    assert str(document.text) == "one\n2 and more\nthree\n"


async def test_messages_are_told_only_during_the_edit(
    document: Document, client: Client, held: Make
) -> None:
    """Each message of the worker is heard once, in order; afterwards nobody listens."""
    heard: list[Reply] = []
    session = Session(document, client, on_message=heard.append)
    await last(session, held(steps="1"))
    kinds = ["ready", "loading", "loading", "loaded", "started", "frame", "done"]
    assert [name(reply) for reply in heard] == kinds
    assert client.listeners == []


def name(reply: Reply) -> str:
    """A message's type as it stands on the wire."""
    return type(reply).__name__.lower()


def told(reply: Reply) -> str:
    """Why a run stopped, if this message says so."""
    return str(getattr(reply, "stop", ""))


def wish(**more: Any) -> Wish:
    """A wish with the least in it."""
    least: dict[str, Any] = {
        "instruction": "x",
        "mode": "rewrite",
        "params": DenoiseParams(),
        "model": Model(name="null", backend="null"),
    }
    return Wish(**(least | more))


def test_the_task_has_so_much_context_and_no_more() -> None:
    """Text on both sides goes along up to the limit, and the span itself whole."""
    task = task_of(Document("0123456789"), Span(4, 6), wish(context=3))
    assert (task.before, task.text, task.after) == ("123", "45", "678")


def test_bytes_that_are_no_text_do_not_reach_the_model() -> None:
    """Around the span they are shown as unknown, one for one; inside it they are refused."""
    document = Document("a\udcffb c\udcfe")
    task = task_of(document, Span(2, 3), wish(instruction="\udc80"))
    assert (task.before, task.text, task.after) == ("a\ufffd", "b", " c\ufffd")
    assert task.instruction == "\ufffd"
    with pytest.raises(Exception, match="not text"):
        task_of(document, Span(0, 2), wish())


def test_an_infill_tells_what_it_replaces() -> None:
    """What an infill replaces goes along, as a hint at how much is wanted."""
    task = task_of(Document(PAGE), TWO, wish(mode="infill"))
    assert task.text == PAGE[TWO.start : TWO.end]
    gap = task_of(Document(PAGE), Span(TWO.start, TWO.start), wish(mode="infill", keep=((0, 1),)))
    assert (gap.text, gap.keep) == ("", ())


async def test_lines_of_a_mixed_file_keep_their_ends(
    client: Client, held: Callable[..., Model]
) -> None:
    """A model that writes plain newlines costs no line its own; one more has its neighbour's."""
    page = "one\r\ntwo\r\nthree\nfour\r\n"
    session = Session(Document(page), client)
    drafts = session.rewrite(
        Span(5, 20),
        instruction="x",
        mode="rewrite",
        params=DenoiseParams(),
        model=held(text="TWO\nMORE\nthree\nFOUR"),
    )
    assert [draft async for draft in drafts][-1].status == "settled"
    settled = session.edit
    then = "one\r\nTWO\r\nMORE\r\nthree\nFOUR\r\n"
    session.apply()
    assert str(session.document.text) == then
    session.document.undo()
    session.edit = settled.looked().scrubbed(0)
    session.took()
    assert session.edit.stage == "review"
    session.apply()
    assert str(session.document.text) == then
