"""Where a GGUF file computes: its cache of read tokens, and the one call that decodes.

`llama_decode` cannot be made safe from outside: too long a batch aborts the process, too many
sequences do, and numbers read after the next call are other numbers. So every length is checked
here before it goes to C, and scores are copied before they are handed out.
"""

from __future__ import annotations

import ctypes
import sys
import traceback
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffedit.backends import gguf_library
from diffedit.backends.gguf_model import GgufModel
from diffedit.backends.gguf_options import Flash
from diffedit.backends.gguf_stamp import ROOM_FOR_ROWS
from diffedit.backends.scores import Floats
from diffedit.core.errors import BackendError, ModelError, OutOfMemoryError, TooLongError
from diffedit.engine.backend import Cancelled, Interrupted, never

_FLASH = {"auto": -1, "off": 0, "on": 1}
_FULL, _ABORTED = 1, 2
"""What llama_decode returns where the cache is full, and where the cancel was heard."""
_NODE = 1.5e9
"""Operations of one matrix product that a core does in some 25 ms: a cancel waits for it."""
_TILE = 64
"""From so many tokens on, a core computes attention in tiles, which sums otherwise than a token
alone does: refinement would leave the text of decoding token by token."""
_CELLS = 256
"""llama.cpp rounds the size of a cache up to so many tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How large a context is made."""

    cells: int
    """Tokens that the cache holds, of all rows together."""
    rows: int = 1
    """Sequences side by side."""
    batch: int = 512
    """Tokens that go through the model at once, at most."""
    threads: int = 0
    """0: physical cores less one."""
    flash: Flash = "auto"


def batch_for(model: GgufModel, *, gpu: bool) -> int:
    """Tokens of one pass, so few that a cancel is heard soon: it is heard between two products."""
    if gpu:
        return 512
    inner = model.number("{arch}.feed_forward_length", 4 * model.width)
    largest = 2 * model.width * max(inner, 1)
    return int(min(512, max(32, _NODE / largest // 32 * 32)))


def scored_for(model: GgufModel, *, gpu: bool) -> int:
    """Slots scored in one pass, for the same reason: the vocabulary is the largest product."""
    if gpu:
        return batch_for(model, gpu=gpu)
    most = min(batch_for(model, gpu=gpu), _TILE - 1)
    return int(min(most, max(16, _NODE / (2 * model.width * model.vocabulary))))


def cache_bytes(model: GgufModel, cells: int) -> int:
    """What a cache of so many tokens takes: keys and values of every layer, in half precision."""
    heads = model.number("{arch}.attention.head_count", 1)
    pairs = model.number("{arch}.attention.head_count_kv", heads)
    head = model.width // max(1, heads)
    keys = model.number("{arch}.attention.key_length", head)
    values = model.number("{arch}.attention.value_length", head)
    layers = model.number("{arch}.block_count", 1)
    return 0 if model.kind == "mask" else 2 * cells * layers * pairs * (keys + values)


def memory_of(model: GgufModel, context: int, size: int) -> int:
    """What the model takes: its weights, the cache of the context, the scores of a look."""
    cells = min(context, model.trained_context) + ROOM_FOR_ROWS
    return size + cache_bytes(model, cells) + 2 * 4 * 256 * model.vocabulary


def _asking(held: Callable[[], GgufContext | None]) -> Callable[[object], bool]:
    """What C asks while it computes; a question that fails is answered with no."""

    def ask(_data: object) -> bool:
        context = held()
        try:
            if context is None or not context.cancelled():
                return False
            gguf_library.leaves()
            return True
        except Exception:  # noqa: BLE001 - nothing may be raised through C
            sys.stderr.write(traceback.format_exc())
            return False

    return ask


class GgufContext:
    """Moves: it holds what has been read. One owner, one thread."""

    def __init__(self, model: GgufModel, sizes: Sizes) -> None:
        """Raises OutOfMemoryError or ModelError where it cannot be made."""
        self.model, self.sizes = model, sizes
        self.cancelled: Cancelled = never
        """Asked all the time while the model computes."""
        self._functions = functions = gguf_library.library()
        self._pointer: Any = None
        self._batch: Any = None
        most = functions.llama_max_parallel_sequences()
        if sizes.rows > most:
            raise ModelError(f"{model.name} can have {most} candidates, not {sizes.rows}.")
        self.cells = -(-sizes.cells // _CELLS) * _CELLS
        # The callback must outlive the context that points to it.
        self._abort = functions.ggml_abort_callback(_asking(weakref.ref(self)))
        gguf_library.forget_what_was_said()
        self._pointer = functions.llama_init_from_model(model.pointer, self._params())
        if not self._pointer:
            need = cache_bytes(model, self.cells) / 1e9
            raise OutOfMemoryError(
                f"There is not enough memory for {model.name} with a context of {self.cells:,} "
                f"tokens ({need:.1f} GB for the cache).",
                hint="Give it a smaller one with the option context.",
            )
        self.batch = min(sizes.batch, functions.llama_n_batch(self._pointer))
        if model.kind == "mask":
            self.batch = min(self.batch, functions.llama_n_ubatch(self._pointer))
        self._memory = functions.llama_get_memory(self._pointer)
        self._batch = functions.llama_batch_init(self.batch, 0, 1)
        self._tokens = self._view(self._batch.token, np.int32)
        self._places = self._view(self._batch.pos, np.int32)
        self._wanted = self._view(self._batch.logits, np.int8)
        self._view(self._batch.n_seq_id, np.int32)[:] = 1

    def __del__(self) -> None:
        """Free the cache."""
        if self._batch is not None:
            self._functions.llama_batch_free(self._batch)
            self._batch = None
        if self._pointer:
            self._functions.llama_free(self._pointer)
            self._pointer = None

    def _params(self) -> Any:
        params, sizes = self._functions.llama_context_default_params(), self.sizes
        params.n_ctx = self.cells
        params.n_batch = params.n_ubatch = min(sizes.batch, self.cells)
        params.n_seq_max, params.kv_unified = sizes.rows, True
        params.n_threads = params.n_threads_batch = sizes.threads or gguf_library.usual_threads()
        params.flash_attn_type = _FLASH[sizes.flash]
        params.abort_callback, params.no_perf = self._abort, True
        return params

    def _view(self, pointer: Any, kind: Any) -> NDArray[Any]:
        """An array of C as one of NumPy: filled in microseconds, valid as long as the batch."""
        typed = ctypes.cast(pointer, ctypes.POINTER(np.ctypeslib.as_ctypes_type(kind)))
        return np.ctypeslib.as_array(typed, (self.batch,))

    def decode(
        self,
        ids: Sequence[int],
        places: Sequence[int],
        rows: Sequence[int],
        wanted: Sequence[bool],
    ) -> Floats:
        """One pass: token by token its place in its row; the scores [wanted, vocabulary].

        Raises BackendError for what would end the process, TooLongError where the cache is full,
        and Interrupted where the cancel was heard; the cache may hold a part of the tokens then.
        """
        count = len(ids)
        self._check(ids, places, rows, wanted)
        self._tokens[:count], self._places[:count] = ids, places
        # Without a cache llama.cpp scores every slot anyway, and complains when it is not asked to.
        self._wanted[:count] = wanted if self._memory else 1
        for slot, row in enumerate(rows):
            self._batch.seq_id[slot][0] = row
        self._batch.n_tokens = count
        gguf_library.forget_what_was_said()
        code = self._functions.llama_decode(self._pointer, self._batch)
        if code == _ABORTED:
            gguf_library.forget_what_was_said()
            raise Interrupted
        if code == _FULL:
            raise TooLongError(f"The text outgrew the model's {self.cells:,} tokens.")
        if code:
            why = gguf_library.cause() or f"code {code}"
            raise BackendError(f"{self.model.name} could not compute this: {why}.")
        return self._scores(np.flatnonzero(wanted))

    def _scores(self, wanted: NDArray[np.intp]) -> Floats:
        """The scores of the wanted slots, copied: the next pass writes over them."""
        words = self.model.vocabulary
        found = np.empty((len(wanted), words), np.float32)
        for line, slot in enumerate(wanted):
            pointer = self._functions.llama_get_logits_ith(self._pointer, int(slot))
            if not pointer:
                raise BackendError(f"{self.model.name} gave no scores.")
            found[line] = np.ctypeslib.as_array(pointer, (words,))
        # A number that is none is the largest of its line, for NumPy.
        if not np.isfinite(found.max(axis=1)).all():
            raise ModelError(
                f"{self.model.name} computes no sound numbers: its weights are damaged.",
                hint="Fetch the file again.",
            )
        return found

    def _check(
        self,
        ids: Sequence[int],
        places: Sequence[int],
        rows: Sequence[int],
        wanted: Sequence[bool],
    ) -> None:
        """Refuse what C would answer with an abort. Raises BackendError."""
        if not len(ids) == len(places) == len(rows) == len(wanted):
            raise BackendError("A batch needs one place, one row and one wish a token.")
        if not 0 < len(ids) <= self.batch:
            raise BackendError(f"A batch has 1 to {self.batch} tokens, not {len(ids)}.")
        if min(ids) < 0 or max(ids) >= self.model.vocabulary:
            raise BackendError(f"A token is a number below {self.model.vocabulary:,}.")
        if min(rows) < 0 or max(rows) >= self.sizes.rows:
            raise BackendError(f"A row is a number below {self.sizes.rows}.")
        if min(places) < 0 or max(places) >= self.cells:
            raise TooLongError(f"The text outgrew the model's {self.cells:,} tokens.")

    # The cache ---------------------------------------------------------------------------------

    def forget(self, row: int, place: int = 0) -> bool:
        """Take a row's tokens from a place on out of the cache; False if the model cannot."""
        if not self._memory:
            return True
        return bool(self._functions.llama_memory_seq_rm(self._memory, row, place, -1))

    def branch(self, source: int, target: int, end: int = -1) -> None:
        """Let another row begin with what this one has up to `end`; nothing is copied."""
        self._functions.llama_memory_seq_cp(self._memory, source, target, -1, end)

    def length(self, row: int) -> int:
        """How many tokens a row has."""
        return int(self._functions.llama_memory_seq_pos_max(self._memory, row)) + 1

    def clear(self) -> None:
        """Forget everything."""
        if self._memory:
            data = True
            self._functions.llama_memory_clear(self._memory, data)

    def adapt(self, adapters: Sequence[tuple[Any, float]]) -> None:
        """Compute with these adapters from here on. What has been read must be read again."""
        count = len(adapters)
        pointers = scales = None
        if count:
            kind = self._functions.llama_adapter_lora_p_ctypes
            pointers = (kind * count)(*(adapter for adapter, _ in adapters))
            scales = (ctypes.c_float * count)(*(scale for _, scale in adapters))
        if self._functions.llama_set_adapters_lora(self._pointer, pointers, count, scales):
            raise BackendError(f"{self.model.name} could not take the adapter.")
        self.clear()
