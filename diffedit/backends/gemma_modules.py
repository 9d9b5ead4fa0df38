"""Modules that take the place of DiffusionGemma's own, with their weights in few bits.

Each has the call of the transformers class that it replaces (`DiffusionGemmaTextExperts`,
`nn.Linear`, `DiffusionGemmaTextScaledWordEmbedding`, and the tied output head), unpacks what it
needs when it is called, a part at a time, and forgets it again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from diffedit.backends.gemma_packed import Format, Packed
from diffedit.backends.gemma_sizes import CHUNK, ROWS


class PackedWeight(nn.Module):
    """A packed matrix, or a stack of them, as two buffers that move with the model."""

    codes: Tensor
    scales: Tensor

    def __init__(self, packed: Packed) -> None:
        super().__init__()
        self.format: Format = packed.format
        self.register_buffer("codes", packed.codes)
        self.register_buffer("scales", packed.scales)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> PackedWeight:  # noqa: FBT001, FBT002 - torch's own call
        """Move, but never change the kind of numbers: `model.to(bfloat16)` is not for codes."""
        for name in ("codes", "scales"):
            buffer: Tensor = getattr(self, name)
            moved = fn(buffer)
            setattr(self, name, moved if moved.dtype == buffer.dtype else buffer.to(moved.device))
        return self

    def rows(self, first: int, last: int, dtype: torch.dtype, device: torch.device) -> Tensor:
        """The stretch [first, last) of the outermost axis, unpacked on a device."""
        codes = self.codes[first:last].to(device, non_blocking=True)
        scales = self.scales[first:last].to(device, non_blocking=True)
        return Packed(self.format, codes, scales).unpacked(dtype)

    def whole(self, dtype: torch.dtype) -> Tensor:
        """All of it, unpacked where it lies."""
        return Packed(self.format, self.codes, self.scales).unpacked(dtype)


class PackedExperts(nn.Module):
    """`DiffusionGemmaTextExperts` with both stacks packed, [E, 2M, H] and [E, H, M].

    They may lie in the host's memory while the model is on a GPU; then each part is sent over as
    it is needed, at every step (see `gemma_memory` for what that costs).
    """

    def __init__(
        self, gate_up: Packed, down: Packed, activation: Callable[[Tensor], Tensor]
    ) -> None:
        super().__init__()
        self.gate_up_proj = PackedWeight(gate_up)
        self.down_proj = PackedWeight(down)
        self.num_experts = gate_up.codes.shape[0]
        self.act_fn = activation
        self.offloaded = False
        """Whether the stacks stay in the host's memory."""

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> PackedExperts:  # noqa: FBT001, FBT002 - torch's own call
        if self.offloaded:
            return self
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return self

    def forward(self, hidden_states: Tensor, top_k_index: Tensor, top_k_weights: Tensor) -> Tensor:
        """[T, H], the experts of each row [T, K] and their weights [T, K] to [T, H]."""
        if hidden_states.is_cuda:
            return self.grouped(hidden_states, top_k_index, top_k_weights)
        return self.one_by_one(hidden_states, top_k_index, top_k_weights)

    def one_by_one(self, states: Tensor, top_k_index: Tensor, top_k_weights: Tensor) -> Tensor:
        """Each expert that is asked, by itself: the least memory, and right for a CPU."""
        total = torch.zeros_like(states)
        for expert in sorted(set(top_k_index.flatten().tolist())):
            row, place = torch.where(top_k_index == expert)
            hidden = functional.linear(states[row], self._one(self.gate_up_proj, expert, states))
            gate, up = hidden.chunk(2, dim=-1)
            down = self._one(self.down_proj, expert, states)
            hidden = functional.linear(self.act_fn(gate) * up, down)
            hidden = hidden * top_k_weights[row, place, None]
            total.index_add_(0, row, hidden.to(total.dtype))
        return total

    @staticmethod
    def _one(weight: PackedWeight, expert: int, like: Tensor) -> Tensor:
        return weight.rows(expert, expert + 1, like.dtype, like.device)[0]

    def grouped(self, states: Tensor, top_k_index: Tensor, top_k_weights: Tensor) -> Tensor:
        """A few experts at a time by torch's grouped product; no shape depends on the routing.

        The rows are sorted by expert, and turned so that a chunk's own come first: a grouped
        product always begins with its first row and leaves those beyond its last group alone.
        """
        count, each = top_k_index.shape
        asked, order = top_k_index.reshape(-1).sort()
        every = torch.arange(count * each, device=states.device)
        experts = torch.arange(self.num_experts, device=states.device)
        ends = torch.searchsorted(asked, experts, right=True)
        rows = states[order // each]
        answers = torch.zeros_like(rows)
        for first in range(0, self.num_experts, CHUNK):
            last = min(first + CHUNK, self.num_experts)
            begin = ends[first - 1] if first else ends.new_zeros(())
            offsets = (ends[first:last] - begin).int()
            turn = (every + begin) % every.shape[0]
            hidden = self._product(rows[turn], self.gate_up_proj, (first, last), offsets)
            gate, up = hidden.chunk(2, dim=-1)
            hidden = self._product(self.act_fn(gate) * up, self.down_proj, (first, last), offsets)
            own = (every < offsets[-1]).unsqueeze(-1)
            answers[turn] = torch.where(own, hidden, answers[turn])
        answers = answers * top_k_weights.reshape(-1)[order].unsqueeze(-1)
        back = torch.empty_like(order)
        back[order] = every
        return answers[back].view(count, each, -1).sum(1).to(states.dtype)

    @staticmethod
    def _product(
        rows: Tensor, weight: PackedWeight, stretch: tuple[int, int], offsets: Tensor
    ) -> Tensor:
        matrices = weight.rows(*stretch, rows.dtype, rows.device).transpose(-2, -1)
        product: Tensor = functional.grouped_mm(rows.contiguous(), matrices, offs=offsets)
        return product


class PackedLinear(nn.Module):
    """`nn.Linear` without bias, its rows packed."""

    def __init__(self, packed: Packed) -> None:
        super().__init__()
        self.matrix = PackedWeight(packed)

    def forward(self, states: Tensor) -> Tensor:
        """[..., in] to [..., out]."""
        return functional.linear(states, self.matrix.whole(states.dtype))


class PackedEmbedding(nn.Module):
    """The embedding: rows looked up, and a matrix to multiply by, unpacked a part at a time."""

    embed_scale: Tensor

    def __init__(self, packed: Packed, scale: float) -> None:
        super().__init__()
        self.matrix = PackedWeight(packed)
        self.scalar_embed_scale = scale
        self.register_buffer("embed_scale", torch.tensor(scale), persistent=False)

    @property
    def weight(self) -> Rows:
        """What stands for the matrix, for who multiplies by it."""
        return Rows(self.matrix, self.embed_scale.dtype)

    def forward(self, input_ids: Tensor) -> Tensor:
        """Ids [...] to embeddings [..., hidden], scaled as Gemma scales them."""
        dtype = self.embed_scale.dtype
        found = Packed(
            self.matrix.format, self.matrix.codes[input_ids], self.matrix.scales[input_ids]
        )
        return found.unpacked(dtype) * self.embed_scale


class PackedHead(nn.Module):
    """The output head: the embedding's rows, each against the last state."""

    def __init__(self, embedding: PackedEmbedding) -> None:
        super().__init__()
        self.embedding = embedding

    @property
    def weight(self) -> Rows:
        """What stands for the matrix."""
        return self.embedding.weight

    def forward(self, states: Tensor) -> Tensor:
        """[..., hidden] to logits [..., vocabulary]."""
        matrix = self.embedding.matrix
        parts = [
            functional.linear(states, matrix.rows(first, first + ROWS, states.dtype, states.device))
            for first in range(0, matrix.codes.shape[0], ROWS)
        ]
        return torch.cat(parts, -1)


class Rows:
    """Stands for an embedding's matrix where transformers multiplies by it.

    DiffusionGemma's self-conditioning computes `matmul(softmax(logits), embed_tokens.weight)`.
    Torch asks an operand that is no tensor what to do (`__torch_function__`): this one unpacks
    some rows at a time and adds up.
    """

    def __init__(self, matrix: PackedWeight, dtype: torch.dtype) -> None:
        self._matrix = matrix
        self.dtype = dtype
        self.device = matrix.codes.device
        self.shape = torch.Size(matrix.codes.shape)

    @classmethod
    def __torch_function__(
        cls,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """`torch.matmul(tensor, rows)`, and nothing else."""
        if func not in (torch.matmul, Tensor.matmul, Tensor.__matmul__) or kwargs:
            return NotImplemented
        left, rows = args
        return rows.times(left) if isinstance(left, Tensor) else NotImplemented

    def times(self, left: Tensor) -> Tensor:
        """[..., vocabulary] times the matrix: [..., hidden], added up in float32."""
        total: Tensor | None = None
        for first in range(0, self.shape[0], ROWS):
            part = self._matrix.rows(first, first + ROWS, left.dtype, left.device)
            product = (left[..., first : first + ROWS] @ part).float()
            total = product if total is None else total.add_(product)
        assert total is not None
        return total.to(left.dtype)
