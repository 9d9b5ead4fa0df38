"""What is typed into a live draft: it is never lost, whatever the model and the run do."""

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffedit.core.draft import Draft, Figures, Piece
from diffedit.core.edit import Edit
from diffedit.core.hand import Hand, Way
from diffedit.core.span import Span

PICTURE = (Piece("def ", "kept", 0.0), Piece("foo", "noise", 1.0), Piece("():\n    x", "accepted"))
TEXT = "def foo():\n    x"


def hand(caret: int = 7, pieces: tuple[Piece, ...] = PICTURE) -> Hand:
    """A hand in the picture."""
    return Hand(pieces=pieces, caret=caret)


def test_typing_goes_in_where_the_caret_stands() -> None:
    """Letter by letter, in the middle of a piece; what was typed is one stretch of its own."""
    typed = hand(5).inserted("a").inserted("b")
    assert typed.text == "def fab" + "oo():\n    x"
    assert (typed.own, typed.typed, typed.caret, typed.number) == (((5, 7),), "ab", 7, 2)
    assert typed.keep == ((0, 4), (5, 7))
    assert typed.noised == ((4, 5), (7, 9))


def test_backspace_takes_back_and_leaves_pins_alone() -> None:
    """It takes what was typed, then what the model wrote, and never what is pinned."""
    typed = hand(5).inserted("ab")
    one = typed.deleted(6)
    assert (one.typed, one.caret, one.number) == ("a", 6, 2)
    none = one.deleted(5).deleted(4)
    assert (none.text, none.own) == ("def oo():\n    x", ())
    assert none.deleted(3) is none


@pytest.mark.parametrize(
    ("way", "place"),
    [
        ("left", 6),
        ("right", 8),
        ("up", None),
        ("down", 15),
        ("line_start", 0),
        ("line_end", 10),
    ],
)
def test_the_caret_moves_in_the_picture(way: Way, place: int | None) -> None:
    """As a cursor does; over the edge it leaves the picture, and nothing is typed into it then."""
    moved = hand(7).moved(way)
    assert moved.caret == (place if way != "down" else 16)
    assert hand(12).moved("up").caret == 1
    if moved.caret is None:
        assert moved.inserted("x") is moved


FAMILY, FLAG, ACCENT = (
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U0001f1eb\U0001f1ee",
    "e\u0301",
)


@given(st.lists(st.sampled_from([FAMILY, FLAG, ACCENT, "a", "\n"]), min_size=1, max_size=12))
def test_the_caret_never_stops_within_a_character(signs: list[str]) -> None:
    """From one end to the other and back it rests where a person sees an edge, and nowhere else."""
    text = "".join(signs)
    edges = {sum(map(len, signs[:count])) for count in range(len(signs) + 1)}
    now, seen = hand(0, (Piece(text, "noise"),)), list[int]()
    while now.caret is not None and now.caret < len(text):
        seen.append(now.caret)
        for way in ("up", "down"):
            assert now.moved(way).caret in edges | {None}
        now = now.moved("right")
    assert {*seen, len(text)} == edges
    back = list[int]()
    while now.caret is not None:
        back.append(now.caret)
        now = now.moved("left")
    assert back == sorted(edges, reverse=True)


def test_a_canvas_may_move_what_was_typed() -> None:
    """The model writes more before it: the stretch and the caret go along."""
    typed = hand(7).inserted("AB")
    moved = typed.seen((Piece("def ", "kept"), Piece("longer", "noise"), Piece("AB", "kept")))
    assert moved is not None
    assert (moved.text, moved.own, moved.caret) == ("def longerAB", ((10, 12),), 12)


def test_a_left_to_right_model_goes_on_behind_it() -> None:
    """What stands before it is as it was, whatever the pieces are called; it shows as kept."""
    typed = hand(7).inserted("AB")
    moved = typed.seen((Piece("def fooAB", "accepted"), Piece("!!", "noise")))
    assert moved is not None
    assert moved.own == ((7, 9),)
    assert [piece.state for piece in moved.pieces] == ["accepted", "kept", "noise"]


def test_a_picture_without_it_is_refused() -> None:
    """A frame that lacks what was typed is not the next picture."""
    assert hand(7).inserted("AB").seen((Piece("def ", "kept"), Piece("x", "noise"))) is None


SPAN = Span(0, 5)
WORDS = st.text("ab \n(", min_size=1, max_size=3)
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("type"), WORDS),
        st.tuples(st.just("go"), st.sampled_from(["left", "right", "up", "down", "line_end"])),
        st.tuples(st.just("frame"), st.integers(0, 99)),
        st.tuples(st.just("late frame"), st.integers(0, 99)),
    ),
    max_size=20,
)
ENDS = st.sampled_from(["done", "other", "failed", "cancelled", "escape"])


def next_picture(hand: Hand, random: Random) -> tuple[Piece, ...]:
    """What an honest canvas shows next: what is kept stays, all else is written anew."""
    pieces = list[Piece]()
    at = 0
    for start, end in (*hand.keep, (len(hand.text), len(hand.text))):
        pieces.append(Piece("".join(random.choices("xyz\n", k=random.randrange(5))), "noise", 1.0))
        pieces.append(Piece(hand.text[start:end], "kept", 0.0))
        at = end
    assert at == len(hand.text)
    return tuple(piece for piece in pieces if piece.text)


@given(ACTS, ENDS, st.sampled_from([PICTURE, PICTURE[1:2]]))
def test_whatever_happens_what_was_typed_is_in_the_draft(
    acts: list[tuple[str, object]], end: str, pieces: tuple[Piece, ...]
) -> None:
    """Any row of keys and frames, and any end of the run: the draft has all of it, in its order."""
    live = Draft(span=SPAN, original="page!", status="denoising", pieces=pieces)
    edit = Edit().began(live)
    now = hand(3, pieces)
    typed = ""
    for act, word in acts:
        if act == "type" and now.caret is not None:
            assert isinstance(word, str)
            now = now.inserted(word)
            typed += word
        elif act == "go":
            now = now.moved(word)  # type: ignore[arg-type]
        elif act == "frame":
            assert isinstance(word, int)
            now = now.seen(next_picture(now, Random(word))) or now
        elif act == "late frame":
            now = now.seen((Piece("?" * int(str(word)), "noise"),)) or now
        assert sorted(now.typed) == sorted(typed)
        edit = edit.seen(live.written(now))
    draft = edit.live
    assert draft is not None
    ends: dict[str, Callable[[], Edit]] = {
        "done": lambda: edit.settled(draft.settled((now.text,), Figures())),
        "other": lambda: edit.settled(draft.settled((f"# {now.text} #",), Figures())),
        "failed": lambda: edit.failed(draft.ended("failed", "It broke.")),
        "cancelled": lambda: edit.stopped(draft.ended("cancelled")),
        "escape": edit.escape,
    }
    after = ends[end]()
    if not typed:
        return
    assert after.stage == "review"
    link = after.link
    assert link is not None
    assert now.holds(link.draft.text)
    assert "".join(link.draft.text[a:b] for a, b in link.pins) == now.typed
    assert after.rank < edit.rank
    assert after.escape().stage == "select"


PLACES = (
    Piece("one", "noise"),
    Piece("\nab\n", "kept", 0.0),
    Piece("two", "noise"),
    Piece("\n", "kept", 0.0),
    Piece("three", "accepted"),
)
BETWEEN = ("\nab\n", "\n")
SEEN = "".join(piece.text for piece in PLACES)


@given(ACTS, ENDS)
def test_what_lies_between_places_is_never_typed_into(
    acts: list[tuple[str, object]], end: str
) -> None:
    """Any row of keys and frames: it stands, in its order, and can be told from what was typed."""
    whole = Hand(pieces=PLACES, caret=3).fixing(BETWEEN)
    assert whole is not None
    now, typed = whole, ""
    edit = Edit().began(Draft(span=Span(0, len(SEEN)), original=SEEN, between=((3, 7), (10, 11))))
    for act, word in acts:
        before = now
        if act == "type":
            now = now.inserted(str(word))
            assert (now is before) == (not before.free)
            typed += str(word) if now is not before else ""
        elif act == "go":
            now = (now if now.caret is not None else now.at(3)).moved(word)  # type: ignore[arg-type]
        elif act == "frame":
            now = now.seen(next_picture(now, Random(int(str(word))))) or now
        else:
            now = now.deleted((now.caret or 0) - 1)
            typed = now.typed if now is not before else typed
        assert [now.text[slice(*part)] for part in now.fixed] == list(BETWEEN)
        assert sorted(now.typed) == sorted(typed)
        assert edit.draft is not None
        edit = edit.seen(edit.draft.written(now))
    draft = edit.draft
    assert draft is not None
    settled = draft.settled((now.text,), Figures())
    edit = edit.settled(settled) if end == "done" else edit.escape()
    if typed:
        assert edit.link is not None
        changed = edit.link.draft.change().apply(SEEN)
        assert changed == now.text


@given(st.integers(0, 2), st.text("ab\n", max_size=4), st.integers(0, 3))
def test_one_place_by_itself_and_back(number: int, text: str, caret: int) -> None:
    """A place is a hand of its own; put back, the rest is as it was and only moved."""
    whole = Hand(pieces=PLACES, caret=9).fixing(BETWEEN)
    assert whole is not None
    start, end = whole.inserted("X").gaps[number]
    mine = whole.inserted("X").part(start, end)
    assert mine.text == ("one", "twXo", "three")[number]
    assert mine.caret == (3 if number == 1 else None)
    back = whole.inserted("X").with_part(start, end, mine.at(caret).inserted(text))
    words = ["one", "twXo", "three"]
    words[number] = words[number][:caret] + text + words[number][caret:]
    assert back.text == f"{words[0]}\nab\n{words[1]}\n{words[2]}"
    assert [back.text[slice(*part)] for part in back.fixed] == list(BETWEEN)
    assert sorted(back.typed) == sorted("X" + text)
    assert back.with_part(*back.gaps[number], mine).text == whole.inserted("X").text


def test_what_holds_an_end_lets_nothing_in_before_it() -> None:
    """A part that is pinned at the end of a text: neither before, within nor behind it is free."""
    pieces = (Piece("pin", "kept", 0.0), Piece("free", "noise"), Piece("pin", "kept", 0.0))
    held = Hand(pieces=pieces, fixed=((-1, 3), (7, 11)))
    free = [at for at in range(11) if held.at(at).free]
    assert free == [3, 4, 5, 6, 7]
    assert held.at(3).inserted("x").fixed == ((-1, 3), (8, 12))
    assert held.gaps == ((0, 0), (3, 7), (10, 10))
