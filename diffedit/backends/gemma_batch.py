"""Several canvases of DiffusionGemma in one pass: candidates over one prefix.

A step is one pass of the decoder over the canvases of all rows, which look at the same cached
prompt; then the vocabulary, a row at a time: its logits, its samples, and what the next step is to
remember of it. So no more logits than one canvas's are ever in memory, however many rows there
are. A row that has stopped is not in the next pass.

The law: a row of a batch is what its seed gives alone, up to floating-point rounding. Noise,
samples, acceptance and memory are each row's own, but a matrix product of more rows may be added
up in another order, and a token that hangs on the last bit may then fall the other way. The same
batch gives the same answers every time.

A canvas that a row commits is its own: its keys and values lie beside the prompt's, which all rows
share, and are joined with them a layer at a time.

A pass takes memory for each row as well, the more the longer the prompt is: as many rows go at
once as fit, with what they may commit, into the room of one canvas's logits, which are made after
it, and what the prompt leaves of the cache: both are in the account of `gemma_sizes`. Where more
was free after the load, that is taken. The others come after them.

A batch runs without `torch.compile`, whose graphs are for one shape, and each step is read before
the next is set off, since who takes part in it depends on that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from diffedit.backends import gemma_memory
from diffedit.backends.gemma_cache import Tail
from diffedit.backends.gemma_row import GemmaRow
from diffedit.backends.gemma_sizes import cache_bytes, logits_bytes
from diffedit.engine.backend import Seen
from diffedit.engine.canvas import Canvas, Fresh

if TYPE_CHECKING:
    from diffedit.backends.gemma_denoiser import GemmaDenoiser


MOST = 8
"""Rows of one pass: a cancel waits for all of them."""


def room_of(config: Any, device: torch.device, context: int) -> int:
    """Bytes that a pass may take once the model is loaded: its logits' own, or what is free."""
    if device.type == "cuda":
        free = torch.cuda.mem_get_info(device)[0] - gemma_memory.RESERVE
    else:
        free = gemma_memory.machine().host_free - gemma_memory.HOST_RESERVE
    told = config.to_dict()
    return max(logits_bytes(told), free - cache_bytes(told["text_config"], context))


class GemmaBatch:
    """Moves: the rows, each with its canvas and its noise."""

    def __init__(self, denoiser: GemmaDenoiser, room: int) -> None:
        """`room`: bytes that a pass may take."""
        self.denoiser = denoiser
        self._room = room
        self._rows: list[GemmaRow] = []
        self._soft: list[torch.Tensor | None] = []
        """Of each row what its last step remembers, [1, slots, hidden]."""
        self._tails: list[Tail | None] = []
        """Of each row the canvases that it has committed."""

    def begin(self, seeds: Sequence[int]) -> list[Fresh]:
        """A row a seed; gives where each one's noise comes from."""
        denoiser = self.denoiser
        self._rows = [GemmaRow(denoiser.vocabulary, denoiser.device) for _ in seeds]
        self._soft, self._tails = [None] * len(seeds), [None] * len(seeds)
        for row, seed in zip(self._rows, seeds, strict=True):
            row.seed(seed)
        return [row.fresh for row in self._rows]

    def most(self, own: int) -> int:
        """How many rows have the memory for a pass each of which has committed `own` tokens."""
        return max(1, min(MOST, self.denoiser.rows_in(self._room, own)))

    def restart(self) -> None:
        """No row has committed anything."""
        self._tails = [None] * len(self._rows)

    def place(self, row: int, canvas: Canvas) -> None:
        """This row begins with this canvas, as `GemmaDenoiser.place`."""
        sure = self._rows[row].place(canvas)
        with torch.inference_mode():
            self._soft[row] = self._softened(self.denoiser.remembered(sure)) if sure else None

    def step(
        self, rows: Sequence[int], temperatures: Sequence[float], entropy_bound: float
    ) -> list[Seen]:
        """One step of these rows, in one pass."""
        with torch.inference_mode():
            canvases = torch.cat([self._rows[row].canvas for row in rows])
            hidden = self.denoiser.states(canvases, self._memory(rows), self._own(rows))
            readings = []
            for place, (row, warmth) in enumerate(zip(rows, temperatures, strict=True)):
                own = self._rows[row]
                logits = own.cooled(self.denoiser.head(hidden[place : place + 1]), warmth)
                readings.append(own.accept(logits, entropy_bound))
                memory = logits.to(self.denoiser.embedding.dtype)
                del logits
                self._soft[row] = self._softened(memory)
            return [read() for read in readings]

    def commit(self, row: int, ids: Sequence[int]) -> None:
        """A finished canvas of this row joins what it has of its own."""
        self._tails[row] = self.denoiser.branch(ids, self._tails[row])

    def drop(self, row: int) -> None:
        """This row is done."""
        self._soft[row] = self._tails[row] = None

    def _own(self, rows: Sequence[int]) -> list[Tail]:
        """What these rows have committed; none of them has before its second canvas."""
        return [tail for row in rows if (tail := self._tails[row]) is not None]

    def _memory(self, rows: Sequence[int]) -> Soft | None:
        """What these rows remember, for one pass; None: it is the first step of all."""
        kept = [self._soft[row] for row in rows]
        some = next((soft for soft in kept if soft is not None), None)
        if some is None:
            return None
        return Soft(torch.cat([torch.zeros_like(some) if soft is None else soft for soft in kept]))

    def _softened(self, memory: torch.Tensor) -> torch.Tensor:
        """Logits [1, slots, vocabulary] as the decoder takes them in: [1, slots, hidden]."""
        matrix = self.denoiser.embedding
        chances = memory.softmax(dim=-1, dtype=torch.float32).to(matrix.dtype)
        return torch.matmul(chances, matrix)


class Soft:
    """Stands for the last step's logits where the decoder multiplies their softmax by a matrix.

    DiffusionGemma's self-conditioning computes `matmul(logits.softmax(...).to(...), matrix)`. That
    product was made at the end of the step before, a row at a time: here it is handed over.
    """

    def __init__(self, product: torch.Tensor) -> None:
        self._product = product

    def softmax(self, *_args: Any, **_words: Any) -> Soft:
        """It was taken."""
        return self

    def to(self, *_args: Any, **_words: Any) -> Soft:
        """It is of the right kind."""
        return self

    @classmethod
    def __torch_function__(
        cls, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        """`torch.matmul(soft, matrix)`, and nothing else."""
        if func is not torch.matmul or kwargs or not isinstance(args[0], Soft):
            return NotImplemented
        return args[0]._product  # noqa: SLF001 - its own class
