"""Find and replace over rows: what matches, where, and what takes its place."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffedit.core import search
from diffedit.core.document import Document
from diffedit.core.errors import RequestError
from diffedit.core.search import MANY, Case, Query, Scope, look
from diffedit.core.text import Text


def spans(query: Query, *lines: str) -> list[tuple[int, int, int]]:
    """Row, start and end of each match."""
    return [(hit.row, hit.start, hit.end) for hit in look(query, lines)]


def replaced(query: Query, template: str, text: str) -> str:
    """The text with every match replaced, in one step of a document."""
    page = Document(text)
    page.apply(search.changes(page.text, look(query, page.text.lines, template=template)))
    new = str(page.text)
    page.undo()
    assert str(page.text) == text
    assert not page.can_undo
    return new


def test_plain_text_is_no_expression() -> None:
    """What an expression would take for a sign is looked for as it stands."""
    assert spans(Query(pattern="a.b("), "axb(", "a.b(a.b(") == [(1, 0, 4), (1, 4, 8)]


@pytest.mark.parametrize(
    ("pattern", "case", "found"),
    [
        ("foo", "smart", ["foo", "Foo", "FOO"]),
        ("Foo", "smart", ["Foo"]),
        ("foo", "exact", ["foo"]),
        ("Foo", "ignore", ["foo", "Foo", "FOO"]),
    ],
)
def test_case(pattern: str, case: Case, found: list[str]) -> None:
    """Small letters find large ones unless told otherwise; a large one finds itself."""
    line = "foo Foo FOO"
    hits = look(Query(pattern=pattern, case=case), [line])
    assert [line[hit.start : hit.end] for hit in hits] == found


@pytest.mark.parametrize("pattern", [r"\Wfoo\S", "(?P<name>foo)", r"\bfoo\B"])
def test_capitals_of_an_expression_are_no_letters(pattern: str) -> None:
    r"""`\W` and `(?P<…>` do not make a pattern mind the case."""
    assert spans(Query(pattern=pattern, regex=True), " FOOd ")


@pytest.mark.parametrize(
    ("pattern", "line", "starts"),
    [
        ("foo", "foo foobar barfoo foo_ (foo)", [0, 24]),
        ("foo(", "foo(x) barfoo(", [0]),
        ("ä", "ä bä äb", [0]),
        ("->", "a->b -> c", [1, 5]),
    ],
)
def test_whole_words(pattern: str, line: str, starts: list[int]) -> None:
    """A word stands alone; an end of the pattern that is no letter may touch anything."""
    assert [at for _, at, _ in spans(Query(pattern=pattern, whole_word=True), line)] == starts


def test_whole_words_of_an_expression() -> None:
    """The whole expression is a word, with its choices and its flags."""
    query = Query(pattern="(?i)ab|c", regex=True, whole_word=True, case="exact")
    assert [at for _, at, _ in spans(query, "AB abx c xc")] == [0, 7]


def test_lines_are_matched_one_by_one() -> None:
    """`^` and `$` are the ends of every line; an empty match is one."""
    assert spans(Query(pattern="^", regex=True), "ab", "") == [(0, 0, 0), (1, 0, 0)]
    assert spans(Query(pattern="b$", regex=True), "ab", "bb") == [(0, 1, 2), (1, 1, 2)]


def test_nothing_to_look_for() -> None:
    """An empty pattern finds nothing."""
    assert not spans(Query(pattern=""), "abc")


@pytest.mark.parametrize("pattern", ["(", "[a", "*", "a{2,1}", "(?P<x", "\\", "(?z)"])
def test_a_faulty_expression_is_one_line(pattern: str) -> None:
    """What is no expression is told in a line."""
    with pytest.raises(RequestError) as caught:
        look(Query(pattern=pattern, regex=True), ["a"])
    assert str(caught.value).startswith("Not a regular expression: ")
    assert "\n" not in str(caught.value)


def test_groups_in_a_replacement() -> None:
    """Groups by number and by name, and a line break, stand in the replacement."""
    query = Query(pattern=r"(?P<key>\w+)=(\w+)", regex=True)
    assert replaced(query, r"\2:\g<key>\n", "a=1, b=2") == "1:a\n, 2:b\n"


def test_a_plain_replacement_is_taken_as_it_is() -> None:
    """Outside of expressions a backslash is a backslash."""
    assert replaced(Query(pattern="a"), r"\1\n", "banana") == r"b\1\nn\1\nn\1\n"


@pytest.mark.parametrize("template", [r"\2", r"\g<who>", "\\"])
def test_a_faulty_replacement_is_one_line(template: str) -> None:
    """A group that is not there is told, and nothing is replaced."""
    with pytest.raises(RequestError, match=r"^The replacement will not do: ."):
        look(Query(pattern="(a)", regex=True), ["a"], template=template)


def test_a_scope_holds_only_what_lies_in_it() -> None:
    """A match that sticks out of the selection is none."""
    hits = look(Query(pattern="ab"), ["ab ab", "ab", "ab ab"])
    scope = Scope((0, 1), (2, 2))
    assert [hit.place for hit in hits if scope.holds(hit)] == [(0, 3), (1, 0), (2, 0)]


def test_very_many_are_replaced_as_few_changes() -> None:
    """Thousands of matches become fewer changes with the same outcome."""
    text = "\n".join(f"x{number} x" for number in range(MANY))
    assert replaced(Query(pattern="x"), "yy", text) == text.replace("x", "yy")
    page = Text(text)
    hits = look(Query(pattern="x"), page.lines, template="yy")
    assert len(search.changes(page, hits).changes) < len(hits) / 100


@given(st.text("abA\n."), st.text("abA.", min_size=1, max_size=3), st.text("xy\n\\", max_size=3))
def test_replacing_is_what_python_does(text: str, pattern: str, new: str) -> None:
    """For plain text, replacing all is `str.replace`."""
    assert replaced(Query(pattern=pattern, case="exact"), new, text) == text.replace(pattern, new)


@given(st.text("ab\n", max_size=30), st.sampled_from(["a*", "(a)(b)?", "^", "$", "a|b", r"\b"]))
def test_expressions_are_replaced_as_python_does(text: str, pattern: str) -> None:
    """For expressions it is `re.sub`, line by line."""
    want = "\n".join(re.sub(pattern, r"<\g<0>>", line) for line in text.split("\n"))
    assert replaced(Query(pattern=pattern, regex=True), r"<\g<0>>", text) == want
