"""What differs between two texts: hunks of whole lines, words within a hunk, a unified diff."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby

from diffedit.core.align import Block, gaps
from diffedit.core.span import Span


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines that differ, with nothing equal at either end.

    Lines carry the newline behind them, or the one before them where the text ends without one.
    `old_rows` and `new_rows` say which rows they are: from the first up to, not with, the last.
    """

    old: Span
    new: Span
    old_text: str
    new_text: str
    old_rows: tuple[int, int] = (0, 0)
    new_rows: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Words:
    """A run of text that changed, or did not."""

    text: str
    changed: bool


def hunks(old: str, new: str) -> tuple[Hunk, ...]:
    """The true changes from `old` to `new`, line by line. None of them is empty on both sides."""
    old_rows, new_rows = old.split("\n"), new.split("\n")
    old_starts, new_starts = _starts(old_rows), _starts(new_rows)
    found = []
    for block in gaps(old_rows, new_rows):
        before, after = _spans(block, old_starts, new_starts)
        found.append(
            Hunk(
                before,
                after,
                old[before.start : before.end],
                new[after.start : after.end],
                (block.old_start, block.old_end),
                (block.new_start, block.new_end),
            )
        )
    return tuple(found)


def _starts(rows: Sequence[str]) -> list[int]:
    """The offset of each row, and one more: where a row after the last would start."""
    return list(accumulate((len(row) + 1 for row in rows), initial=0))


def _spans(block: Block, old_starts: Sequence[int], new_starts: Sequence[int]) -> tuple[Span, Span]:
    """The offsets of a block of rows. At the end of the text the newline before goes with it."""
    spans = []
    at_end = block.old_end == len(old_starts) - 1
    pure = block.old_start == block.old_end or block.new_start == block.new_end
    for starts, first, last in (
        (old_starts, block.old_start, block.old_end),
        (new_starts, block.new_start, block.new_end),
    ):
        start = starts[first] - (1 if at_end and pure else 0)
        spans.append(Span(start, starts[last] - (1 if at_end else 0)))
    return spans[0], spans[1]


def keep_hunks(old: str, hunks: Sequence[Hunk], kept: Collection[int]) -> str:
    """`old` with only those hunks that are numbered in `kept`, from 0."""
    parts: list[str] = []
    reached = 0
    for number, hunk in enumerate(hunks):
        if number in kept:
            parts += old[reached : hunk.old.start], hunk.new_text
            reached = hunk.old.end
    return "".join((*parts, old[reached:]))


_WORD = re.compile(r"[^\W\d]\w*|\d\w*|[^\S\n]+|.", re.DOTALL)


def words(old: str, new: str) -> tuple[tuple[Words, ...], tuple[Words, ...]]:
    """Which words differ inside a hunk: the old text in runs, and the new. A run may span lines."""
    old_words, new_words = _WORD.findall(old), _WORD.findall(new)
    blocks = _readable(gaps(old_words, new_words), old_words)
    return (
        _runs(old_words, [(block.old_start, block.old_end) for block in blocks]),
        _runs(new_words, [(block.new_start, block.new_end) for block in blocks]),
    )


def _readable(blocks: Sequence[Block], old_words: Sequence[str]) -> list[Block]:
    """The blocks, joined where only spaces stand between two: a lone space says nothing."""
    joined: list[Block] = []
    for block in blocks:
        between = "".join(old_words[joined[-1].old_end : block.old_start]) if joined else "\n"
        if between.isspace() and "\n" not in between:
            first = joined.pop()
            joined.append(Block(first.old_start, block.old_end, first.new_start, block.new_end))
        else:
            joined.append(block)
    return joined


def _runs(tokens: Sequence[str], changed: Sequence[tuple[int, int]]) -> tuple[Words, ...]:
    """The tokens joined to runs that did and did not change."""
    runs: list[Words] = []
    reached = 0
    for start, end in changed:
        runs += (
            Words("".join(tokens[reached:start]), changed=False),
            Words("".join(tokens[start:end]), changed=True),
        )
        reached = end
    runs.append(Words("".join(tokens[reached:]), changed=False))
    spoken = (run for run in runs if run.text)
    return tuple(
        Words("".join(run.text for run in same), changed=changed)
        for changed, same in groupby(spoken, lambda run: run.changed)
    )


CONTEXT_LINES = 3
_NO_NEWLINE = "\n\\ No newline at end of file\n"


def unified(old: str, new: str, name: str) -> str:
    """A unified diff from `old` to `new`, as `patch` and `git apply` read it; "" when equal."""
    old_lines, new_lines = _lines(old), _lines(new)
    groups: list[list[Block]] = []
    for block in gaps(old_lines, new_lines):
        if groups and block.old_start - groups[-1][-1].old_end <= 2 * CONTEXT_LINES:
            groups[-1].append(block)
        else:
            groups.append([block])
    if not groups:
        return ""
    return "".join(
        (
            f"--- {_shown_name('a/', name)}\n+++ {_shown_name('b/', name)}\n",
            *(_group(group, old_lines, new_lines) for group in groups),
        )
    )


def _lines(text: str) -> list[str]:
    """The lines with their newlines; nothing else ends a line."""
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _group(blocks: Sequence[Block], old_lines: Sequence[str], new_lines: Sequence[str]) -> str:
    """One @@ part: blocks close to one another, with the lines around them."""
    first, last = blocks[0], blocks[-1]
    lead = min(CONTEXT_LINES, first.old_start)
    tail = min(CONTEXT_LINES, len(old_lines) - last.old_end)
    old_range = _range(first.old_start - lead, last.old_end + tail)
    new_range = _range(first.new_start - lead, last.new_end + tail)
    parts = [f"@@ -{old_range} +{new_range} @@\n"]
    reached = first.old_start - lead
    for block in blocks:
        parts += (f" {line}" for line in old_lines[reached : block.old_start])
        parts += (f"-{line}" for line in old_lines[block.old_start : block.old_end])
        parts += (f"+{line}" for line in new_lines[block.new_start : block.new_end])
        reached = block.old_end
    parts += (f" {line}" for line in old_lines[reached : reached + tail])
    return "".join(part if part.endswith("\n") else part + _NO_NEWLINE for part in parts)


def _range(start: int, end: int) -> str:
    """Lines start..end (0-based, half open) the way a unified diff counts them."""
    count = end - start
    first = start + 1 if count else start
    return str(first) if count == 1 else f"{first},{count}"


def _shown_name(prefix: str, name: str) -> str:
    """A file name in a diff's header: quoted when it holds what would break the line."""
    shown = prefix + name.lstrip("/")
    if any(char in '"\\' or not char.isprintable() for char in shown):
        raw = shown.encode("utf-8", "surrogateescape")
        return '"' + "".join(_quoted(byte) for byte in raw) + '"'
    return f"{shown}\t" if " " in shown else shown


def _quoted(byte: int) -> str:
    """One byte of a name as git quotes it."""
    if byte in b'"\\':
        return f"\\{chr(byte)}"
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}"
