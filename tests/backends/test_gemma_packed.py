"""Weights in few bits: how true they stay, by themselves, by layer, and through the whole model."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import tiny_gemma
import torch
from torch import Tensor
from torch.nn import functional
from transformers import DiffusionGemmaConfig, DiffusionGemmaForBlockDiffusion

from diffedit.backends import gemma_build, gemma_saved, gemma_weights, safetensors_file
from diffedit.backends.gemma_modules import PackedEmbedding, PackedExperts, PackedLinear
from diffedit.backends.gemma_packed import Format, pack
from diffedit.backends.gemma_sizes import Kind
from diffedit.core.errors import ModelError

CPU = torch.device("cpu")
CANVAS = torch.arange(40, 72).unsqueeze(0)
PROMPT = torch.arange(100, 140).unsqueeze(0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of several shards, in float32, as transformers makes a random one."""
    folder = tmp_path_factory.mktemp("packed")
    torch.manual_seed(0)
    made = DiffusionGemmaForBlockDiffusion(tiny_gemma.config()).eval()
    made.save_pretrained(folder, max_shard_size="200KB")
    tiny_gemma.tokenizer().save_pretrained(folder)
    return folder


@pytest.fixture
def own(folder: Path, tmp_path: Path) -> Path:
    """A copy of the checkpoint that a test may change, nothing packed in it."""
    target = tmp_path / "own"
    return Path(shutil.copytree(folder, target, ignore=shutil.ignore_patterns("diffedit-*")))


@pytest.fixture(scope="module")
def full(folder: Path) -> Any:
    """The model as transformers itself loads it."""
    return DiffusionGemmaForBlockDiffusion.from_pretrained(folder).eval()


def load(folder: Path, kind: Kind) -> Any:
    """The model in a kind of weights, as the backend loads it."""
    placed = gemma_weights.load_model(folder, device="cpu", precision=kind, report=lambda *_: None)
    assert placed.kind == kind
    return placed.model


@torch.no_grad()
def logits(model: Any) -> Tensor:
    """Two steps over a canvas after a prompt, the second conditioned on the first."""
    first = model(input_ids=PROMPT, decoder_input_ids=CANVAS)
    second: Tensor = model(
        cache=first.cache, decoder_input_ids=CANVAS, self_conditioning_logits=first.logits
    ).logits
    return second


def likeness(one: Tensor, other: Tensor) -> float:
    """The cosine between two tensors."""
    return float(functional.cosine_similarity(one.flatten(), other.flatten(), dim=0))


def relative(weight: Tensor, form: Format) -> float:
    """The squared error of packing, as a share of the weights' own squares."""
    error = (pack(weight, form).unpacked(torch.float32) - weight).square().mean()
    return float(error / weight.square().mean())


def test_packing_loses_as_little_as_it_should() -> None:
    """On normal weights: the shares of squared error that the module's words claim."""
    torch.manual_seed(1)
    weight = torch.randn(8, 64, 704) * 0.02
    assert relative(weight, "int4") < 0.006
    assert relative(weight, "int8") < 0.0001
    assert relative(weight, "fp8") < 0.001
    assert pack(weight, "int4").codes.nbytes + pack(weight, "int4").scales.nbytes == (
        weight.numel() * 4.5 / 8
    )


def test_odd_groups_are_packed() -> None:
    """Nothing at all, one weight among nothing, and a weight of either sign that towers."""
    weight = torch.zeros(4, 32)
    weight[1, 7] = -3.0
    weight[2, 5] = 3.0
    weight[3] = torch.linspace(-1e-5, 1e-5, 32)
    again = pack(weight, "int4").unpacked(torch.float32)
    assert torch.equal(again[0], torch.zeros(32))
    for row, place in ((1, 7), (2, 5)):
        assert again[row, place] == pytest.approx(float(weight[row, place]), rel=0.01)
    assert likeness(again[3], weight[3]) > 0.98


def test_the_grouped_product_is_that_of_one_by_one() -> None:
    """The road for a GPU, walked here: same experts, same weights, more experts than a chunk."""
    torch.manual_seed(2)
    experts = PackedExperts(
        pack(torch.randn(20, 64, 64) * 0.1, "int4"),
        pack(torch.randn(20, 64, 32) * 0.1, "int4"),
        functional.gelu,
    )
    states = torch.randn(50, 64)
    asked = torch.stack([torch.randperm(20)[:3] for _ in range(50)])
    shares = torch.rand(50, 3)
    one = experts.one_by_one(states, asked, shares)
    torch.testing.assert_close(experts.grouped(states, asked, shares), one)


def test_what_is_not_packed_is_loaded_bit_for_bit(folder: Path, full: Any) -> None:
    """Our own reading of the shards gives the model that from_pretrained gives."""
    ours = load(folder, "f32")
    state = ours.state_dict()
    for name, value in full.state_dict().items():
        assert torch.equal(state[name], value), name
    buffers = dict(ours.named_buffers())
    for name, value in full.named_buffers():
        assert torch.equal(buffers[name], value), name
    assert torch.equal(logits(ours), logits(full))
    assert ours.generation_config.to_dict() == full.generation_config.to_dict()


@pytest.mark.parametrize("kind", ["int8", "fp8", "int4"])
def test_each_layer_stays_true(folder: Path, full: Any, kind: Kind) -> None:
    """Given what the full model's layer was given, each layer's answer has a cosine over 0.99."""
    seen: list[tuple[Any, Any, Tensor]] = []
    layers = full.model.decoder.layers
    hooks = [
        layer.register_forward_hook(
            lambda _, args, kwargs, answer: seen.append((args[0].clone(), kwargs, answer.clone())),
            with_kwargs=True,
        )
        for layer in layers
    ]
    logits(full)
    for hook in hooks:
        hook.remove()
    packed = load(folder, kind)
    assert len(seen) == 2 * len(layers)
    for number, (states, words, answer) in enumerate(seen):
        layer = packed.model.decoder.layers[number % len(layers)]
        assert isinstance(layer.experts, PackedExperts)
        assert isinstance(layer.self_attn.q_proj, PackedLinear)
        with torch.no_grad():
            assert likeness(layer(states.clone(), **words), answer) > 0.99


def test_both_towers_share_what_was_packed(folder: Path) -> None:
    """Encoder and decoder are one set of weights; their scalars are their own."""
    model = load(folder, "int4")
    encoder, decoder = model.model.encoder.language_model, model.model.decoder
    assert isinstance(decoder.embed_tokens, PackedEmbedding)
    assert encoder.embed_tokens is decoder.embed_tokens
    assert model.lm_head.embedding is decoder.embed_tokens
    for one, other in zip(encoder.layers, decoder.layers, strict=True):
        assert one.experts is other.experts
        assert one.self_attn.q_proj is other.self_attn.q_proj
        assert one.layer_scalar is not other.layer_scalar


@pytest.mark.parametrize(("kind", "least"), [("int8", 0.99), ("int4", 0.98)])
def test_the_logits_stay_true(folder: Path, full: Any, kind: Kind, least: float) -> None:
    """Through the whole model, where a random router amplifies every small difference."""
    assert likeness(logits(load(folder, kind)), logits(full)) > least


def test_little_is_held_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No stretch that is read is larger than a part, unless one row is."""
    part = 4096
    monkeypatch.setattr(gemma_build, "PART", part)
    sizes = list[int]()
    read = safetensors_file.Entry.read

    def counted(entry: safetensors_file.Entry) -> bytearray:
        sizes.append(entry.size if entry.shape and entry.shape[0] > 1 else 0)
        return read(entry)

    monkeypatch.setattr(safetensors_file.Entry, "read", counted)
    model = gemma_build.empty(DiffusionGemmaConfig.from_pretrained(folder))
    entries = safetensors_file.read_headers(sorted(folder.glob("*.safetensors")))
    gemma_build.fill(model, entries, gemma_build.Order(kind="int4", device=CPU))
    assert 0 < max(sizes) <= part


def test_packed_weights_are_kept_and_read_again(own: Path) -> None:
    """The second load reads no checkpoint, and gives the very same numbers."""
    first = load(own, "int4")
    saved = gemma_saved.place(own, "int4")
    assert gemma_saved.kind_of(saved) == "int4"
    stamp = (saved / gemma_saved.MANIFEST).stat().st_mtime_ns
    for shard in own.glob("*.safetensors"):
        shard.write_bytes(shard.read_bytes()[:-1] + b"\x55")  # noticed, if it were read
    assert torch.equal(logits(load(own, "int4")), logits(first))
    assert (saved / gemma_saved.MANIFEST).stat().st_mtime_ns == stamp


def test_a_saved_folder_is_a_model_of_its_own(own: Path, tmp_path: Path) -> None:
    """Carried elsewhere it loads without its checkpoint, and is no other kind."""
    first = load(own, "int4")
    away = gemma_saved.place(own, "int4").rename(tmp_path / "away")
    placed = gemma_weights.load_model(away, device="cpu", precision="auto", report=lambda *_: None)
    assert placed.kind == "int4"
    assert torch.equal(logits(placed.model), logits(first))
    assert not gemma_saved.place(away, "int4").exists()
    with pytest.raises(ModelError, match="holds weights in int4, not in bf16"):
        load(away, "bf16")


def test_another_config_or_version_is_packed_anew(own: Path) -> None:
    """What was packed of an older checkpoint, or by another diffedit, is not trusted."""
    load(own, "int4")
    manifest = gemma_saved.place(own, "int4") / gemma_saved.MANIFEST
    config = json.loads((own / "config.json").read_text())
    config["text_config"]["final_logit_softcapping"] = 20.0
    (own / "config.json").write_text(json.dumps(config))
    before = manifest.read_text()
    assert load(own, "int4").final_logit_softcapping == 20.0
    assert manifest.read_text() != before
    manifest.write_text(manifest.read_text().replace('"version": 1', '"version": 9'))
    load(own, "int4")
    assert gemma_saved.kind_of(manifest.parent) == "int4"


def test_a_full_disk_costs_only_the_keeping(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model works; a note says that it is packed again next time. Nothing half is left."""
    monkeypatch.setattr(gemma_saved, "RESERVE", 1 << 62)
    placed = gemma_weights.load_model(own, device="cpu", precision="int4", report=lambda *_: None)
    assert "could not be kept" in placed.note
    assert not list(own.glob("*diffedit-int4*"))


def test_experts_may_stay_on_the_host(folder: Path, full: Any) -> None:
    """Offloaded stacks stay where they are when the model moves, and answer alike; bf16 too."""
    entries = safetensors_file.read_headers(sorted(folder.glob("*.safetensors")))
    model = gemma_build.empty(DiffusionGemmaConfig.from_pretrained(folder))
    gemma_build.fill(model, entries, gemma_build.Order(kind="f32", device=CPU, offload=True))
    experts = model.model.decoder.layers[0].experts
    codes = experts.gate_up_proj.codes
    assert isinstance(experts, PackedExperts)
    torch.testing.assert_close(logits(model), logits(full))
    model.to("meta")
    assert experts.gate_up_proj.codes is codes


def test_a_missing_tensor_is_named(folder: Path) -> None:
    """A checkpoint that another tool wrote without the scalars of the encoder."""
    entries = safetensors_file.read_headers(sorted(folder.glob("*.safetensors")))
    short = {name: entry for name, entry in entries.items() if "layer_scalar" not in name}
    model = gemma_build.empty(DiffusionGemmaConfig.from_pretrained(folder))
    with pytest.raises(ModelError, match=r"lacks the tensor model\..*layer_scalar and 3 more"):
        gemma_build.fill(model, short, gemma_build.Order(kind="int4", device=CPU))


def test_a_tensor_of_another_shape_is_named(own: Path) -> None:
    """A config.json that belongs to another model."""
    config = json.loads((own / "config.json").read_text())
    config["text_config"]["moe_intermediate_size"] = 64
    (own / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"which config\.json does not allow"):
        load(own, "int4")
