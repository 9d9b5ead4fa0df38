"""Tiny random GGUF files of each architecture that llama.cpp is tried with, and adapters."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import tiny_gguf
from numpy.typing import NDArray

LAYERS, WIDTH, HEADS, HIDDEN, EXPERTS, EXPERT = 2, 64, 4, 96, 4, 32
HEAD = WIDTH // HEADS
MASK = "<|mask|>"
FIM = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")
CAUSAL = ("llama", "qwen2", "qwen3", "gemma")
DIFFUSION = ("dream", "llada", "llada-moe", "rnd1")
NORMED = ("qwen3", "llada-moe", "rnd1")
EXPERTED = ("llada-moe", "rnd1")

Array = NDArray[np.float32]


def write(
    path: Path,
    architecture: str = "llama",
    *,
    shifted: bool | None = None,
    template: str = "",
    fim: bool = False,
    seed: int = 7,
) -> Path:
    """Write a model whose next token is nobody's guess, but always the same."""
    writer = gguf.GGUFWriter(path, architecture)
    _describe(writer, architecture)
    markers = (*tiny_gguf.MARKERS, *([MASK] if architecture in DIFFUSION else FIM if fim else ()))
    vocabulary = tiny_gguf.add_vocabulary(writer, markers)
    writer.add_eos_token_id(0)
    writer.add_eot_token_id(2)
    writer.add_add_bos_token(value=False)
    if architecture in DIFFUSION:
        writer.add_mask_token_id(markers.index(MASK))
    if shifted is not None:
        writer.add_bool("diffusion.shift_logits", shifted)
    if template:
        writer.add_chat_template(template)
    for name, values in weights(architecture, vocabulary, seed).items():
        writer.add_tensor(name, values)
    _close(writer)
    return path


def weights(architecture: str, vocabulary: int, seed: int) -> dict[str, Array]:
    """The tensors that the architecture asks for, by their GGUF names."""
    random = np.random.default_rng(seed)

    def matrix(*shape: int) -> Array:
        values = random.standard_normal(shape, np.float32)
        return np.asarray(values * np.float32(2 * shape[-1] ** -0.5), np.float32)

    def scale(size: int) -> Array:
        return (1 + 0.1 * random.standard_normal(size)).astype(np.float32)

    found = {
        "token_embd.weight": matrix(vocabulary, WIDTH),
        "output_norm.weight": scale(WIDTH),
    }
    if architecture != "gemma":
        found["output.weight"] = matrix(vocabulary, WIDTH)
    for number in range(LAYERS):
        layer = {
            "attn_norm": scale(WIDTH),
            "attn_q": matrix(WIDTH, WIDTH),
            "attn_k": matrix(WIDTH, WIDTH),
            "attn_v": matrix(WIDTH, WIDTH),
            "attn_output": matrix(WIDTH, WIDTH),
            "ffn_norm": scale(WIDTH),
        }
        if architecture in NORMED:
            layer |= {"attn_q_norm": scale(HEAD), "attn_k_norm": scale(HEAD)}
        if architecture in EXPERTED:
            layer |= {
                "ffn_gate_inp": matrix(EXPERTS, WIDTH),
                "ffn_gate_exps": matrix(EXPERTS, EXPERT, WIDTH),
                "ffn_up_exps": matrix(EXPERTS, EXPERT, WIDTH),
                "ffn_down_exps": matrix(EXPERTS, WIDTH, EXPERT),
            }
        else:
            layer |= {
                "ffn_gate": matrix(HIDDEN, WIDTH),
                "ffn_up": matrix(HIDDEN, WIDTH),
                "ffn_down": matrix(WIDTH, HIDDEN),
            }
        found |= {f"blk.{number}.{name}.weight": values for name, values in layer.items()}
    return found


def adapter(path: Path, architecture: str = "llama", *, seed: int = 3, size: float = 0.5) -> Path:
    """A LoRA adapter of rank 4 on the queries and the values."""
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 8.0)
    random = np.random.default_rng(seed)
    for number in range(LAYERS):
        for name in ("attn_q", "attn_v"):
            for half, shape in (("a", (4, WIDTH)), ("b", (WIDTH, 4))):
                values = size * random.standard_normal(shape, np.float32)
                writer.add_tensor(f"blk.{number}.{name}.weight.lora_{half}", values)
    _close(writer)
    return path


def unknown(path: Path, architecture: str = "diffusion-gemma") -> Path:
    """A sound file of an architecture that llama.cpp does not know."""
    writer = gguf.GGUFWriter(path, architecture)
    _describe(writer, architecture)
    writer.add_tensor("token_embd.weight", np.zeros((8, WIDTH), np.float32))
    _close(writer)
    return path


def _describe(writer: gguf.GGUFWriter, architecture: str) -> None:
    writer.add_name("Tiny")
    writer.add_block_count(LAYERS)
    writer.add_context_length(512)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_key_length(HEAD)
    writer.add_value_length(HEAD)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10_000.0)
    writer.add_rope_dimension_count(HEAD)
    if architecture in EXPERTED:
        writer.add_expert_count(EXPERTS)
        writer.add_expert_used_count(2)
        writer.add_expert_feed_forward_length(EXPERT)


def _close(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
