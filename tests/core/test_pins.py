"""What is pinned by its kind: comments, signatures, indentation."""

import pytest

from diffedit.core.pins import comments, indentation, pins_of, signature

CODE = (
    '@cached\ndef total(a,\n          b: "int" = 1):  # head\n'
    '    # sum "it\n    return "# no" + a  # yes'
)


def texts(text: str, stretches: tuple[tuple[int, int], ...]) -> list[str]:
    """What stands there."""
    return [text[start:end] for start, end in stretches]


def test_comments_run_to_the_line_s_end_and_quotes_hide_them() -> None:
    """A mark in a string is none; a quote in a comment opens nothing."""
    assert texts(CODE, comments(CODE, "python")) == ["# head", '# sum "it', "# yes"]
    assert texts("a // b\nc -- d", comments("a // b\nc -- d", "c")) == ["// b"]
    assert texts("a // b\nc -- d", comments("a // b\nc -- d", "sql")) == ["-- d"]


@pytest.mark.parametrize(
    ("text", "head"),
    [
        (CODE, CODE[: CODE.index("\n    #")]),
        ("def f(x: int = {1: 2}[1]):\n    pass", "def f(x: int = {1: 2}[1]):"),
        ("pub fn go(a: u8) -> u8 {\n  a\n}", "pub fn go(a: u8) -> u8 {"),
        ("class A:\n    x = 1", "class A:"),
    ],
)
def test_a_signature_ends_where_the_body_begins(text: str, head: str) -> None:
    """Decorators, defaults and annotations are part of it."""
    assert texts(text, signature(text)) == [head]


@pytest.mark.parametrize("text", ["x = 1", "", "def f(", "return def_(x):"])
def test_what_defines_nothing_has_no_signature(text: str) -> None:
    """Nor has a head that never ends."""
    assert signature(text) == ()


def test_indentation_is_the_blanks_of_written_lines() -> None:
    """Blank lines have none to pin."""
    assert indentation("a\n    b\n   \n\tc") == ((2, 6), (12, 13))


def test_kinds_are_joined() -> None:
    """All that is asked for, in order, nothing twice."""
    text = "def f():\n    # c\n    x"
    assert texts(text, pins_of(text, ("comments", "indentation"), "python")) == ["    # c", "    "]
    assert pins_of(text, (), "python") == ()
