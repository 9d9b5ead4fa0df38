"""Heat: levels of uncertainty, on the tokens of a canvas and of the text made of it."""

from hypothesis import given
from hypothesis import strategies as st

from diffedit.core.draft import Piece
from diffedit.core.heat import BARS, Choice, Scored, by_heat, level, tokens_of, tokens_scored

words = st.text("ab \n", max_size=4)


def pieces(*found: tuple[str, float | None]) -> list[Piece]:
    """A canvas of these."""
    return [Piece(text, "accepted", nats) for text, nats in found]


def test_there_are_eight_levels_and_each_has_its_bar() -> None:
    """From sure to anything goes; what nobody knows counts as sure."""
    found = [level(nats) for nats in (0.0, 0.05, 0.2, 0.5, 0.9, 1.2, 2.0, 9.0)]
    assert found == list(range(8))
    assert len(BARS) == 8
    assert level(None) == 0


def test_tokens_are_the_pieces_where_the_text_is_theirs() -> None:
    """Each piece is a token at its place, with its own heat."""
    tokens = tokens_of(pieces(("def", 0.1), (" f", None)), "def f")
    assert [(t.start, t.end, t.text, t.nats) for t in tokens] == [
        (0, 3, "def", 0.1),
        (3, 5, " f", None),
    ]


def test_heat_survives_what_was_trimmed_and_fitted() -> None:
    """An indent put before and a tail cut off take no heat from what stays."""
    tokens = tokens_of(pieces(("a", 2.0), ("+", 0.3), ("b", 1.0), ("```", 5.0)), "  a+b")
    assert "".join(token.text for token in tokens) == "  a+b"
    assert {token.text: token.nats for token in tokens} == {
        "  ": None,
        "a": 2.0,
        "+": 0.3,
        "b": 1.0,
    }


@given(st.lists(st.tuples(words, st.floats(0, 3))), words.map(lambda text: text * 3))
def test_tokens_always_join_to_the_text(found: list[tuple[str, float]], text: str) -> None:
    """Whatever the canvas was, the tokens are the text, each where it says."""
    tokens = tokens_of(pieces(*found), text)
    assert "".join(token.text for token in tokens) == text
    assert all(text[token.start : token.end] == token.text for token in tokens)


def test_the_least_sure_comes_first() -> None:
    """In order of heat, the quiet and the blank ones left out."""
    tokens = tokens_of(
        pieces(("a", 0.5), ("b", 0.0), ("\n", 3.0), ("c", 2.0), ("d", 0.5)), "ab\ncd"
    )
    assert [tokens[n].text for n in by_heat(tokens)] == ["c", "a", "d"]
    assert [tokens[n].text for n in by_heat(tokens, least=6)] == ["c"]


def test_scores_tell_surprise_or_doubt() -> None:
    """A wrong word may stand where the model is sure of another: surprise, not doubt, finds it."""
    scores = [
        Scored("a", 0.1, 2.0),
        Scored("", 1.0, 1.0),
        Scored("c", 9.0, 0.1, (Choice("b", 0.98),)),
    ]
    assert [t.nats for t in tokens_scored(scores)] == [2.0, 0.1]
    surprised = tokens_scored(scores, surprised=True)
    assert [t.nats for t in surprised] == [0.1, 9.0]
    assert surprised[1].choices == (("b", 0.98),)
    assert surprised[1].start == 1
