"""What is called a change is one, and nothing else is."""

import random
import re
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_laws import LAW

from diffedit.core.diff import Words, hunks, keep_hunks, unified, words

LINES = st.lists(st.sampled_from(["", "a", "b", "a b", "\r", "-x", "+y"]), max_size=8)
TEXTS = LINES.map("\n".join)


@LAW
@given(TEXTS, TEXTS)
def test_hunks_are_true_changes(old: str, new: str) -> None:
    """Each hunk is where it says, differs, and has nothing equal at its ends."""
    reached = (0, 0)
    for hunk in hunks(old, new):
        assert hunk.old_text == old[hunk.old.start : hunk.old.end]
        assert hunk.new_text == new[hunk.new.start : hunk.new.end]
        assert old[reached[0] : hunk.old.start] == new[reached[1] : hunk.new.start]
        before = old.split("\n")[slice(*hunk.old_rows)]
        after = new.split("\n")[slice(*hunk.new_rows)]
        assert before or after
        assert before[:1] != after[:1]
        assert before[-1:] != after[-1:]
        reached = (hunk.old.end, hunk.new.end)
    assert old[reached[0] :] == new[reached[1] :]


@LAW
@given(TEXTS, TEXTS)
def test_all_none_and_the_others(old: str, new: str) -> None:
    """All hunks kept give the new text, none the old; what is kept first and then, all the same."""
    found = hunks(old, new)
    every = range(len(found))
    assert keep_hunks(old, found, every) == new
    assert keep_hunks(old, found, ()) == old
    even = keep_hunks(old, found, every[::2])
    assert keep_hunks(even, hunks(even, new), range(len(old) + len(new))) == new


@LAW
@given(TEXTS)
def test_nothing_differs_from_itself(text: str) -> None:
    """Equal texts have no hunks and no diff, and no word of them is changed."""
    assert hunks(text, text) == ()
    assert not unified(text, text, "file")
    assert [word.changed for side in words(text, text) for word in side] == [False] * (
        2 if text else 0
    )


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a\nb", "a\nb\nc", [("", "\nc")]),
        ("a\nb\nc", "a\nb", [("\nc", "")]),
        ("a\nb\n", "a\nb\nc\n", [("", "c\n")]),
        ("b\n", "a\nb\n", [("", "a\n")]),
        ("a\nb\nc\n", "a\nx\nc\n", [("b\n", "x\n")]),
        ("a", "b", [("a", "b")]),
        ("a", "a\n", [("", "\n")]),
        ("", "a\n", [("", "a\n")]),
        ("a\nb\nc\nd\ne", "x\nb\nc\nd\ny", [("a\n", "x\n"), ("e", "y")]),
    ],
)
def test_which_lines_a_hunk_holds(old: str, new: str, expected: list[tuple[str, str]]) -> None:
    """Lines come with the newline behind them, or at the end of the text with the one before."""
    assert [(hunk.old_text, hunk.new_text) for hunk in hunks(old, new)] == expected


def bracketed(side: tuple[Words, ...]) -> str:
    """A side of a hunk with its changed words in brackets."""
    return "".join(f"[{word.text}]" if word.changed else word.text for word in side)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("return foo(a, b)", "return bar(a, b)", ("return [foo](a, b)", "return [bar](a, b)")),
        ("f(a)", "f(a, b)", ("f(a)", "f(a[, b])")),
        ("x = 10", "x = 100", ("x = [10]", "x = [100]")),
        ("one two three", "eins zwei three", ("[one two] three", "[eins zwei] three")),
        ("if x:\n    y", "while x:\n    z", ("[if] x:\n    [y]", "[while] x:\n    [z]")),
        ("", "new", ("", "[new]")),
        ("déjà_vu+1", "déjà_vu-1", ("déjà_vu[+]1", "déjà_vu[-]1")),
    ],
)
def test_which_words_differ(old: str, new: str, expected: tuple[str, str]) -> None:
    """Names, numbers and signs differ as wholes; a space between two changes joins them."""
    before, after = words(old, new)
    assert (bracketed(before), bracketed(after)) == expected


@LAW
@given(*[st.text(st.sampled_from("ab1 \n.(é"), max_size=30)] * 2)
def test_words_make_up_the_texts(old: str, new: str) -> None:
    """The runs of each side are its text, changed or not in turn; what is unchanged is the same."""
    before, after = words(old, new)
    for side, text in ((before, old), (after, new)):
        assert "".join(word.text for word in side) == text
        assert all(a.changed != b.changed for a, b in pairwise(side))
    same = ["".join(w.text for w in side if not w.changed) for side in (before, after)]
    assert same[0] == same[1]


def patched(old: str, patch: str) -> str:
    """The text that a unified diff makes of another: a small `patch`, as strict as the real one."""
    if not patch:
        return old
    lines = [f"{line}\n" for line in old.split("\n")]
    lines[-1] = lines[-1][:-1]
    result: list[str] = []
    rest = patch.replace("\n\\ No newline at end of file\n", "\0").split("\n", 2)[2]
    for part in re.split(r"(?m)^@@ -", rest)[1:]:
        header, body = part.split(" @@\n", 1)
        old_first, old_count, new_first, new_count = numbers(header)
        ahead = old_first - (1 if old_count else 0) - (len(old.split("\n")) - len(lines))
        result += lines[:ahead]
        del lines[:ahead]
        assert len(result) == new_first - (1 if new_count else 0)
        for line in re.findall(r"[ +-][^\n\0]*[\n\0]", body):
            text = line[1:].replace("\0", "")
            if line[0] != "+":
                assert lines.pop(0) == text
                old_count -= 1
            if line[0] != "-":
                result.append(text)
                new_count -= 1
        assert (old_count, new_count) == (0, 0)
    return "".join(result + lines)


def numbers(header: str) -> tuple[int, int, int, int]:
    """The first line and the count of both sides of an @@ line."""
    sides = [side.split(",") for side in header.split(" +")]
    (a, b), (c, d) = ((int(side[0]), int(side[1]) if side[1:] else 1) for side in sides)
    return a, b, c, d


@LAW
@given(TEXTS, TEXTS)
def test_a_unified_diff_makes_the_new_text(old: str, new: str) -> None:
    """Applied to the old text, line by line and count by count, the diff gives the new."""
    assert patched(old, unified(old, new, "file")) == new


def test_a_unified_diff_looks_like_one() -> None:
    """Three lines stand around a change, far ones stand apart, a missing newline is told."""
    old = "\n".join("abcdefghijklmnop")
    new = old.replace("b", "B").replace("p", "p\n")
    assert unified(old, new, "dir/file.py").split("\n") == [
        "--- a/dir/file.py", "+++ b/dir/file.py",
        "@@ -1,5 +1,5 @@", " a", "-b", "+B", " c", " d", " e",
        "@@ -13,4 +13,4 @@", " m", " n", " o", "-p", "\\ No newline at end of file", "+p", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("/abs/file", "a/abs/file"),
        ("a file", "a/a file\t"),
        ('q"\n\x1b', '"a/q\\"\\012\\033"'),
        ("é", "a/é"),
        ("\udce9", '"a/\\351"'),
    ],
)
def test_a_name_cannot_break_the_header(name: str, shown: str) -> None:
    """Names stand in the header the way git writes them."""
    assert unified("a", "b", name).split("\n")[0] == f"--- {shown}"


@pytest.mark.parametrize("kinds", [2, 5, 50, 1_000, 1_000_000])
def test_long_texts_are_quick(kinds: int) -> None:
    """Two thousand lines with nothing in step, of few kinds or many, take no one's patience."""
    choice = random.Random(kinds)
    old, new = (
        "\n".join(f"line {choice.randint(0, kinds)}" for _ in range(2_000)) for _ in range(2)
    )
    start = time.process_time()
    found = hunks(old, new)
    words(old, new)
    assert time.process_time() - start < 3
    assert keep_hunks(old, found, range(len(found))) == new


def test_a_small_edit_of_a_long_text_is_a_small_hunk() -> None:
    """Among thousands of like lines, only the edited one is in the hunk."""
    lines = ["    }" if number % 3 else f"line {number % 7}" for number in range(3_000)]
    old = "\n".join(lines)
    lines[1_500] = "edited"
    lines.insert(700, "    }")
    found = hunks(old, "\n".join(lines))
    assert [(hunk.old_text, hunk.new_text) for hunk in found] == [
        ("", "    }\n"),
        ("line 2\n", "edited\n"),
    ]
    assert [hunk.new_rows for hunk in found] == [(702, 703), (1501, 1502)]
