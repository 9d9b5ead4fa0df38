"""Nothing of a file or a model speaks to the terminal."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_laws import LAW

from diffedit.core.show import one_line, visible


def test_no_character_acts_on_the_terminal() -> None:
    """Of all of Unicode, no control but tab and newline is left, no turn of direction, no half."""
    every = "".join(map(chr, range(0x110000)))
    assert len(visible(every)) == len(every)
    left = [char for char in every if visible(char) == char]
    acting = [char for char in left if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")]
    assert acting == ["\t", "\n"]
    turning = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    assert turning.isdisjoint(map(unicodedata.bidirectional, left))


def test_what_is_clean_is_the_same() -> None:
    """Letters of any script, signs, emoji and their joiners stay as they are."""
    text = "def f():\n\treturn 'naïve 漢字 עברית e\u0301'"
    assert visible(text) is text
    joined = "👨\u200d👩 \u00a0 \ue0b0"
    assert visible(joined) == joined


@pytest.mark.parametrize(
    ("text", "shows"),
    [
        ("a\u200db", "a·b"),
        ("👨\u200d", "👨·"),
        ("👨\u200d x", "👨· x"),
        ("\u200d👨", "·👨"),
        ("👩\u200d❤\ufe0f\u200d💋\u200d👨", "👩\u200d❤\ufe0f\u200d💋\u200d👨"),
        ("\u200d".join("👨" * 6), "\u200d".join("👨" * 4) + "·👨\u200d👨"),
    ],
)
def test_a_joiner_that_joins_no_emoji_is_seen(text: str, shows: str) -> None:
    """What counts cells takes it to join whatever stands there; a terminal draws each part."""
    assert visible(text) == shows


@LAW
@given(st.text(st.characters(codec=None)))
def test_one_character_for_one(text: str) -> None:
    """The length never changes, and to show twice is to show once."""
    assert len(visible(text)) == len(text)
    assert visible(visible(text)) == visible(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", "␛[31m"),
        ("\0\r\x07\x7f", "␀␍␇␡"),
        ("\x9b1m", "␦1m"),
        ("\udc80", "�"),
        ("\u202eabc\u202c", "↤abc⇡"),
        ("\u2028", "␤"),
    ],
)
def test_how_the_unseen_is_shown(text: str, shown: str) -> None:
    """Control characters become their pictures, the others a sign that is seen."""
    assert visible(text) == shown


def test_a_name_on_one_line_joins_nothing() -> None:
    """What shows it cuts it anywhere, and each of its characters has cells of its own."""
    assert one_line("a\n\t👨\u200d👩 e\u0301") == "a␊␉👨·👩 e\u0301"
