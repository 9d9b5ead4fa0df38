"""The llama forward pass in NumPy: columns are tokens, a shared prefix is cached, rows branch off.

Activations lie as (features, tokens), so that every product is `weights @ activations` with the
weights as the file stores them: no transposed copy at load, and the fastest of the layouts here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from diffedit.backends.small_weights import Floats, Layer, Shape, Weights

_GROW, _STEP = 64, 16
"""Tails grow by at least so many tokens; picked ones have room for so many more at most."""


@dataclass(slots=True)
class Tail:
    """What each row has after the prefix: keys and values as (layer, row, head, feature, token)."""

    keys: Floats
    values: Floats
    lengths: list[int]

    @classmethod
    def empty(cls, shape: Shape, rows: int, room: int = _GROW) -> Tail:
        """Rows with nothing after the prefix."""
        sizes = (shape.layers, rows, shape.kv_heads, shape.head, room)
        return cls(np.zeros(sizes, np.float32), np.zeros(sizes, np.float32), [0] * rows)

    def make_room(self, tokens: int) -> None:
        """Be able to hold `tokens` in every row."""
        room = self.keys.shape[-1]
        if tokens <= room:
            return
        more = ((0, 0),) * 4 + ((0, max(tokens - room, room, _GROW)),)
        self.keys, self.values = np.pad(self.keys, more), np.pad(self.values, more)

    def pick(self, rows: Sequence[int], lengths: Sequence[int] | None = None) -> Tail:
        """Only these rows, in this order, each as far as its own length or the one given."""
        chosen = list(rows)
        own = [self.lengths[row] for row in chosen] if lengths is None else list(lengths)
        used = max(own, default=0)
        sizes = (
            *self.keys.shape[:1],
            len(chosen),
            *self.keys.shape[2:4],
            used - used % _STEP + _STEP,
        )
        keys, values = np.zeros(sizes, np.float32), np.zeros(sizes, np.float32)
        keys[..., :used] = self.keys[:, chosen, :, :, :used]
        values[..., :used] = self.values[:, chosen, :, :, :used]
        return Tail(keys, values, own)


class Prefix:
    """The tokens that all rows share, with their keys, values and last hidden states."""

    def __init__(self, shape: Shape, room: int) -> None:
        sizes = (shape.layers, 1, shape.kv_heads, shape.head, room)
        self.room = room
        self.ids: list[int] = []
        self.keys = np.zeros(sizes, np.float32)
        self.values = np.zeros(sizes, np.float32)
        self.hidden = np.zeros((shape.width, room), np.float32)

    def rest(self) -> Tail:
        """The unused room, as the tail of a single row: what a prefill writes into."""
        used = len(self.ids)
        return Tail(self.keys[..., used:], self.values[..., used:], [0])


class Llama:
    """The network. Holds the weights and the rotation tables; every cache is the caller's."""

    def __init__(self, weights: Weights, room: int, noise: Floats | None = None) -> None:
        """`noise` is the vector of a slot of noise, whose id is the first past the vocabulary."""
        self.weights = weights
        self.noise = noise
        self.shape = weights.shape
        half = self.shape.head // 2
        speeds = self.shape.rope_base ** -(np.arange(half) / half)
        angles = speeds[:, None] * np.arange(room)[None, :]
        self._cos = np.cos(angles).astype(np.float32)
        self._sin = np.sin(angles).astype(np.float32)

    def hidden(
        self,
        rows: Sequence[Sequence[int]],
        prefix: Prefix,
        tail: Tail,
        *,
        both_ways: bool = False,
    ) -> Floats:
        """Last hidden states of the rows' new tokens, side by side as (width, tokens).

        Their keys and values are written behind each row's tail, whose lengths stay as they are.
        A token sees what stands left of it; `both_ways`: all of its row, and the prefix.
        """
        used = len(prefix.ids)
        tail.make_room(max(n + len(row) for n, row in zip(tail.lengths, rows, strict=True)))
        pass_ = _Pass(self.shape, rows, tail, used, both_ways=both_ways)
        x = self._embed(np.fromiter((token for row in rows for token in row), np.int64))
        turn = (self._cos[:, pass_.positions], self._sin[:, pass_.positions])
        with np.errstate(over="ignore"):
            for number, layer in enumerate(self.weights.layers):
                caches = _Caches(
                    prefix.keys[number, 0, :, :, :used],
                    prefix.values[number, 0, :, :, :used],
                    tail.keys[number],
                    tail.values[number],
                )
                x += self._attend(layer, self._norm(x, layer.attention_norm), (pass_, caches, turn))
                x += self._mlp(layer, self._norm(x, layer.mlp_norm))
        return self._norm(x, self.weights.norm)

    def _embed(self, ids: NDArray[np.int64]) -> Floats:
        if self.noise is None:
            return np.ascontiguousarray(self.weights.embedding[ids].T)
        noised = ids == self.shape.vocabulary
        x = np.ascontiguousarray(self.weights.embedding[np.where(noised, 0, ids)].T)
        x[:, noised] = self.noise[:, None]
        return x

    def logits(self, hidden: Floats, out: Floats) -> Floats:
        """Scores of every token after each hidden state, as (slots, vocabulary), into `out`."""
        return np.matmul(hidden.T, self.weights.head.T, out=out)

    def _norm(self, x: Floats, scale: Floats) -> Floats:
        power = np.einsum("ij,ij->j", x, x)
        power /= np.float32(x.shape[0])
        power += np.float32(self.shape.eps)
        y: Floats = x * (1 / np.sqrt(power))
        y *= scale[:, None]
        return y

    def _mlp(self, layer: Layer, x: Floats) -> Floats:
        both = layer.gate_up @ x
        gate, up = both[: self.shape.hidden], both[self.shape.hidden :]
        up *= gate
        np.negative(gate, out=gate)
        np.exp(gate, out=gate)
        gate += 1
        up /= gate
        down: Floats = layer.down @ up
        return down

    def _attend(
        self, layer: Layer, x: Floats, where: tuple[_Pass, _Caches, tuple[Floats, Floats]]
    ) -> Floats:
        pass_, caches, turn = where
        shape, tokens = self.shape, x.shape[1]
        mixed = (layer.qkv @ x).reshape(-1, shape.head, tokens)
        rotated = _rotate(mixed[: shape.heads + shape.kv_heads], *turn)
        queries = rotated[: shape.heads].reshape(shape.kv_heads, -1, shape.head, tokens)
        queries *= np.float32(shape.head**-0.5)
        pass_.write(caches, rotated[shape.heads :], mixed[shape.heads + shape.kv_heads :])
        seen = pass_.look(caches, queries)
        out: Floats = layer.out @ seen.reshape(shape.width, tokens)
        return out


@dataclass(frozen=True, slots=True)
class _Caches:
    """One layer's: the prefix as (head, feature, token), the tails with rows before that."""

    prefix_keys: Floats
    prefix_values: Floats
    keys: Floats
    values: Floats


class _Pass:
    """Where the columns of one pass belong, and what each of them may see."""

    def __init__(
        self,
        shape: Shape,
        rows: Sequence[Sequence[int]],
        tail: Tail,
        used: int,
        *,
        both_ways: bool = False,
    ) -> None:
        counts = [len(row) for row in rows]
        starts = np.cumsum([0, *counts])
        self.used = used
        self.tokens = int(starts[-1])
        self.columns = [slice(int(a), int(b)) for a, b in pairwise(starts)]
        self.slots = [slice(n, n + c) for n, c in zip(tail.lengths, counts, strict=True)]
        self.tail = max(place.stop for place in self.slots)
        place = np.concatenate([np.arange(s.start, s.stop) for s in self.slots])
        self.positions: NDArray[np.intp] = used + place
        # A slot sees its row's tokens up to itself; what lies further on is another's or stale.
        last = np.repeat([s.stop - 1 for s in self.slots], counts) if both_ways else place
        hidden = np.arange(self.tail)[:, None] > last[None, :]
        self.mask = np.where(hidden, np.float32(-np.inf), np.float32(0))
        self._each = counts[0] if len(set(counts)) == 1 and len(counts) > 1 else 0
        """New tokens of each row, where all have as many: one product for all of them."""
        groups = shape.heads // shape.kv_heads
        self._scores = np.empty((shape.kv_heads, groups, used + self.tail, self.tokens), np.float32)

    def write(self, caches: _Caches, keys: Floats, values: Floats) -> None:
        """Put the new tokens' keys and values behind their rows."""
        for row, (columns, slots) in enumerate(zip(self.columns, self.slots, strict=True)):
            caches.keys[row, :, :, slots] = keys[:, :, columns]
            caches.values[row, :, :, slots] = values[:, :, columns]

    def look(self, caches: _Caches, queries: Floats) -> Floats:
        """Softmax attention over the shared prefix and each row's own tail."""
        scores, used = self._scores, self.used
        if used:
            np.matmul(_turned(caches.prefix_keys), queries, out=scores[:, :, :used])
        keys, values = (own[..., : self.tail] for own in (caches.keys, caches.values))
        if self._each:
            own = np.matmul(keys.swapaxes(2, 3), self._by_row(queries))
            scores[:, :, used:] = self._by_head(own)
        else:
            for row, columns in enumerate(self.columns):
                scores[:, :, used:, columns] = np.matmul(_turned(keys[row]), queries[..., columns])
        scores[:, :, used:] += self.mask
        scores -= scores.max(axis=2, keepdims=True)
        np.exp(scores, out=scores)
        total = scores.sum(axis=2, keepdims=True)
        seen: Floats = np.matmul(caches.prefix_values[:, None], scores[:, :, :used])
        if self._each:
            seen += self._by_head(np.matmul(values, self._by_row(scores[:, :, used:])))
        else:
            for row, columns in enumerate(self.columns):
                part = scores[:, :, used:, columns]
                seen[..., columns] += np.matmul(values[row][:, None], part)
        seen /= total
        return seen

    def _by_row(self, x: Floats) -> Floats:
        """(pair, group, feature, token) of all rows as (row, pair, feature, group and token)."""
        pairs, groups, features, _ = x.shape
        apart = x.reshape(pairs, groups, features, -1, self._each).transpose(3, 0, 2, 1, 4)
        return apart.reshape(-1, pairs, features, groups * self._each)

    def _by_head(self, x: Floats) -> Floats:
        """The way back."""
        rows, pairs, features, _ = x.shape
        apart = x.reshape(rows, pairs, features, -1, self._each).transpose(1, 3, 2, 0, 4)
        return apart.reshape(pairs, -1, features, rows * self._each)


def _turned(keys: Floats) -> Floats:
    """(head, feature, token) as (head, 1, token, feature): a view, which BLAS takes as it is."""
    return keys.transpose(0, 2, 1)[:, None]


def _rotate(x: Floats, cos: Floats, sin: Floats) -> Floats:
    """Rotary positions on interleaved pairs of features."""
    pairs = x.reshape(x.shape[0], -1, 2, x.shape[2])
    even, odd = pairs[:, :, 0], pairs[:, :, 1]
    out = np.empty_like(pairs)
    out[:, :, 0] = even * cos - odd * sin
    out[:, :, 1] = even * sin + odd * cos
    return out.reshape(x.shape)
