"""Syntax colours for the lines on screen, and never for the whole file because of one key."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

from diffedit.ui.lexing import ROOT, Stack, Stop, Token, lexer_for, resumable, run

NEVER, PASSED, HELD = 0, 1, 2
"""A line was never read; was read and only its state kept; has its tokens."""

SLACK = 50
"""Lines read past the last one wanted, for what opens on screen and closes below."""
AT_ONCE = 20
"""Lines that a sweep reads before it looks at the clock."""
LOOK_BACK = 200
"""How far above a line its state is looked for before it is guessed."""
LONGEST = 2_000
"""Longer lines stay plain; they are data, and would cost a key's time."""
MOST_HELD = 6_000
"""Lines whose tokens are kept."""
AT_EDGE = re.compile(r"[A-Za-z_@#$<]")
STARTS = re.compile(
    r"(?:@\w|(?:export|pub|public|private|static|async|default)\b|"
    r"(?:def|class|import|from|func|fn|function|struct|enum|impl|interface|type|const|var|let)\b.*)"
)


class Highlighter:
    """Tokens by line, read on from the state at a line's start; an edit costs what it changes."""

    def __init__(self, lines: list[str], language: str) -> None:
        self._lines = lines
        self._lexer = lexer_for(language)
        self._resumes = self._lexer is not None and resumable(self._lexer)
        self._read = bytearray(len(lines))
        self._states: list[Stack | None] = [None] * len(lines)
        self._states[0] = ROOT
        self._tokens: list[tuple[Token, ...]] = [()] * len(lines)
        self._held = 0

    @property
    def active(self) -> bool:
        """Whether there is anything to colour."""
        return self._lexer is not None

    def line(self, row: int) -> tuple[Token, ...]:
        """The tokens of a line, as far as they are known."""
        return self._tokens[row]

    def ensure(self, first: int, last: int) -> None:
        """Read what has not been read of the lines first to last (both in)."""
        if self._lexer is None:
            return
        last = min(last, len(self._lines) - 1)
        row = first
        while row <= last and self._lexer is not None:
            if self._read[row] == HELD:
                row += 1
                continue
            reached = self._lex(self._resume(row), last + 1)[1]
            row = max(reached, row + 1)

    def edited(self, first: int, old_last: int, new_last: int) -> None:
        """Take note that the lines first..old_last became first..new_last."""
        count = new_last - first + 1
        state = self._states[first]
        self._read[first : old_last + 1] = bytes(count)
        self._states[first : old_last + 1] = [None] * count
        self._tokens[first : old_last + 1] = [()] * count
        self._states[first] = state
        if not self._resumes:
            self._read[first:] = bytes(len(self._read) - first)
        elif first and self._states[first - 1] is not None:
            # A rule may have looked over the end of its line.
            self._read[first - 1] = NEVER

    def sweep(self, until: int, seconds: float) -> tuple[bool, int, int]:
        """Read on from the top towards `until`, for a while, so that guesses become knowledge.

        Returns:
            Whether there is more to do, and the first and last row whose colours changed (or -1).
        """
        deadline = time.perf_counter() + seconds
        low, high = -1, -1
        while self._resumes and time.perf_counter() < deadline:
            row = self._read.find(NEVER, 0, min(until, len(self._read)))
            if row < 0:
                return False, low, high
            start = row
            while self._states[start] is None:
                start -= 1
            changed, _ = self._lex(start, start + AT_ONCE, keep=False)
            if changed:
                low = changed[0] if low < 0 else min(low, changed[0])
                high = max(high, changed[-1])
        return self._resumes, low, high

    def _resume(self, row: int) -> int:
        """The nearest line at or above `row` to read from; its state is known, or guessed."""
        floor = max(0, row - LOOK_BACK)
        start = row
        while start > floor and self._states[start] is None:
            start -= 1
        if self._states[start] is None:
            start = self._likely_start(row, floor)
            self._states[start] = ROOT
        return start

    def _likely_start(self, row: int, floor: int) -> int:
        """A line above where a new statement seems to begin, so that no string is open there."""
        edge = -1
        for candidate in range(row, floor - 1, -1):
            line = self._lines[candidate]
            if STARTS.match(line):
                return candidate
            if edge < 0 and AT_EDGE.match(line) and candidate and not self._lines[candidate - 1]:
                edge = candidate
        return edge if edge >= 0 else row

    def _lex(self, start: int, stop: int, *, keep: bool = True) -> tuple[list[int], int]:
        """Read from `start` until `stop`, or until all below is known to be right.

        Returns:
            The rows whose held tokens changed, and the row where reading ended.
        """
        state = self._states[start]
        assert state is not None
        total = len(self._lines)
        chunk = self._lines[start : stop + SLACK]
        text = "\n".join(line if len(line) <= LONGEST else "" for line in chunk) + "\n"
        changed: list[int] = []
        row = start
        for finished, stack in self._run(text, state):
            at_end = row + len(finished) >= start + len(chunk)
            unsure = at_end and row + len(finished) < total
            for number, tokens in enumerate(finished):
                if unsure and row + number >= stop:
                    return changed, row + number
                self._note(row + number, tokens, changed, keep=keep)
                if number:
                    self._states[row + number] = None
            row += len(finished)
            if row >= total:
                break
            settled = stack is not None and stack == self._states[row] and self._read[row]
            if stack is not None and not settled:
                self._states[row] = stack
                self._read[row] = NEVER
            if row >= stop or settled:
                break
        return changed, row

    def _run(self, text: str, state: Stack) -> Iterator[Stop]:
        """Lex; one of five hundred lexers that fails leaves the text plain, and the editor up."""
        assert self._lexer is not None
        try:
            yield from run(self._lexer, text, state)
        except Exception:  # noqa: BLE001 - a lexer may raise anything at a text it did not expect
            self._lexer, self._resumes = None, False

    def _note(self, row: int, tokens: tuple[Token, ...], changed: list[int], *, keep: bool) -> None:
        """Keep what was read of one line."""
        if self._read[row] == HELD:
            if self._tokens[row] != tokens:
                changed.append(row)
                self._tokens[row] = tokens
        elif keep or self._tokens[row]:
            # A line that is on screen with a stale picture gets its new one even from a sweep.
            if self._tokens[row] != tokens:
                changed.append(row)
            self._forget_some()
            self._tokens[row] = tokens
            self._read[row] = HELD
            self._held += 1
        else:
            self._read[row] = PASSED

    def _forget_some(self) -> None:
        """Drop all tokens when too many are held; what is on screen is read again at once."""
        if self._held < MOST_HELD:
            return
        self._read = self._read.replace(bytes([HELD]), bytes([PASSED]))
        self._tokens = [()] * len(self._lines)
        self._held = 0
