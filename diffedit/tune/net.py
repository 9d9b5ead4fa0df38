"""The llama of the box in torch, with low-rank adapters on all its linear layers.

The weights come from the same GGUF reader as the NumPy model's and stay frozen; only the adapters
are trained (LoRA, Hu et al. 2021): y = W x + scale * B A x, with B zero at the start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from diffedit.backends.small_weights import Shape, Weights

PARTS = ("qkv", "out", "gate_up", "down")
"""The four fused products of a layer: each has one adapter."""

SCALE = 2.0
"""What an adapter's product is multiplied with while it is trained; it is saved multiplied."""


@dataclass(frozen=True, slots=True)
class Past:
    """What a prompt leaves behind: keys and values of each layer, and which of them are real."""

    keys: list[Tensor]
    """(rows, kv heads, tokens, features), a layer each."""
    values: list[Tensor]
    real: Tensor
    """(rows, tokens), bool."""

    def pick(self, rows: Tensor) -> Past:
        """These rows, in this order; one may come several times."""
        return Past([k[rows] for k in self.keys], [v[rows] for v in self.values], self.real[rows])


class Adapted(nn.Module):
    """A frozen matrix with a low-rank adapter beside it."""

    weight: Tensor

    def __init__(self, weight: Tensor, rank: int) -> None:
        super().__init__()
        out, into = weight.shape
        self.register_buffer("weight", weight, persistent=False)
        self.a = nn.Parameter(torch.randn(rank, into) * into**-0.5)
        self.b = nn.Parameter(torch.zeros(out, rank))

    def forward(self, x: Tensor) -> Tensor:
        """(..., into) to (..., out)."""
        low = functional.linear(x, self.a.to(x.dtype))
        return functional.linear(x, self.weight) + functional.linear(
            low, self.b.to(x.dtype) * SCALE
        )


class Block(nn.Module):
    """One layer."""

    attention_norm: Tensor
    mlp_norm: Tensor

    def __init__(self, parts: Mapping[str, Tensor], shape: Shape, rank: int) -> None:
        super().__init__()
        self.shape = shape
        self.register_buffer("attention_norm", parts["attention_norm"], persistent=False)
        self.register_buffer("mlp_norm", parts["mlp_norm"], persistent=False)
        self.qkv = Adapted(parts["qkv"], rank)
        self.out = Adapted(parts["out"], rank)
        self.gate_up = Adapted(parts["gate_up"], rank)
        self.down = Adapted(parts["down"], rank)

    def forward(
        self,
        x: Tensor,
        turn: tuple[Tensor, Tensor],
        mask: Tensor,
        past: tuple[Tensor, Tensor] | None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Returns the new x, and the keys and values of its own tokens."""
        shape = self.shape
        rows, tokens, _ = x.shape
        mixed = self.qkv(_norm(x, self.attention_norm, shape.eps))
        mixed = mixed.view(rows, tokens, shape.heads + 2 * shape.kv_heads, shape.head).transpose(
            1, 2
        )
        heads, own = shape.heads, shape.kv_heads
        rotated = _rotate(mixed[:, : heads + own], *turn)
        queries, keys, values = rotated[:, :heads], rotated[:, heads:], mixed[:, heads + own :]
        all_keys, all_values = keys, values
        if past is not None:
            all_keys = torch.cat([past[0], keys], dim=2)
            all_values = torch.cat([past[1], values], dim=2)
        seen = functional.scaled_dot_product_attention(
            queries,
            all_keys.repeat_interleave(heads // own, dim=1),
            all_values.repeat_interleave(heads // own, dim=1),
            attn_mask=mask,
        )
        x = x + self.out(seen.transpose(1, 2).reshape(rows, tokens, shape.width))
        gate, up = self.gate_up(_norm(x, self.mlp_norm, shape.eps)).split(shape.hidden, dim=-1)
        return x + self.down(functional.silu(gate) * up), keys, values


class Net(nn.Module):
    """The whole network. `mask_embedding` is the noise of the mask objective, learned with it."""

    embedding: Tensor
    head: Tensor
    norm: Tensor
    cos: Tensor
    sin: Tensor

    def __init__(self, weights: Weights, rank: int, *, room: int = 2048) -> None:
        super().__init__()
        shape = weights.shape
        self.shape, self.rank = shape, rank
        tied = weights.head is weights.embedding
        self.register_buffer("embedding", torch.from_numpy(weights.embedding), persistent=False)
        head = self.embedding if tied else torch.from_numpy(weights.head)
        self.register_buffer("head", head, persistent=False)
        self.register_buffer("norm", torch.from_numpy(weights.norm), persistent=False)
        self.blocks = nn.ModuleList(
            Block(
                {
                    "attention_norm": torch.from_numpy(layer.attention_norm),
                    "mlp_norm": torch.from_numpy(layer.mlp_norm),
                    **{part: torch.from_numpy(getattr(layer, part)) for part in PARTS},
                },
                shape,
                rank,
            )
            for layer in weights.layers
        )
        self.mask_embedding = nn.Parameter(self.embedding.mean(dim=0).clone())
        speeds = shape.rope_base ** -(torch.arange(shape.head // 2) / (shape.head // 2))
        angles = torch.arange(room)[:, None] * speeds
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def embed(self, ids: Tensor, mask_id: int | None = None) -> Tensor:
        """(rows, tokens) ids to vectors; slots that hold `mask_id` get the learned noise."""
        if mask_id is None:
            return functional.embedding(ids, self.embedding)
        noise = ids == mask_id
        plain = functional.embedding(ids.masked_fill(noise, 0), self.embedding)
        return torch.where(noise[..., None], self.mask_embedding.to(plain.dtype), plain)

    def forward(
        self, x: Tensor, positions: Tensor, mask: Tensor, past: Past | None = None
    ) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Vectors to last hidden states, and the tokens' own keys and values by layer.

        Args:
            x: (rows, tokens, width).
            positions: (rows, tokens), of the tokens in their texts.
            mask: (rows, 1, tokens, past + tokens), bool: what each token may see.
            past: What stands before, if anything.
        """
        turn = (self.cos[positions][:, None].to(x.dtype), self.sin[positions][:, None].to(x.dtype))
        keys, values = [], []
        for number, block in enumerate(self.blocks):
            before = (past.keys[number], past.values[number]) if past else None
            x, own_keys, own_values = block(x, turn, mask, before)
            keys.append(own_keys)
            values.append(own_values)
        return _norm(x, self.norm, self.shape.eps), keys, values

    def scores(self, hidden: Tensor) -> Tensor:
        """Scores of every token after each hidden state."""
        return functional.linear(hidden, self.head)


def causal_mask(real: Tensor, tokens: int) -> Tensor:
    """What `tokens` new tokens see: of the (rows, past) `real` ones all, of themselves the left."""
    rows = real.shape[0]
    own = torch.ones(tokens, tokens, dtype=torch.bool, device=real.device).tril()
    before = real[:, None, None, :].expand(rows, 1, tokens, real.shape[1])
    return torch.cat([before, own.expand(rows, 1, tokens, tokens)], dim=3)


def padded(
    rows: Sequence[Sequence[float]], device: torch.device, kind: torch.dtype = torch.long
) -> Tensor:
    """Rows of unequal length as one (rows, longest), filled up with zeros."""
    longest = max(map(len, rows))
    full = [[*row, *[0] * (longest - len(row))] for row in rows]
    return torch.tensor(full, dtype=kind, device=device)


def _norm(x: Tensor, scale: Tensor, eps: float) -> Tensor:
    return functional.rms_norm(x, (x.shape[-1],), scale, eps)


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions on interleaved pairs of features."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).flatten(-2)
