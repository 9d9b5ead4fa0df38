"""The released DiffusionGemma, known before it is here: where it is, and what it needs."""

from __future__ import annotations

from typing import Any

from diffedit.backends.gemma_sizes import Kind, Need

REPOSITORY = "google/diffusiongemma-26B-A4B-it"
LICENCE = "Apache-2.0"
SIZE = 51_647_557_848
"""Bytes of its weights as released, counted on the released shapes."""


def _need(kind: Kind, weights: int, experts: int, workspace: int) -> Need:
    return Need(
        kind=kind,
        weights=weights,
        experts=experts,
        cache=854_589_440,
        logits=1_073_741_824,
        workspace=workspace,
    )


NEEDS: dict[Kind, Need] = {
    "bf16": _need("bf16", 51_647_557_848, 45_675_970_560, 0),
    "fp8": _need("fp8", 25_928_728_152, 22_902_865_920, 126_877_696),
    "int8": _need("int8", 25_928_728_152, 22_902_865_920, 126_877_696),
    "int4": _need("int4", 15_872_228_952, 12_846_366_720, 126_877_696),
}
"""What each kind of weights needs; a test counts them again on the full-size model."""

CONFIG: dict[str, Any] = {
    "model_type": "diffusion_gemma",
    "canvas_length": 256,
    "image_token_id": 258880,
    "boi_token_id": 255999,
    "eoi_token_id": 258882,
    "tie_word_embeddings": True,
    "text_config": {
        "model_type": "diffusion_gemma_text",
        "vocab_size": 262144,
        "hidden_size": 2816,
        "intermediate_size": 2112,
        "num_hidden_layers": 30,
        "layer_types": (["sliding_attention"] * 5 + ["full_attention"]) * 5,
        "num_attention_heads": 16,
        "num_key_value_heads": 8,
        "head_dim": 256,
        "global_head_dim": 512,
        "num_global_key_value_heads": 2,
        "num_experts": 128,
        "top_k_experts": 8,
        "moe_intermediate_size": 704,
        "sliding_window": 1024,
        "max_position_embeddings": 262144,
        "use_bidirectional_attention": "vision",
        "pad_token_id": 0,
        "eos_token_id": 1,
        "bos_token_id": 2,
    },
    "vision_config": {
        "model_type": "gemma4_vision",
        "hidden_size": 1152,
        "intermediate_size": 4304,
        "num_hidden_layers": 27,
        "num_attention_heads": 16,
        "num_key_value_heads": 16,
        "head_dim": 72,
        "patch_size": 16,
    },
}
"""Its configuration, by its card: what tells shapes. The checkpoint brings its own."""
