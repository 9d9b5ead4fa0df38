"""The reasoning channel: told apart by ids, shown as it comes, never in the text."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from engine_fakes import END, NoisyModel
from hypothesis import given
from hypothesis import strategies as st

from diffedit.core.draft import Piece
from diffedit.engine import rewrite
from diffedit.engine.backend import never
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import CanvasRequest
from diffedit.engine.step import Outcome, Step
from diffedit.engine.thought import Channel, shown, take_apart, without_tags

OPEN, CLOSE = 41, 42
CHANNEL = Channel(open_id=OPEN, close_id=CLOSE, label="1 ", asked=True)
"""The model's first token in a thought is 1, as the others' channel name is."""


def run(
    target: Sequence[int], *, length: int = 8, channel: Channel = CHANNEL, canvases: int = 2
) -> tuple[list[Step], Outcome]:
    """Denoise `target` as the model's whole say."""
    model = NoisyModel(target, length=length, steps=3)
    request = CanvasRequest(prefix=(9,), channel=channel, original="as it was")
    *events, outcome = rewrite.canvases(
        model, request, DenoiseParams(max_canvases=canvases, seed=1), never
    )
    assert isinstance(outcome, Outcome)
    return [event for event in events if isinstance(event, Step)], outcome


def test_a_thought_is_told_beside_the_text() -> None:
    """Its words stand in `thought`, without the channel's name; the text has the answer alone."""
    steps, outcome = run([OPEN, 1, 5, 6, CLOSE, 7, 8, END])
    assert (outcome.text, outcome.thought, outcome.note) == ("7 8 ", "5 6", "")
    assert (steps[-1].thought, "".join(piece.text for piece in steps[-1].pieces)) == ("5 6", "7 8 ")
    assert outcome.tokens == 5


def test_a_thought_goes_on_over_canvases() -> None:
    """What was thought in finished canvases stays in the picture of the thought."""
    steps, outcome = run([OPEN, 1, *[5] * 10, CLOSE, 7, END])
    assert outcome.thought == " ".join("5" * 10)
    assert outcome.text == "7 "
    assert steps[-1].canvas == 2
    later = [step.thought or "" for step in steps if step.canvas == 2]
    assert all(thought.startswith("5 5 5 5 5 5") for thought in later)


def test_canvases_of_thought_do_not_count_as_answer() -> None:
    """One canvas allowed: it is the answer's, however long the thought before it."""
    _, outcome = run([OPEN, 1, *[5] * 30, CLOSE, 7, END], canvases=1)
    assert (outcome.text, outcome.stop) == ("7 ", "sure")


def test_a_thought_over_its_budget_is_ended_by_us() -> None:
    """The next canvas begins with the end mark, held; the model has to answer then."""
    channel = Channel(open_id=OPEN, close_id=CLOSE, label="1 ", asked=True, budget=8)
    model = NoisyModel([OPEN, 1, *[5] * 30], length=8, steps=3)
    request = CanvasRequest(prefix=(9,), channel=channel, original="as it was")
    *_, outcome = rewrite.canvases(model, request, DenoiseParams(max_canvases=1), never)
    assert isinstance(outcome, Outcome)
    begun = [canvas for before, canvas in pairwise(model.seen) if canvas.free_slots == 7]
    assert begun
    assert all(canvas.ids[0] == CLOSE for canvas in begun)
    assert outcome.thought == "5 5 5 5 5 5 5 5 5 5 5 5 5 5"
    assert outcome.text == "5 5 5 5 5 5 5 "
    assert "The thought was ended after 15 tokens." in outcome.note


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ([OPEN, 1, CLOSE, END], "The model gave an empty answer."),
        ([END], "The model gave an empty answer."),
        ([OPEN, 1, 5, 6, END], "The model's thought has no end mark"),
        ([OPEN, 1, *[5] * 99], "The model was still thinking after 39 tokens"),
    ],
)
def test_no_answer_leaves_the_text_and_says_why(target: list[int], said: str) -> None:
    """Empty, an end in mid-thought, no end of the thought: the old text, and one line."""
    channel = Channel(open_id=OPEN, close_id=CLOSE, asked=True)
    model = NoisyModel(target, length=8, steps=3)
    model.context_length = 41
    request = CanvasRequest(prefix=(9,), channel=channel, original="as it was")
    *_, outcome = rewrite.canvases(model, request, DenoiseParams(), never)
    assert isinstance(outcome, Outcome)
    assert outcome.text == "as it was"
    assert outcome.note.startswith(said)
    assert "left as it was" in outcome.note


def test_several_thoughts_are_joined_and_said() -> None:
    """Two blocks: both in the panel, the text between and after them in the page."""
    _, outcome = run([OPEN, 1, 5, CLOSE, 7, OPEN, 1, 6, CLOSE, 8, END])
    assert (outcome.text, outcome.thought) == ("7 8 ", "5\n\n6")
    assert outcome.note == "It thought in 2 parts."


def test_an_empty_thought_is_no_thought() -> None:
    """The bare channel that a model writes when it does not think is not shown, nor missed."""
    quiet = Channel(open_id=OPEN, close_id=CLOSE, label="1 ")
    _, outcome = run([OPEN, 1, CLOSE, 7, END], channel=quiet)
    assert (outcome.text, outcome.thought, outcome.note) == ("7 ", None, "")


def test_a_prompt_may_end_inside_a_thought() -> None:
    """Some templates open the channel themselves."""
    begun = Channel(open_id=OPEN, close_id=CLOSE, begun=True)
    _, outcome = run([5, CLOSE, 7, END], channel=begun)
    assert (outcome.text, outcome.thought) == ("7 ", "5")


@given(ids=st.lists(st.sampled_from([OPEN, CLOSE, END, 5, 6]), max_size=20), inside=st.booleans())
def test_every_token_is_in_one_place(ids: list[int], inside: bool) -> None:  # noqa: FBT001
    """Up to the end: a marker, a thought's token or the answer's, each exactly once, in order."""
    parts = take_apart(ids, CHANNEL, frozenset({END}), thinking=inside)
    upto = ids.index(END) if END in ids else len(ids)
    places = sorted([*parts.answer, *(place for block in parts.blocks for place in block)])
    assert places == [place for place in range(upto) if ids[place] not in (OPEN, CLOSE)]
    assert parts.ended == (END in ids)


def test_tags_of_plain_text_are_understood() -> None:
    """<think> written out, whole or not yet closed, split over slots as it comes."""
    pieces = tuple(Piece(text, "noise") for text in ("<thi", "nk>so", "</th", "ink>x", "=1"))
    assert without_tags(pieces) == ("so", (Piece("x", "noise"), Piece("=1", "noise")))
    assert without_tags(pieces[:2]) == ("so", ())
    assert without_tags(pieces[3:]) == ("", pieces[3:])


def test_a_channel_s_name_is_not_shown() -> None:
    """Nor are blocks that hold nothing else."""
    assert shown(["thought\nso", "thought\n", "and"], "thought") == "so\n\nand"
