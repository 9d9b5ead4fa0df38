"""The highlighter: what it says of a window is what Pygments says of the whole file."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from pygments.lexers import get_all_lexers, get_lexer_by_name, get_lexer_for_filename
from pygments.util import ClassNotFound

from diffedit.config.languages import by_ending
from diffedit.ui.highlight import HELD, MOST_HELD, Highlighter
from diffedit.ui.lexing import ROOT, Token, language_of, lexer_for, resumable, run

PYTHON = Path(__file__).read_text(encoding="utf-8")
C = '#include <a.h>\n/* a\n * long\n comment */\nint main(void) {\n  return "x" + 1;\n}\n' * 8
HTML = "<p a='b'>x</p>\n<style>\n b { c: d }\n</style>\n<script>\nlet a = `x\ny`;\n</script>\n"
SOURCES = {
    "python": PYTHON,
    "c": C,
    "html": HTML * 6,
    "rust": 'fn a() { /* x\ny */ "a\nb"; }\n' * 30,
}


def whole(text: str, language: str) -> list[tuple[Token, ...]]:
    """What Pygments itself says of every line."""
    lines: list[list[Token]] = [[] for _ in range(text.count("\n") + 1)]
    row = column = 0
    lexer = get_lexer_by_name(language)
    for _, kind, value in lexer.get_tokens_unprocessed(text + "\n"):
        name = str(kind).removeprefix("Token.")
        for number, part in enumerate(value.split("\n")):
            if number:
                row, column = row + 1, 0
            if part and name not in ("Text", "Text.Whitespace", "Token"):
                lines[row].append((column, column + len(part), name))
            column += len(part)
    return [tuple(line) for line in lines]


def lines_and(text: str, language: str) -> tuple[list[str], Highlighter]:
    """The lines of a text and a highlighter on them."""
    lines = text.split("\n")
    return lines, Highlighter(lines, language)


def said(highlighter: Highlighter, count: int, step: int = 7) -> list[tuple[Token, ...]]:
    """What the highlighter says of all lines, asked for window by window."""
    for first in range(0, count, step):
        highlighter.ensure(first, first + step - 1)
    return [highlighter.line(row) for row in range(count)]


@pytest.mark.parametrize("language", SOURCES)
def test_windows_from_the_top_are_what_pygments_says(language: str) -> None:
    """Read window by window, every line has the very tokens of a reading at once."""
    text = SOURCES[language]
    lines, highlighter = lines_and(text, language)
    assert said(highlighter, len(lines)) == whole(text, language)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("language", ["python", "c"])
def test_edits_leave_it_right(language: str, seed: int) -> None:
    """After random edits of lines, strings and comments opened and closed too, all is right."""
    lines, highlighter = lines_and(SOURCES[language], language)
    random_ = random.Random(seed)
    bits = ['"""', "'", "/*", "*/", "x = 1", "def f():", "", "# note", "a\nb\nc", '"']
    for _ in range(30):
        first = random_.randrange(len(lines))
        last = min(len(lines) - 1, first + random_.choice((0, 0, 0, 1, 5)))
        new = random_.choice(bits).split("\n")
        lines[first : last + 1] = new
        highlighter.edited(first, last, first + len(new) - 1)
        around = max(0, first - 20)
        highlighter.ensure(around, around + 40)
    assert said(highlighter, len(lines)) == whole("\n".join(lines), language)


def reads(highlighter: Highlighter) -> Iterator[int]:
    """How many lines are read at each call, from here on."""
    count = [0]
    note = highlighter._note

    def counted(*args: object, **words: object) -> None:
        count[0] += 1
        note(*args, **words)  # type: ignore[arg-type]

    highlighter._note = counted  # type: ignore[method-assign]
    while True:
        count[0] = 0
        yield -1
        yield count[0]


def test_a_key_costs_a_few_lines() -> None:
    """In a file of ten thousand lines, a letter typed makes only lines beside it be read."""
    lines, highlighter = lines_and("def f(a):\n    return a\n" * 5_000, "python")
    highlighter.ensure(0, 60)
    counts = reads(highlighter)
    for row in (10, 11, 12):
        next(counts)
        lines[row] += "x"
        highlighter.edited(row, row, row)
        highlighter.ensure(0, 60)
        assert next(counts) <= 3


def test_a_jump_guesses_and_the_sweep_knows() -> None:
    """Deep in a string that opens far above, a guess comes first; reading on puts it right."""
    text = "x = 1\n" * 300 + 'text = """\n' + "some words here\n" * 400 + '"""\ny = 2\n'
    lines, highlighter = lines_and(text, "python")
    highlighter.ensure(600, 640)
    right = whole(text, "python")
    assert highlighter.line(620) != right[620]
    more, low, high = True, -1, -1
    while more:
        more, first, last = highlighter.sweep(641, 0.05)
        if first >= 0:
            low = first if low < 0 else min(low, first)
            high = max(high, last)
    assert [highlighter.line(row) for row in range(600, 641)] == right[600:641]
    assert low <= 600
    assert high >= 640
    assert len(lines) == len(right)


def test_long_lines_stay_plain_and_break_nothing() -> None:
    """A line of data is not coloured; those after it are."""
    lines, highlighter = lines_and("x = '" + "a" * 50_000 + "'\ny = 1\n", "python")
    highlighter.ensure(0, 2)
    assert highlighter.line(0) == ()
    assert highlighter.line(1) == whole("y = 1\n", "python")[0]
    assert len(lines) == 3


def test_memory_is_bounded() -> None:
    """However far one scrolls, tokens are kept for a bounded number of lines."""
    lines, highlighter = lines_and("x = 1\n" * (MOST_HELD * 2), "python")
    for first in range(0, len(lines), 500):
        highlighter.ensure(first, first + 499)
        assert highlighter._read.count(HELD) <= MOST_HELD + 600
    highlighter.ensure(0, 10)
    assert highlighter.line(0) == whole("x = 1\n", "python")[0]


@pytest.mark.parametrize("language", ["json", "yaml", "php", "html+jinja", "rst"])
def test_languages_whose_state_is_hidden_are_coloured_too(language: str) -> None:
    """A lexer that keeps its state to itself is read anew from a likely place."""
    text = '{"a": [1, "b"]}\n\n<?php $a = 1; ?>\nkey: value\n' * 40
    lines, highlighter = lines_and(text, language)
    lexer = lexer_for(language)
    assert lexer is not None
    assert not resumable(lexer) or language == "rst"
    highlighter.ensure(0, 30)
    assert [highlighter.line(row) for row in range(20)] == whole(text, language)[:20]
    lines[5] = "changed: 1"
    highlighter.edited(5, 5, 5)
    highlighter.ensure(0, 30)
    highlighter.ensure(100, 130)
    assert any(highlighter.line(row) for row in range(100, 130))


def test_every_language_survives_any_text() -> None:
    """A sample of all the languages that Pygments knows reads a mixed text to its end."""
    aliases = sorted(names[0] for _, names, _, _ in get_all_lexers() if names)
    text = PYTHON[:600] + HTML + C[:200] + "\t\x00\x1b é世\n'\n\"\n/*\n"
    for language in aliases[::12]:
        lexer = lexer_for(language)
        assert lexer is not None
        rows = sum(len(finished) for finished, _ in run(lexer, text, ROOT))
        assert rows == text.count("\n"), language


@pytest.mark.parametrize("text", ["", "% a = 1\n", "int main() {}\n", "<?php\n"])
@pytest.mark.parametrize(
    "name",
    [
        *("a.py", "a.m", "a.inc", "a.cls", "a.v", "a.html", "a.3", "a.lasso9", "a.xpm", ".bashrc"),
        *("Makefile", "Makefile.old", "CMakeLists.txt", "Config.in.old", "a.py.old"),
    ],
)
def test_the_language_is_the_one_that_pygments_chooses(name: str, text: str) -> None:
    """By the same patterns and the same looks at the text where several have the pattern."""
    try:
        lexer = get_lexer_for_filename(name, text)
    except ClassNotFound:
        assert by_ending(name, text) is None
    else:
        assert by_ending(name, text) is type(lexer)


def test_the_language_of_a_file() -> None:
    """By its name, by its first line, or none at all; an unknown language is plain text."""
    assert language_of("a.py") == "python"
    assert language_of("Makefile") in ("make", "makefile", "basemake")
    assert language_of("run", "#!/usr/bin/env python3\n") == "python"
    assert language_of("notes") == ""
    assert language_of("notes.txt") == ""
    assert lexer_for("no such language") is None
    plain = Highlighter(["a"], "no such language")
    plain.ensure(0, 0)
    assert (plain.line(0), plain.active) == ((), False)


def test_a_lexer_that_fails_leaves_the_text_plain() -> None:
    """A lexer that raises in the middle of a file costs the colours, and nothing else."""
    lines, highlighter = lines_and("x = 1\n" * 500, "python")
    highlighter.ensure(0, 10)
    kept = highlighter.line(3)
    highlighter._states[100] = ("no such state",)
    highlighter.ensure(100, 110)
    highlighter.ensure(200, 210)
    lines[3] = "y"
    highlighter.edited(3, 3, 3)
    assert kept
    assert highlighter.line(200) == ()
    assert not highlighter.active
    assert highlighter.sweep(500, 0.01) == (False, -1, -1)
