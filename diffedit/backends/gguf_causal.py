"""A left-to-right GGUF model as the engine sees it: rows of guesses over one cached prefix.

Row 0 of the cache is the prompt. Candidate r is row r + 1 and begins as a branch of it: the
prompt's tokens are in the cache once, whatever the number of candidates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from diffedit.backends.gguf_context import GgufContext
from diffedit.backends.scores import Floats, log_likelihood, predict, told, ways
from diffedit.backends.small_keep import Keep
from diffedit.core.errors import BackendError, TooLongError
from diffedit.core.heat import Scored
from diffedit.engine.backend import (
    Cancelled,
    Interrupted,
    Noise,
    Prediction,
    in_common,
    never,
)

_PROMPT = 0


class _Pass(NamedTuple):
    """What one pass gave of one row."""

    row: int
    first: int
    """The first of the row's slots that it scores."""
    scores: Floats


class GgufCausal:
    """Moves: it holds the prefix, the rows and what the last pass left behind."""

    noise: Noise = "causal"

    def __init__(self, context: GgufContext, *, length: int, scored: int) -> None:
        """`length`: tokens of prompt and answer; `scored`: slots scored in one pass, at most."""
        model = context.model
        self.vocabulary = model.vocabulary
        self.canvas_length = 64
        self.context_length = length
        self.end_ids = model.end_ids()
        self.encode = model.encode
        self.decode = model.decode
        self._context = context
        self._scored = max(1, min(scored, context.batch))
        self._prefix: list[int] = []
        self._end = np.empty((0, self.vocabulary), np.float32)
        self._free = list(range(1, context.sizes.rows))
        self._rows: list[int] = []
        self._lengths: list[int] = []
        self._last: list[Floats] = []
        self._seen: list[Floats] = []
        self._texts: list[list[int]] = []
        self._canvases: list[list[int]] = []
        self._old: tuple[int, tuple[int, ...]] | None = None
        self.keep: Keep | None = None
        """The old text that rows lean to, if any."""
        self.passes = 0
        """Forward passes so far, prompts not counted."""
        self.prefilled = 0
        """Prompt tokens read so far, the reused ones not counted."""

    @property
    def most_rows(self) -> int:
        """Candidates that the cache was made for."""
        return self._context.sizes.rows - 1

    @property
    def room(self) -> int:
        """Tokens that a row may still have after the prefix."""
        return self.context_length - len(self._prefix)

    def reset(self) -> None:
        """Forget what has been read, as after a change of adapters."""
        self._forget()
        self._drop_old()
        self._prefix, self._end = [], self._end[:0]
        self._context.clear()

    def prefill(self, ids: Sequence[int], cancelled: Cancelled = never) -> None:
        """Make the prefix exactly `ids`, reusing the longest cached beginning."""
        if not ids or len(ids) > self.context_length:
            raise TooLongError(
                f"The prompt has {len(ids):,} tokens; 1 to {self.context_length:,} fit."
            )
        self._forget()
        shared = in_common(self._prefix, ids)
        if shared < max(len(ids), len(self._prefix)):
            self._drop_old()
        if shared == len(ids) and not (shared == len(self._prefix) and len(self._end)):
            # The scores after the last token are not kept for every place, so it is read again.
            shared -= 1
        if shared < len(self._prefix):
            self._cut(_PROMPT, shared)
            del self._prefix[shared:]
            self._end = self._end[:0]
        try:
            self._read(ids, shared, cancelled)
        except Interrupted:
            self._cut(_PROMPT, len(self._prefix))
            raise

    def _read(self, ids: Sequence[int], start: int, cancelled: Cancelled) -> None:
        for at in range(start, len(ids), self._context.batch):
            if cancelled():
                return
            part = list(ids[at : at + self._context.batch])
            last = [False] * (len(part) - 1) + [True]
            places = range(at, at + len(part))
            self._end = self._context.decode(part, places, [_PROMPT] * len(part), last)
            self._prefix += part
            self.prefilled += len(part)

    def start(self, rows: int, heads: Sequence[Sequence[int]] = ()) -> list[int]:
        """Branch the prefilled prefix into `rows` candidates; what rows there were is forgotten.

        A head that begins like the text that `changes` read last is not read again. Returns how
        many ids of each head have joined the rows' prefixes.
        """
        if rows > self.most_rows - (self._old is not None):
            self._drop_old()
        if rows > self.most_rows:
            raise BackendError(f"{rows} candidates do not fit; {self.most_rows} do.")
        self._forget()
        if not self._prefix or not len(self._end):
            raise BackendError("A row needs a prompt to go on from.")
        source, ids = self._old or (_PROMPT, ())
        known = [in_common(ids, head[:-1]) for head in heads] or [0] * rows
        self._rows, self._free = self._free[:rows], self._free[rows:]
        self._lengths = list(known)
        # What comes after the known part of a head is known as well: only a row without one asks.
        self._last = [self._end] * rows
        self._texts = [list(ids[:count]) for count in known]
        for row, count in zip(self._rows, known, strict=True):
            self._context.branch(source, row, len(self._prefix) + count)
        return known

    def changes(self, ids: Sequence[int], count: int) -> list[tuple[int, ...]]:
        """The likeliest ways to leave this text: its beginning and one other id, likeliest first.

        One look at the whole text finds them all, and the text stays in the cache for `start`.
        Forgets the rows there were. Raises TooLongError.
        """
        self._drop_old()
        self.start(1)
        looked = (seen.scores for seen in self._look([ids]))
        found = ways(chain([self._end.copy()], looked), ids, self.end_ids, count)
        self._old = (self._rows.pop(), tuple(ids))
        self._forget()
        return found

    def predict_rows(
        self,
        canvases: Sequence[Sequence[int]],
        temperatures: Sequence[float],
        noise_seeds: Sequence[int],
    ) -> list[Prediction]:
        """Look at every row's canvas once: n guesses give n + 1 predictions."""
        self._canvases = [list(canvas) for canvas in canvases]
        parts = [[last] for last in self._last]
        for seen in self._look(canvases):
            parts[seen.row].append(seen.scores)
        self._seen = [np.concatenate(part) for part in parts]
        predictions = []
        for row, scores in enumerate(self._seen):
            own = scores.copy()
            if self.keep is not None:
                self.keep.lean(own, self._texts[row], canvases[row])
            noise = (noise_seeds[row], len(self._prefix) + self._lengths[row])
            predictions.append(predict(own, temperatures[row], noise))
        return predictions

    def commit_rows(self, counts: Sequence[int]) -> None:
        """The first counts[r] guesses of the last `predict_rows` join row r's prefix."""
        for row, count in enumerate(counts):
            if not 0 <= count < len(self._seen[row]):
                raise BackendError(f"Row {row} has no {count} guesses to commit.")
            self._last[row] = self._seen[row][count : count + 1].copy()
            self._lengths[row] += count
            self._texts[row] += self._canvases[row][:count]
            self._cut(self._rows[row], len(self._prefix) + self._lengths[row])
        self._seen = []

    def keep_rows(self, rows: Sequence[int]) -> None:
        """Only these rows go on, renumbered in this order."""
        for number, row in enumerate(self._rows):
            if number not in rows:
                self._cut(row, 0)
                self._free.append(row)
        self._rows = [self._rows[number] for number in rows]
        self._lengths = [self._lengths[number] for number in rows]
        self._texts = [self._texts[number] for number in rows]
        self._last = [self._last[number] for number in rows]
        self._seen = []

    def likelihoods(self, rows: Sequence[Sequence[int]]) -> list[float]:
        """Log p of each whole text after the prefix, in nats. Forgets the rows there were."""
        found: list[float] = []
        for at in range(0, len(rows), max(1, self.most_rows)):
            found += self._likelihoods(rows[at : at + self.most_rows])
        return found

    def _likelihoods(self, rows: Sequence[Sequence[int]]) -> list[float]:
        self.start(len(rows))
        found = [log_likelihood(self._end.copy(), np.asarray(row[:1])) for row in rows]
        for seen in self._look([row[:-1] for row in rows]):
            ids = rows[seen.row][seen.first : seen.first + len(seen.scores)]
            found[seen.row] += log_likelihood(seen.scores, np.asarray(ids))
        self._forget()
        return found

    def score(self, ids: Sequence[int]) -> tuple[Scored, ...]:
        """How sure the model is of each token after the prefix. Forgets the rows there were."""
        if not ids:
            return ()
        self.start(1)
        found = told(self._end.copy(), ids[:1], self.decode)
        for seen in self._look([ids[:-1]]):
            part = ids[seen.first : seen.first + len(seen.scores)]
            found += told(seen.scores, part, self.decode)
        self._forget()
        texts = self.decode(ids)
        return tuple(score._replace(text=text) for score, text in zip(found, texts, strict=True))

    def _look(self, canvases: Sequence[Sequence[int]]) -> Iterator[_Pass]:
        """All canvases through the model, in as few passes as there may be.

        The pass gives scores for the slots after each guess: the first of them is slot 1.
        """
        if len(canvases) != len(self._rows):
            raise BackendError(f"{len(canvases)} canvases for {len(self._rows)} rows.")
        longest = max(n + len(c) for n, c in zip(self._lengths, canvases, strict=True))
        used = sum(self._lengths) + sum(map(len, canvases))
        used += len(self._old[1]) if self._old else 0
        if longest > self.room or len(self._prefix) + used > self._context.cells:
            raise TooLongError(f"The text outgrew the model's {self.context_length:,} tokens.")
        queue = [
            (number, slot, token)
            for number, canvas in enumerate(canvases)
            for slot, token in enumerate(canvas)
        ]
        for at in range(0, len(queue), self._scored):
            part = queue[at : at + self._scored]
            begun = [len(self._prefix) + self._lengths[number] for number, _, _ in part]
            scores = self._context.decode(
                [token for _, _, token in part],
                [start + slot for start, (_, slot, _) in zip(begun, part, strict=True)],
                [self._rows[number] for number, _, _ in part],
                [True] * len(part),
            )
            self.passes += 1
            yield from _apart(part, scores)

    def _cut(self, row: int, place: int) -> None:
        if not self._context.forget(row, place):
            raise BackendError(f"{self._context.model.name} cannot take back what it has read.")

    def _forget(self) -> None:
        for row in self._rows:
            self._cut(row, 0)
        self._free = sorted([*self._free, *self._rows])
        self._rows, self._lengths, self._last, self._seen = [], [], [], []
        self._texts = []

    def _drop_old(self) -> None:
        """Let go of the text that was read whole."""
        if self._old is not None:
            row, self._old = self._old[0], None
            self._cut(row, 0)
            self._free = sorted([*self._free, row])


def _apart(part: Sequence[tuple[int, int, int]], scores: Floats) -> Iterator[_Pass]:
    """The scores of one pass, row by row."""
    at = 0
    while at < len(part):
        row, first, _ = part[at]
        end = at
        while end < len(part) and part[end][0] == row:
            end += 1
        yield _Pass(row, first + 1, scores[at:end])
        at = end
