"""What belongs together: blocks, words, indentation, brackets."""

import pytest

from diffedit.ui.blocks import enclosing_block, indentation, matching_bracket, word_at
from diffedit.ui.highlight import Highlighter

PYTHON = '''\
import a
import b

X = 1


@cached
@other(1)
def first(one):
    """Doc."""
    if one:
        return 1

    else:
        return 2


class Thing(Base):
    size = 1
    name = "x"

    def method(
        self,
        other,
    ) -> int:
        for x in other:
            print(x)
        return 1

    async def last(self): return 2
'''
JAVASCRIPT = """\
const a = 1;

export async function f(x) {
  if (x) {
    return 1;
  } else {
    return 2;
  }
}

class A {
  b = 1;

  go() {
    return 1;
  }
}
"""


def block(text: str, line: str, number: int = 0) -> str:
    """The block around the line of a text that holds `line`."""
    lines = text.split("\n")
    row = [row for row, found in enumerate(lines) if line in found][number]
    first, last = enclosing_block(lines, row)
    return "\n".join(lines[first : last + 1])


@pytest.mark.parametrize(
    ("line", "starts", "ends"),
    [
        ("import b", "import a", "import b"),
        ("X = 1", "X = 1", "X = 1"),
        ("@cached", "@cached", "        return 2"),
        ("@other", "@cached", "        return 2"),
        ("def first", "@cached", "        return 2"),
        ('"""Doc', "@cached", "        return 2"),
        ("return 2", "@cached", "        return 2"),
        ("if one", "    if one:", "        return 2"),
        ("class Thing", "class Thing", "return 2"),
        ("size = 1", "    size = 1", '    name = "x"'),
        ("def method", "    def method(", "        return 1"),
        ("other,", "    def method(", "        return 1"),
        ("print(x)", "    def method(", "        return 1"),
        ("for x in", "        for x in other:", "            print(x)"),
        ("async def last", "    async def last", "return 2"),
    ],
)
def test_the_block_around_a_line_of_python(line: str, starts: str, ends: str) -> None:
    """A line of a function gives the function with its decorators; a head gives what it opens."""
    found = block(PYTHON, line)
    assert found.startswith(starts)
    assert found.endswith(ends)


@pytest.mark.parametrize(
    ("line", "starts", "ends"),
    [
        ("const a", "const a", "1;"),
        ("return 2", "export async", "\n}"),
        ("} else", "  if (x) {", "\n  }"),
        ("b = 1", "  b = 1", "1;"),
        ("go()", "  go()", "\n  }"),
        ("class A", "class A", "\n}"),
    ],
)
def test_the_block_around_a_line_of_javascript(line: str, starts: str, ends: str) -> None:
    """Blocks of braces are found by their indentation too, closing line included."""
    found = block(JAVASCRIPT, line)
    assert found.startswith(starts)
    assert found.endswith(ends)


def test_a_blank_line_gives_the_nearest_block() -> None:
    """Between two paragraphs the one above is taken; in a text of nothing, the line itself."""
    assert enclosing_block(["a", "b", "", "c"], 2) == (0, 1)
    assert enclosing_block(["", "", "c"], 0) == (2, 2)
    assert enclosing_block(["", ""], 1) == (1, 1)
    assert enclosing_block([""], 9) == (0, 0)


def test_the_word_around_a_column() -> None:
    """A word, signs or blanks; at the end of a line the last of them."""
    line = "one_1 += (é世)"
    spans = {column: line[slice(*word_at(line, column))] for column in range(len(line) + 1)}
    assert [spans[column] for column in (0, 4, 5, 6, 9, 10, 12, 13)] == [
        "one_1",
        "one_1",
        " ",
        "+=",
        "(",
        "é世",
        ")",
        ")",
    ]
    assert word_at("", 0) == (0, 0)


@pytest.mark.parametrize(
    ("text", "language", "unit"),
    [
        ("a\n  b\n    c\n  d\n", "", "  "),
        ("a\n    b\n        c\n", "", "    "),
        ("a\n\tb\n\t\tc\n", "", "\t"),
        ("a\n        b\n", "", "        "),
        ("def f(a,\n      b):\n    return 1\n\n\ndef g():\n    return 2\n", "python", "    "),
        ("a\n", "python", "    "),
        ("a\n", "go", "\t"),
        ("/*\n * a\n * b\n */\n", "c", "    "),
    ],
)
def test_the_indentation_of_a_text(text: str, language: str, unit: str) -> None:
    """One level is what the text itself uses most; without a sign of one, the language's."""
    assert indentation(text.split("\n"), language) == unit


@pytest.mark.parametrize(
    ("text", "place", "partner"),
    [
        ('f(")")', (0, 1), (0, 5)),
        ('f(")")', (0, 6), (0, 1)),
        ("a[(1), {2: [3]}]", (0, 1), (0, 15)),
        ("a[(1), {2: [3]}]", (0, 14), (0, 7)),
        ("(\n# )\n)", (0, 0), (2, 0)),
        ("f'{a[0]}'", (0, 4), (0, 6)),
        ("((", (0, 0), None),
        ("'('", (0, 1), None),
        ("abc", (0, 1), None),
    ],
)
def test_the_bracket_that_belongs_to_one(
    text: str, place: tuple[int, int], partner: tuple[int, int] | None
) -> None:
    """Its partner is found past strings and comments; the one before the cursor counts too."""
    lines = text.split("\n")
    highlighter = Highlighter(lines, "python")
    highlighter.ensure(0, len(lines))
    found = matching_bracket(lines, place, highlighter.line)
    assert found[1:] == ((partner,) if partner else ())


def test_a_bracket_is_not_looked_for_without_end() -> None:
    """In a file of a hundred thousand lines only those near are read."""
    lines = ["("] + ["x = [1]"] * 100_000 + [")"]
    asked: list[int] = []

    def tokens(row: int) -> tuple[tuple[int, int, str], ...]:
        asked.append(row)
        return ()

    assert matching_bracket(lines, (0, 0), tokens) == ()
    assert max(asked) < 5_000
