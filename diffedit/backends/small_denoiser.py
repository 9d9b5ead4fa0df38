"""The model in the box as the engine sees it: rows of guesses over one cached prefix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from diffedit.backends.scores import BAND, log_likelihoods, normal, predict, told, ways
from diffedit.backends.small_keep import Keep
from diffedit.backends.small_model import Llama, Prefix, Tail
from diffedit.backends.small_tokenizer import SmallTokenizer
from diffedit.backends.small_weights import Floats
from diffedit.core.errors import BackendError, TooLongError
from diffedit.core.heat import Scored
from diffedit.engine.backend import Cancelled, Noise, Prediction, in_common, never

LOOKED_AT = 64
"""Slots whose scores are held at once."""
_CHUNK = 128
"""Prompt tokens read in one pass: more is hardly faster, and a cancel waits for the pass."""


@dataclass(frozen=True, slots=True)
class _Old:
    """A text that was read whole after the prefix: heads that begin like it need not be."""

    ids: tuple[int, ...]
    tail: Tail
    states: Floats
    """Column n says what follows the first n ids."""


class SmallDenoiser:
    """Moves: it holds the prefix, the rows and what the last pass left behind."""

    noise: Noise = "causal"

    def __init__(self, model: Llama, tokenizer: SmallTokenizer, *, context: int) -> None:
        self.vocabulary = tokenizer.size
        self.canvas_length = 64
        self.context_length = context
        self.end_ids = tokenizer.end_ids
        self.encode = tokenizer.encode
        self.decode = tokenizer.decode
        self._model = model
        self._prefix = Prefix(model.shape, context)
        self._tail = Tail.empty(model.shape, 0)
        self._last: list[Floats] = []
        self._seen: list[Floats] = []
        self._scores = np.empty((0, tokenizer.size), np.float32)
        self.keep: Keep | None = None
        """The old text that rows lean to, if any."""
        self._texts: list[list[int]] = []
        self._canvases: list[list[int]] = []
        self._old: _Old | None = None
        self.passes = 0
        """Forward passes so far, prompts not counted."""
        self.prefilled = 0
        """Prompt tokens read so far, the reused ones not counted."""

    @property
    def room(self) -> int:
        """Tokens that a row may still have after the prefix."""
        return self.context_length - len(self._prefix.ids)

    def prefill(self, ids: Sequence[int], cancelled: Cancelled = never) -> None:
        """Make the prefix exactly `ids`, reusing the longest cached beginning.

        What was read before `cancelled` ended it stays cached.
        """
        if not ids or len(ids) > self.context_length:
            raise TooLongError(
                f"The prompt has {len(ids):,} tokens; 1 to {self.context_length:,} fit."
            )
        self._forget()
        shared = in_common(self._prefix.ids, ids)
        if shared < max(len(ids), len(self._prefix.ids)):
            self._old = None
        del self._prefix.ids[shared:]
        for start in range(shared, len(ids), _CHUNK):
            if cancelled():
                return
            part = list(ids[start : start + _CHUNK])
            hidden = self._model.hidden([part], self._prefix, self._prefix.rest())
            self._prefix.hidden[:, start : start + len(part)] = hidden
            self._prefix.ids += part
            self.prefilled += len(part)

    def forget(self) -> None:
        """Read the whole prompt at the next `prefill`: the weights are others.

        Rows lean to no old text any more either.
        """
        self._prefix.ids.clear()
        self._old = self.keep = None
        self._forget()

    def start(self, rows: int, heads: Sequence[Sequence[int]] = ()) -> list[int]:
        """Branch the prefilled prefix into `rows` candidates; what rows there were is forgotten.

        A head that begins like the text that `changes` read last is not read again. Returns how
        many ids of each head have joined the rows' prefixes.
        """
        self._forget()
        old = self._old
        if old is None or not any(heads):
            self._tail = Tail.empty(self._model.shape, rows)
            self._last = [self._prefix.hidden[:, len(self._prefix.ids) - 1]] * rows
            self._texts = [[] for _ in range(rows)]
            return [0] * rows
        known = [in_common(old.ids, head[:-1]) for head in heads]
        self._tail = old.tail.pick([0] * rows, known)
        self._last = [old.states[:, count] for count in known]
        self._texts = [list(old.ids[:count]) for count in known]
        return known

    def changes(self, ids: Sequence[int], count: int) -> list[tuple[int, ...]]:
        """The likeliest ways to leave this text: its beginning and one other id, likeliest first.

        One look at the whole text finds them all. Forgets the rows there were. Raises
        TooLongError.
        """
        self.start(1)
        states = self._look([ids])[0]
        self._old = _Old(tuple(ids), self._tail, states)
        self._forget()
        parts = range(0, len(ids) + 1, LOOKED_AT)
        lines = (self._score(states[:, at : at + LOOKED_AT]) for at in parts)
        return ways(lines, ids, self.end_ids, count)

    def predict_rows(
        self,
        canvases: Sequence[Sequence[int]],
        temperatures: Sequence[float],
        noise_seeds: Sequence[int],
    ) -> list[Prediction]:
        """Look at every row's canvas once: n guesses give n + 1 predictions."""
        self._canvases = [list(canvas) for canvas in canvases]
        states = self._look(canvases)
        stacked = np.concatenate(states, axis=1)
        scores = self._score(stacked)
        predictions, slot = [], 0
        for row, state in enumerate(states):
            own = scores[slot : slot + state.shape[1]]
            if self.keep is not None:
                self.keep.lean(own, self._texts[row], canvases[row])
            place = len(self._prefix.ids) + self._tail.lengths[row]
            predictions.append(predict(own, temperatures[row], (noise_seeds[row], place)))
            slot += state.shape[1]
        return predictions

    def commit_rows(self, counts: Sequence[int]) -> None:
        """The first counts[r] guesses of the last `predict_rows` join row r's prefix."""
        for row, count in enumerate(counts):
            if not 0 <= count < self._seen[row].shape[1]:
                raise BackendError(f"Row {row} has no {count} guesses to commit.")
            self._last[row] = self._seen[row][:, count]
            self._tail.lengths[row] += count
            self._texts[row] += self._canvases[row][:count]
        self._seen = []

    def keep_rows(self, rows: Sequence[int]) -> None:
        """Only these rows go on, renumbered in this order."""
        self._tail = self._tail.pick(rows)
        self._last = [self._last[row] for row in rows]
        self._texts = [self._texts[row] for row in rows]
        self._seen = []

    def grow(
        self, parents: Sequence[int], ids: Sequence[Sequence[int]], choices: int
    ) -> list[list[tuple[int, float]]]:
        """New row n goes on from old row parents[n] with ids[n], which join its prefix.

        Returns for each new row its likeliest next ids with their log p, in nats. Raises
        TooLongError.
        """
        self._tail = self._tail.pick(parents)
        self._last = [self._last[row] for row in parents]
        self._texts = [[] for _ in parents]
        states = self._look(ids)
        for row, (state, own) in enumerate(zip(states, ids, strict=True)):
            self._last[row] = state[:, len(own)]
            self._tail.lengths[row] += len(own)
        found = list[list[tuple[int, float]]]()
        for line in normal(self._score(np.stack(self._last, axis=1))):
            likely = np.argpartition(line, -choices)[-choices:]
            found.append([(int(token), float(line[token])) for token in likely])
        return found

    def likelihoods(self, rows: Sequence[Sequence[int]]) -> list[float]:
        """Log p of each whole text after the prefix, in nats. Forgets the rows there were."""
        self.start(len(rows))
        states = self._look(rows)
        ids = np.concatenate([np.asarray(row, np.int64) for row in rows])
        ahead = [state[:, : len(row)] for row, state in zip(rows, states, strict=True)]
        hidden, nats = np.concatenate(ahead, axis=1), np.empty(len(ids))
        # The vocabulary's matrix is read once for many slots, whatever rows they are of.
        for at in range(0, len(ids), LOOKED_AT):
            part = slice(at, at + LOOKED_AT)
            nats[part] = log_likelihoods(self._score(hidden[:, part]), ids[part])
        self._forget()
        ends = np.cumsum([len(row) for row in rows])
        return [float(own.sum()) for own in np.split(nats, ends[:-1])]

    def score(self, ids: Sequence[int]) -> tuple[Scored, ...]:
        """How sure the model is of each token after the prefix. Forgets the rows there were."""
        self.start(1)
        state = self._look([ids])[0]
        found, texts = list[Scored](), self.decode(ids)
        for at in range(0, len(ids), BAND):
            part = ids[at : at + BAND]
            found += told(self._score(state[:, at : at + len(part)]), part, self.decode)
        self._forget()
        return tuple(score._replace(text=text) for score, text in zip(found, texts, strict=True))

    def _look(self, canvases: Sequence[Sequence[int]]) -> list[Floats]:
        """One pass: for each row the states of its last settled token and of its guesses."""
        if len(canvases) != len(self._last):
            raise BackendError(f"{len(canvases)} canvases for {len(self._last)} rows.")
        longest = max(n + len(c) for n, c in zip(self._tail.lengths, canvases, strict=True))
        if longest > self.room:
            raise TooLongError(f"The text outgrew the model's {self.context_length:,} tokens.")
        self._seen = [last[:, None] for last in self._last]
        if any(canvases):
            hidden = self._model.hidden(canvases, self._prefix, self._tail)
            ends = np.cumsum([len(canvas) for canvas in canvases])
            parts = np.split(hidden, ends[:-1], axis=1)
            self._seen = [np.hstack(pair) for pair in zip(self._seen, parts, strict=True)]
            self.passes += 1
        return self._seen

    def _score(self, hidden: Floats) -> Floats:
        slots = hidden.shape[1]
        if slots > len(self._scores):
            self._scores = np.empty((slots, self.vocabulary), np.float32)
        return self._model.logits(hidden, out=self._scores[:slots])

    def _forget(self) -> None:
        self._tail = Tail.empty(self._model.shape, 0)
        self._last, self._seen, self._texts = [], [], []
