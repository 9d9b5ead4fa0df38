"""The machine of an edit: no way in without a way out, and Esc leads back to the page."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffedit.core.change import Change, ChangeSet
from diffedit.core.draft import Draft, Figures, Piece
from diffedit.core.edit import FILMS, Edit, Link
from diffedit.core.film import MOST_FRAMES, Film, Frame
from diffedit.core.span import Span
from diffedit.core.start import Start, brushed, follow_up, rejected

OLD = "one\ntwo\nthree"
SPAN = Span(4, 4 + len(OLD))
LIVE = Draft(span=SPAN, original=OLD, status="denoising", pieces=(Piece("two", "noise"),))
DONE = Draft(span=SPAN, original=OLD, status="settled", texts=("ONE\ntwo\nTHREE", "1"))
MIDDLE = (3, 8)
"""What lies between two places of the same span: a line with both its newlines."""
TWO = replace(LIVE, between=(MIDDLE,), pieces=(Piece("one\ntwo\nthree", "noise"),))
BOTH = replace(TWO, status="settled", texts=("ONE\nand\ntwo\n", "1\ntwo\n3"))
FAILED = LIVE.ended("failed", "It broke.")
CANCELLED = LIVE.ended("cancelled")
ABOVE = ChangeSet((Change(Span(0, 0), "zero\n"),))
INSIDE = ChangeSet((Change(Span(5, 6), "x"),))


def frame(text: str = "two", step: int = 1) -> Frame:
    """A picture with something pinned in it."""
    pieces = (Piece("def ", "kept", 0.0), Piece(text, "noise", 1.0), Piece("\n", "accepted", 0.1))
    return Frame(pieces=pieces, figures=Figures(steps=step))


def again(edit: Edit) -> Edit:
    """A run from the link that is looked at, or from the page."""
    link = edit.link
    start = follow_up(link.draft.text, link.pins, edit.at) if link else None
    return edit.began(LIVE, start)


def marked(edit: Edit) -> Edit:
    """A word of the draft is thought through again, whatever else is on the screen."""
    link = edit.link
    if link is None or edit.stage not in ("review", "settled"):
        return edit
    start = brushed(link.draft.text, ((0, 1),), link.pins, parent=edit.at, clamp=True)
    return edit.began(replace(LIVE, between=link.draft.between), start)


def rejected_again(edit: Edit) -> Edit:
    """The rejected changes of the review are denoised once more."""
    review = edit.review
    if review is None or edit.stage != "review":
        return edit
    return edit.began(replace(LIVE, between=review.draft.between), rejected(review, parent=edit.at))


def done(edit: Edit) -> Edit:
    """The model is done: with two answers that leave what lies between the places alone."""
    live = edit.live
    if live is None:
        return edit.settled(DONE)
    return edit.settled(replace(BOTH if live.between else DONE, span=live.span))


Event = Callable[[Edit], Edit]
EVENTS: dict[str, Event] = {
    "ask": Edit.asked,
    "send": lambda edit: again(edit) if edit.stage == "ask" else edit,
    "again": again,
    "from the page": lambda edit: edit.began(LIVE),
    "picture": lambda edit: edit.seen(LIVE).filmed(frame()),
    "two places": lambda edit: edit.began(TWO),
    "brush": marked,
    "rejected anew": rejected_again,
    "other answer": lambda edit: (
        edit.said(edit.review.turned(edit.review.draft.choose(1))) if edit.review else edit
    ),
    "done": done,
    "fail": lambda edit: edit.failed(FAILED),
    "cancelled": lambda edit: edit.stopped(CANCELLED),
    "look": Edit.looked,
    "back a step": lambda edit: edit.scrubbed(edit.step - 1),
    "take": Edit.took,
    "pin": lambda edit: edit.pinned(((0, 1),)),
    "reject": lambda edit: edit.said(edit.review.said(wanted=False)) if edit.review else edit,
    "other link": lambda edit: edit.turned(0),
    "typed above": lambda edit: edit.carried(ABOVE),
    "escape": Edit.escape,
}
"""All that keys and the worker can bring about, but what ends the edit at once."""
ENDS: dict[str, Event] = {"typed inside": lambda edit: edit.carried(INSIDE), "drop": Edit.dropped}

some = st.lists(st.sampled_from(sorted(EVENTS)), max_size=25)


def after(names: list[str]) -> Edit:
    """The edit after these events."""
    edit = Edit()
    for name in names:
        edit = EVENTS[name](edit)
    return edit


@given(some)
def test_escape_leads_down_one_level_at_a_time_to_the_page(names: list[str]) -> None:
    """Each Esc lowers the rank, by one unless a run or a question is left; it ends at select."""
    edit = after(names)
    for _ in range(len(names) + 3):
        lower = edit.escape()
        if edit.stage == "select":
            assert lower.stage == "select"
            break
        assert lower.rank < edit.rank
        edit = lower
    assert (edit.stage, edit.rank) == ("select", 0)
    assert edit.review is None


@given(some)
def test_every_stage_can_be_left_by_more_than_escape(names: list[str]) -> None:
    """Whatever happened, something else than Esc changes the stage too: nothing hangs."""
    edit = after(names)
    exits = {name for name, event in (EVENTS | ENDS).items() if event(edit).stage != edit.stage}
    assert exits - {"escape"}


@given(some)
def test_what_is_on_the_screen_is_one_thing(names: list[str]) -> None:
    """Hunks, tokens or a live canvas, and never two of them."""
    edit = after(names)
    shown = [edit.review is not None, edit.looking, edit.stage == "denoise"]
    assert sum(shown) <= 1
    assert (edit.stage in ("review", "settled")) <= bool(edit.links)
    if edit.links:
        assert 0 <= edit.at < len(edit.links)
        assert all(
            link.parent is None or link.parent < number for number, link in enumerate(edit.links)
        )


@given(some)
def test_all_drafts_stand_where_the_page_has_them(names: list[str]) -> None:
    """Typing above moves every link and the live draft alike; typing inside drops them all."""
    edit = after(names)
    spans = {link.draft.span for link in edit.links}
    if edit.stage == "denoise" and edit.links:
        assert edit.live is not None
    moved = edit.carried(ABOVE)
    assert {link.draft.span for link in moved.links} == {span.shifted(5) for span in spans}
    if edit.links:
        (start,) = {span.start for span in spans}
        inside = ChangeSet((Change(Span(start + 1, start + 2), "x"),))
        dropped = edit.carried(inside)
        assert (dropped.stage, dropped.links) == ("select", ())
        assert "inside" in dropped.message


@given(some, st.sampled_from(sorted(EVENTS)))
def test_the_original_is_never_touched(names: list[str], last: str) -> None:
    """No event changes what the page held when the edit was asked for."""
    edit = EVENTS[last](after(names))
    assert all(link.draft.original == OLD for link in edit.links)


@given(some, st.sets(st.integers(0, 5)))
def test_text_outside_the_places_never_changes(names: list[str], kept: set[int]) -> None:
    """Whatever led to a draft and whichever of its hunks are taken: the rest of the page stays.

    And whatever was begun, Esc to the end takes nothing: there is no draft left to apply.
    """
    edit = after(names)
    for link in edit.links:
        at = link.draft.span.start
        page = "." * at + OLD + "\ntail"
        changed = link.draft.change(kept).apply(page)
        assert changed.startswith("." * at)
        assert changed.endswith("\ntail")
        if link.draft.between:
            assert OLD[slice(*MIDDLE)] in changed
            spans = [change.span.shifted(-at) for change in link.draft.change(kept).changes]
            assert all(span.end <= MIDDLE[0] or span.start >= MIDDLE[1] for span in spans)
    while edit.stage != "select":
        edit = edit.escape()
    assert edit.links == ()


@given(some)
def test_pins_of_a_draft_stand_in_it(names: list[str]) -> None:
    """Every pin of every link is a part of its text, whatever made the link."""
    for link in after(names).links:
        assert all(0 <= start < end <= len(link.draft.text) for start, end in link.pins)


def test_a_follow_up_that_is_cancelled_leads_back_to_the_draft() -> None:
    """Esc in a question or a run over a review is not the end of the review."""
    edit = after(["again", "picture", "done", "ask", "send", "picture"])
    assert edit.stage == "denoise"
    assert edit.escape().stage == "review"
    assert edit.stopped(CANCELLED).review is edit.links[0].review


def test_a_failure_over_a_draft_keeps_the_draft() -> None:
    """What went wrong is said, and the draft before is still there."""
    edit = after(["again", "done", "ask", "send", "fail"])
    assert (edit.stage, edit.message) == ("failed", "It broke.")
    assert edit.review is not None
    assert edit.escape().stage == "review"


def test_a_step_that_is_taken_is_a_link_of_its_own() -> None:
    """Its text is under review, its film ends there, its pins are what was kept."""
    edit = after(["again"])
    for step in range(1, 4):
        edit = edit.filmed(frame(f"t{step}", step))
    edit = edit.settled(DONE).looked().scrubbed(1).took()
    link = edit.link
    assert link is not None
    assert (edit.stage, link.kind, link.parent) == ("review", "step", 0)
    assert link.draft.text == "def t2\n"
    assert len(link.film) == 2
    assert link.pins == ((0, 4),)
    assert link.draft.figures.steps == 2


def test_the_chain_is_kept_and_each_link_can_be_returned_to() -> None:
    """Esc goes to the draft that a follow-up came from; the later one is still there."""
    edit = after(["again", "done", "ask", "send", "done", "ask", "send", "done"])
    assert [link.parent for link in edit.links] == [None, 0, 1]
    assert edit.rank == 3
    back = edit.escape()
    assert (back.stage, back.at, len(back.links)) == ("review", 1, 3)
    assert back.turned(2).at == 2


def test_old_films_are_cut() -> None:
    """An edit of many runs keeps all frames of the newest only."""
    edit = Edit()
    for _ in range(FILMS + 2):
        edit = again(edit).filmed(frame()).filmed(frame()).settled(DONE)
    assert [len(link.film) for link in edit.links] == [1, 1] + [2] * FILMS


def test_a_film_stays_bounded_and_keeps_both_ends() -> None:
    """A very long run loses every second frame in between, never the first or the last."""
    film = Film()
    for step in range(1, 3 * MOST_FRAMES):
        film = film.seen(frame(step=step))
        assert len(film) <= MOST_FRAMES
        assert film.frames[-1].figures.steps == step
    assert film.frames[0].figures.steps == 1
    steps = [one.figures.steps for one in film.frames]
    assert steps == sorted(steps)
    assert film.weight == sum(one.weight for one in film.frames)


@pytest.mark.parametrize("stage", ["select", "ask", "review", "settled", "failed"])
def test_a_picture_that_comes_late_changes_nothing(stage: str) -> None:
    """The worker may still talk when nobody denoises any more."""
    names = {
        "select": [],
        "ask": ["ask"],
        "review": ["again", "done"],
        "settled": ["again", "done", "look"],
        "failed": ["again", "fail"],
    }
    edit = after(names[stage])
    assert edit.stage == stage
    for late in ("picture", "done", "fail", "cancelled"):
        assert EVENTS[late](edit) is edit


def test_a_run_without_a_film_can_be_looked_at() -> None:
    """A backend that shows no frames has a draft all the same; there is no step to take."""
    edit = Edit().began(LIVE).settled(DONE).looked()
    assert (edit.stage, edit.frame) == ("settled", None)
    assert edit.took() is edit
    link = edit.link
    assert isinstance(link, Link)
    assert replace(link, film=Film()) == link


def test_a_start_is_what_the_link_came_from() -> None:
    """A link says how it came about."""
    edit = after(["again", "done"])
    start = Start(text="x", kind="brush", parent=0)
    edit = edit.began(LIVE, start, "shorter").settled(DONE)
    link = edit.link
    assert link is not None
    assert (link.kind, link.parent, link.instruction) == ("brush", 0, "shorter")
