"""Keys know their lines, whatever stands between them."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffedit.config import toml_file
from diffedit.core.errors import RequestError

TRICKY = '''\
# [not.a.table]
title = "a [b] = {c} # no comment \\" x = 1"
raw = 'C:\\path = "x"'   # y = 2
long = """
[inside]
key = 1 \\""" still = "in"
"""
lit = \'\'\'
x = 2
\'\'\'
list = [
  "one", # a = 1
  { deep = 1, "quo ted".more = [1, 2] },
]
a.b."c.d" = 2026-11-24 07:32:00

[table.sub] # comment
"a key" = { x = 1, y = "}" }
[[many]]
n = 1
[[many]]
n = 2
[many.below]
z = -inf
'''


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("title",), 2),
        (("raw",), 3),
        (("long",), 4),
        (("lit",), 8),
        (("list",), 11),
        (("list", "1", "deep"), 13),
        (("list", "1", "quo ted", "more"), 13),
        (("a", "b", "c.d"), 15),
        (("table",), 17),
        (("table", "sub", "a key", "y"), 18),
        (("many", "0", "n"), 20),
        (("many", "1", "n"), 22),
        (("many", "1", "below", "z"), 24),
    ],
)
def test_a_key_is_found_on_its_line(keys: tuple[str, ...], line: int) -> None:
    """Strings, comments, tables in a line and arrays of tables lead no key astray."""
    assert toml_file.lines_of(TRICKY)[keys] == line
    assert toml_file.lines_of(TRICKY.replace("\n", "\r\n"))[keys] == line


def test_nothing_inside_a_string_is_a_key() -> None:
    """What only looks like a key has no line."""
    lines = toml_file.lines_of(TRICKY)
    assert not {("inside",), ("key",), ("x",), ("y",), ("still",), ("not",)} & set(lines)


VALUES = st.sampled_from(
    [
        "1",
        "true",
        '"a = b"',
        "'[x]'",
        '"""\n[t]\nk = 1\n"""',
        "'''\n\n#'''",
        "[\n1,\n2]",
        '""',
        "{}",
    ]
)


@given(
    st.lists(st.tuples(VALUES, st.integers(0, 2), st.sampled_from(["bare", '"quo.ted"', "'l'"])))
)
def test_every_key_has_the_line_it_was_written_on(rows: list[tuple[str, int, str]]) -> None:
    """For any mixture of values and gaps the noted line is the written one."""
    text, expected = "", {}
    for number, (value, gap, key) in enumerate(rows):
        text += "\n# k = 1\n" * gap
        expected[(f"k{number}", key.strip("\"'"))] = text.count("\n") + 1
        text += f"k{number}.{key} = {value}\n"
    tomllib.loads(text)
    lines = toml_file.lines_of(text)
    assert {keys: lines[keys] for keys in expected} == expected


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a = 1\nb = = 2\n", ":2: not valid TOML"),
        (b'a = 1\nb = "', ":2: not valid TOML"),
        (b"a = 1\nb = '\xff'\n", ":2: not UTF-8"),
        (b"a = " + b"[" * 5000, "nested too deeply"),
        (b"a = 1\n" * 200_000, "larger than"),
    ],
)
def test_a_file_that_is_no_toml_is_told_with_its_line(
    tmp_path: Path, content: bytes, said: str
) -> None:
    """Whatever is wrong with the file, one line names it and the place."""
    path = tmp_path / "x.toml"
    path.write_bytes(content)
    with pytest.raises(RequestError) as caught:
        toml_file.read(path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_control_character_in_a_key_does_not_reach_the_terminal(tmp_path: Path) -> None:
    """An escape sequence smuggled in as a key is shown as signs."""
    path = tmp_path / "x.toml"
    path.write_text('"\\u001b[2J" = 1\n')
    with pytest.raises(RequestError) as caught:
        toml_file.read(path).check_keys(["known"])
    assert "\x1b" not in str(caught.value)
