"""The prompt's keys and values, kept in preallocated buffers that can be wound back.

transformers' own caches cannot go back once a sliding window has moved on, so that another
instruction for the same place would read the whole prompt again. Here a sliding layer keeps some
thousand tokens more than its window shows, and going back is a change of one number.

Shapes: a buffer is [1, heads, room, width]; slot 0 holds the token at position `base`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from transformers.cache_utils import Cache, CacheLayerMixin

_STEP = 256
"""A buffer grows by whole steps of so many tokens."""


Own = tuple[torch.Tensor, torch.Tensor]
"""Keys and values of one layer that are a row's own, as far back as the layer sees."""


class KeptLayer(CacheLayerMixin):  # type: ignore[misc] # transformers is Any to the type check
    """One layer's keys and values. `keys` and `values` are the part that a canvas may see."""

    is_compileable = False
    is_croppable = True

    def __init__(self, window: int | None, slack: int) -> None:
        """`window`: tokens that a sliding layer sees; None: all. `slack`: tokens kept besides."""
        super().__init__()
        self.window = window
        self.is_sliding = window is not None
        self._seen = None if window is None else window - 1
        self._most = None if window is None else window - 1 + slack
        self._base = self._length = 0
        self._store: tuple[torch.Tensor, torch.Tensor] | None = None

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Make the buffers, in the kind of the first keys and values."""
        self._store = (_empty(key_states, _STEP), _empty(value_states, _STEP))
        self.is_initialized = True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Add tokens; gives all that these tokens may look at, themselves included."""
        if self._store is None:
            self.lazy_initialization(key_states, value_states)
        count = key_states.shape[-2]
        self._make_room(count)
        assert self._store is not None
        at = self._length - self._base
        for store, states in zip(self._store, (key_states, value_states), strict=True):
            store[:, :, at : at + count] = states
        first = 0 if self._seen is None else max(0, self._length - self._seen)
        self._length += count
        self._show()
        return self._part(first)

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """How many keys so many new tokens would look at, and the position of the first one."""
        seen = self._length if self._seen is None else min(self._length, self._seen)
        return seen + query_length, self._length - seen

    def get_seq_length(self) -> int:
        """Tokens read so far, those no longer kept included."""
        return self._length

    def get_max_length(self) -> int:
        """There is none."""
        return -1

    def reset(self) -> None:
        """Forget all tokens; the buffers stay."""
        self._base = self._length = 0
        self._show()

    def can_rewind(self, length: int) -> bool:
        """Whether all that a token at this position may look at is still there."""
        if self._base == 0 or length == 0:
            return True
        return self._seen is not None and length - self._seen >= self._base

    def rewind(self, length: int) -> None:
        """Go back to so many tokens."""
        self._length = length
        if length == 0:
            self._base = 0
        self._show()

    def branch(self, own: Own | None, tokens: int) -> KeptLayer:
        """A layer by itself that sees what this one sees, and after that a row's own.

        `tokens`: how many the row has of its own, those that a window has let go of included.
        """
        made = KeptLayer(self.window, 0)
        before = self._seen_before(own)
        keys, values = (
            torch.cat(parts, dim=-2) for parts in zip(before, *([own] if own else []), strict=True)
        )
        made._base = made._length = self._length + tokens - keys.shape[-2]
        made.update(keys, values)
        return made

    def joined(self, owns: Sequence[torch.Tensor], *, values: bool) -> torch.Tensor:
        """Keys, or values, that each of several rows sees: the same of this layer, then its own."""
        own = torch.cat(list(owns))
        before = self._seen_before((own, own))[values]
        return torch.cat([before.expand(len(owns), -1, -1, -1), own], dim=-2)

    def _seen_before(self, own: Own | None) -> Own:
        """What of this layer is seen where a row has something of its own after it."""
        assert self.keys is not None
        first = 0
        if self._seen is not None and own is not None:
            first = max(0, self.keys.shape[-2] + own[0].shape[-2] - self._seen)
        return self.keys[:, :, first:], self.values[:, :, first:]

    def _part(self, first: int) -> tuple[torch.Tensor, torch.Tensor]:
        assert self._store is not None
        part = slice(first - self._base, self._length - self._base)
        return self._store[0][:, :, part], self._store[1][:, :, part]

    def _show(self) -> None:
        if self._store is not None:
            first = 0 if self._seen is None else max(0, self._length - self._seen)
            self.keys, self.values = self._part(first)

    def _make_room(self, count: int) -> None:
        """Grow; at its limit a sliding layer lets go of the tokens furthest back."""
        assert self._store is not None
        room = self._store[0].shape[-2]
        used = self._length - self._base
        if used + count <= room:
            return
        wanted = _whole(max(used + count, 2 * room if self._most is None else used + count))
        keep = used
        if self._most is not None and wanted > _whole(self._most):
            assert self._seen is not None
            wanted = _whole(max(self._most, self._seen + count))
            keep = min(used, max(self._seen, wanted - count - _STEP))
        old = self._store
        if wanted != room:
            self._store = (_empty(old[0], wanted), _empty(old[1], wanted))
        for store, was in zip(self._store, old, strict=True):
            store[:, :, :keep] = was[:, :, used - keep : used].clone()
        self._base += used - keep


class Shown:
    """The prefix as the decoder sees it for one canvas, or for several rows of them.

    The decoder puts the canvas's keys behind these by itself and writes nothing back.
    """

    is_compileable = False

    def __init__(self, cache: Cache, *, rows: int = 1) -> None:
        self.layers = [
            _Pair(layer.keys.expand(rows, -1, -1, -1), layer.values.expand(rows, -1, -1, -1))
            for layer in cache.layers
        ]
        self.masks: dict[str, torch.Tensor | None] = dict.fromkeys(KINDS)
        """What each kind of layer may look at; None: all there is."""

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """As a cache has it."""
        return int(self.layers[layer_idx].keys.shape[-2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """What a row has committed after the prefix that it shares with others."""

    tokens: int
    layers: tuple[Own, ...]


def branched(cache: Cache, tail: Tail | None) -> Cache:
    """A cache of its own that goes on from the prefix and a row's tail; the prefix stays."""
    layers = [cast("KeptLayer", layer) for layer in cache.layers]
    if tail is None:
        return Cache(layers=[layer.branch(None, 0) for layer in layers])
    pairs = zip(layers, tail.layers, strict=True)
    return Cache(layers=[layer.branch(own, tail.tokens) for layer, own in pairs])


def tail_of(branch: Cache, tokens: int) -> Tail:
    """The last `tokens` of a branch."""
    owns = [
        (layer.keys[:, :, -tokens:].clone(), layer.values[:, :, -tokens:].clone())
        for layer in branch.layers
    ]
    return Tail(tokens=tokens, layers=tuple(owns))


class ShownRows:
    """As Shown, where each row has a tail of its own; they are joined a layer at a time.

    Joined for good they would take the prefix once more for each row.
    """

    is_compileable = False

    def __init__(self, cache: Cache, tails: Sequence[Tail]) -> None:
        """All tails have as many tokens."""
        self.layers = [
            _Joined(cast("KeptLayer", layer), [tail.layers[number] for tail in tails])
            for number, layer in enumerate(cache.layers)
        ]


class _Joined:
    """One layer's keys and values, made when they are asked for."""

    def __init__(self, layer: KeptLayer, owns: Sequence[Own]) -> None:
        self._layer, self._owns = layer, owns

    @property
    def keys(self) -> torch.Tensor:
        """[rows, heads, seen, width]."""
        return self._layer.joined([keys for keys, _ in self._owns], values=False)

    @property
    def values(self) -> torch.Tensor:
        """As `keys`."""
        return self._layer.joined([values for _, values in self._owns], values=True)


def padded(cache: Cache, *, canvas: int, context: int) -> Shown:
    """The prefix in buffers of one size, whatever its length, and masks that hide the rest.

    A compiled decoder is compiled once then, and not for every length of a prompt.
    """
    shown = Shown(cache)
    for number, layer in enumerate(cache.layers):
        keys, values = layer.keys, layer.values
        used = keys.shape[-2]
        room = _whole(context if layer.window is None else min(layer.window - 1, context))
        wide = (_empty(keys, room), _empty(values, room))
        for target, part in zip(wide, (keys, values), strict=True):
            target[:, :, :used] = part
        shown.layers[number] = _Pair(*wide)
        kind = KINDS[0 if layer.window is None else 1]
        if shown.masks[kind] is None:
            seen = torch.arange(room + canvas, device=keys.device)
            seen = (seen < used) | (seen >= room)
            shown.masks[kind] = seen.expand(1, 1, canvas, -1)
    return shown


KINDS = ("full_attention", "sliding_attention")


class _Pair:
    """One layer's keys and values."""

    def __init__(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        self.keys, self.values = keys, values


def new_cache(config: Any, slack: int) -> Cache:
    """An empty cache for a DiffusionGemmaTextConfig."""
    return Cache(
        layers=[
            KeptLayer(config.sliding_window if kind == "sliding_attention" else None, slack)
            for kind in config.layer_types
        ]
    )


def can_rewind(cache: Cache, length: int) -> bool:
    """Whether every layer can go back to so many tokens."""
    return all(cast("KeptLayer", layer).can_rewind(length) for layer in cache.layers)


def rewind(cache: Cache, length: int) -> None:
    """Go back to so many tokens in every layer."""
    for layer in cache.layers:
        cast("KeptLayer", layer).rewind(length)


def _whole(tokens: int) -> int:
    return -(-tokens // _STEP) * _STEP


def _empty(like: torch.Tensor, room: int) -> torch.Tensor:
    """Zeros, since a padded slot that is masked out must still be a number."""
    return like.new_zeros((like.shape[0], like.shape[1], room, like.shape[3]))
