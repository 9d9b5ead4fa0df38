"""Small random DiffusionGemma checkpoints on disk: the true architecture, tokenizer class, markers.

Everything a released checkpoint folder holds is there, so that a test goes the whole real road:
config, safetensors, generation config, tokenizer.json, chat template, image processor.
"""

import json
import shutil
import textwrap
from functools import cache
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import (
    DiffusionGemmaConfig,
    DiffusionGemmaForBlockDiffusion,
    DiffusionGemmaTextConfig,
    GemmaTokenizer,
)
from transformers.models.gemma4.configuration_gemma4 import Gemma4VisionConfig
from transformers.models.gemma4.image_processing_pil_gemma4 import Gemma4ImageProcessorPil

torch.set_num_threads(1)
"""Two threads on matrices this small only wait for one another, for minutes on a busy machine."""

MARKERS = (
    *("<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<|turn>", "<turn|>", "<|think|>"),
    *("<|channel>", "<channel|>", "<|tool_response>", "<|image>", "<image|>", "<|image|>"),
)
"""The markers of Gemma 4's vocabulary that an edit meets; here they have the first ids."""

TEMPLATE = """\
{{ bos_token }}
{%- if enable_thinking or messages[0].role == 'system' -%}
<|turn>system
{% if enable_thinking %}<|think|>
{% endif %}
{%- if messages[0].role == 'system' %}{{ messages[0].content | trim }}{% endif %}<turn|>
{% endif %}
{%- for message in messages if message.role != 'system' -%}
<|turn>{{ 'model' if message.role == 'assistant' else message.role }}
{% if message.content is string %}{{ message.content | trim }}{% else %}
{%- for part in message.content %}
{%- if part.type == 'image' %}<|image|>{% else %}{{ part.text | trim }}{% endif %}
{%- endfor %}{% endif %}<turn|>
{% endfor %}
{%- if add_generation_prompt %}<|turn>model
{% endif %}"""
"""A template of our own with Gemma 4's markers and switches."""


@cache
def vocabulary() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """A byte-level-safe BPE trained on a module of the standard library: pieces and merges."""
    assert textwrap.__file__ is not None
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(pattern=" ", behavior="merged_with_previous")
    tokenizer.decoder = decoders.ByteFallback()
    signs = [*MARKERS, *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = trainers.BpeTrainer(vocab_size=420, special_tokens=signs, show_progress=False)
    text = Path(textwrap.__file__).read_text(encoding="utf-8")
    tokenizer.train_from_iterator(text.split("\n\n"), trainer)
    found: dict[str, Any] = json.loads(tokenizer.to_str())["model"]
    return found["vocab"], [tuple(pair) for pair in found["merges"]]


def tokenizer(template: str | None = TEMPLATE) -> Any:
    """The real tokenizer class over the small vocabulary."""
    pieces, merges = vocabulary()
    made = GemmaTokenizer(
        vocab=dict(pieces),
        merges=list(merges),
        extra_special_tokens=list(MARKERS[5:]),
        model_specific_special_tokens={
            "image_token": "<|image|>",
            "boi_token": "<|image>",
            "eoi_token": "<image|>",
        },
    )
    made.chat_template = template
    return made


def config(*, canvas: int = 32, layers: int = 2, window: int = 24) -> DiffusionGemmaConfig:
    """A real configuration, small; the last layer sees everything, the others a window."""
    size = len(vocabulary()[0])
    text = DiffusionGemmaTextConfig(
        vocab_size=size,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        global_head_dim=32,
        num_global_key_value_heads=1,
        layer_types=["sliding_attention"] * (layers - 1) + ["full_attention"],
        sliding_window=window,
        max_position_embeddings=4096,
        num_experts=4,
        top_k_experts=2,
        moe_intermediate_size=32,
        use_bidirectional_attention="vision",
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=2,
    )
    vision = Gemma4VisionConfig(
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=16,
        position_embedding_size=64,
    )
    return DiffusionGemmaConfig(
        text_config=text,
        vision_config=vision,
        canvas_length=canvas,
        image_token_id=MARKERS.index("<|image|>"),
        boi_token_id=MARKERS.index("<|image>"),
        eoi_token_id=MARKERS.index("<image|>"),
    )


def model(seed: int = 0, **sizes: int) -> Any:
    """A random model of the real class."""
    torch.manual_seed(seed)
    made = DiffusionGemmaForBlockDiffusion(config(**sizes)).eval()
    torch.manual_seed(seed + 1)
    with torch.no_grad():
        # As wide as a trained model's: attention and routing have their say, and logits are
        # sure enough for tokens to be accepted and for a canvas to settle before its last step.
        for name, weight in made.named_parameters():
            if weight.dim() > 1 and "vision" not in name:
                weight.mul_(30.0 if "embed_tokens" in name else 8.0)
    ends = [MARKERS.index(name) for name in ("<eos>", "<turn|>", "<|tool_response>")]
    made.generation_config.eos_token_id = ends
    made.generation_config.pad_token_id = 0
    made.generation_config.bos_token_id = 2
    return made


def save(folder: Path, seed: int = 0, *, template: str | None = TEMPLATE, **sizes: int) -> Path:
    """Write a checkpoint as it is released; gives the folder back."""
    model(seed, **sizes).save_pretrained(folder, max_shard_size="200KB")
    tokenizer(template).save_pretrained(folder)
    Gemma4ImageProcessorPil(max_soft_tokens=70).save_pretrained(folder)
    return folder


def copy(folder: Path, target: Path) -> Path:
    """A copy of a checkpoint that a test may break."""
    return Path(shutil.copytree(folder, target))
