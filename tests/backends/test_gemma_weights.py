"""From a folder to a model: what is read, and each way a folder can be wrong, told in one line."""

import json
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import tiny_gemma
import torch

from diffedit.backends import gemma_build, gemma_folder
from diffedit.backends.diffusion_gemma import DiffusionGemmaBackend
from diffedit.backends.gemma_tokens import GemmaTokens
from diffedit.backends.gemma_weights import load_model
from diffedit.config import models
from diffedit.core.errors import ModelError, OutOfMemoryError

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole checkpoint, which no test may change."""
    return tiny_gemma.save(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def broken(folder: Path, tmp_path: Path) -> Path:
    """A copy that a test may break."""
    return tiny_gemma.copy(folder, tmp_path / "broken")


def load(folder: Path, device: str = "cpu") -> object:
    return load_model(folder, device=device, precision="auto", report=lambda *_: None)


def test_the_weights_are_those_that_were_saved(folder: Path) -> None:
    """Loaded in the checkpoint's own precision, tied weights included, progress told in bytes."""
    told = list[tuple[str, int, int]]()
    placed = load_model(
        folder, device="auto", precision="auto", report=lambda *parts: told.append(parts)
    )
    made = tiny_gemma.model()
    assert placed.device.type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert not placed.model.training
    for name, weight in made.state_dict().items():
        assert torch.equal(placed.model.state_dict()[name], weight), name
    size = gemma_folder.look(folder).size
    assert told[0] == ("read", 0, size)
    assert told[-1] == ("place", 1, 1)


def test_precision_can_be_chosen(folder: Path) -> None:
    """bf16 is what a GPU gets by itself."""
    placed = load_model(folder, device="cpu", precision="bf16", report=lambda *_: None)
    assert placed.model.dtype == torch.bfloat16


def test_another_architecture_is_named(broken: Path) -> None:
    """A llama's folder is not tried."""
    config = json.loads((broken / "config.json").read_text())
    (broken / "config.json").write_text(json.dumps(config | {"model_type": "llama"}))
    with pytest.raises(ModelError, match="holds a llama model; this backend runs diffusion_gemma"):
        load(broken)
    assert not gemma_folder.is_checkpoint(broken)


def test_a_folder_is_a_model_where_models_are_named(folder: Path, broken: Path) -> None:
    """`--model FOLDER`: it is found, or what is wrong with it is said before anything starts."""
    assert models.find(str(folder)).backend == "diffusion-gemma"
    config = json.loads((broken / "config.json").read_text())
    (broken / "config.json").write_text(json.dumps(config | {"model_type": "llama"}))
    with pytest.raises(ModelError, match="holds a llama model"):
        models.find(str(broken))


def test_a_missing_shard_is_named(broken: Path) -> None:
    """The file that is not there, and that the rest can stay."""
    shard = sorted(broken.glob("*.safetensors"))[1]
    shard.unlink()
    with pytest.raises(ModelError, match=rf"lacks the weights {shard.name} .*Fetch it again"):
        load(broken)


def test_a_shard_that_was_cut_short_is_named(broken: Path) -> None:
    """Before anything is loaded, by its own header."""
    shard = min(broken.glob("*.safetensors"))
    shard.write_bytes(shard.read_bytes()[:-1])
    with pytest.raises(ModelError, match=rf"{shard.name} is damaged or was cut short"):
        load(broken)


def test_a_checkpoint_without_chat_template_is_refused(broken: Path) -> None:
    """A base model cannot be asked."""
    (broken / "chat_template.jinja").unlink()
    with pytest.raises(ModelError, match="no chat template"):
        load(broken)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "tokenizer_config.json"])
def test_a_missing_small_file_is_named(broken: Path, name: str) -> None:
    """Each file that the load needs."""
    (broken / name).unlink()
    with pytest.raises(ModelError, match=f"has no {name}"):
        load(broken)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_device_that_is_not_there(folder: Path) -> None:
    """A GPU where there is none, and a word that is no device."""
    with pytest.raises(ModelError, match="no CUDA device here"):
        load(folder, "cuda")
    with pytest.raises(ModelError, match="no device 'abacus'"):
        load(folder, "abacus")


@pytest.mark.parametrize(
    ("missing", "version", "said"),
    [
        ("torch", None, "needs torch, which is not installed"),
        ("transformers", "5.10.2", r"needs transformers 5\.24 or newer; 5\.10\.2 is installed"),
    ],
)
def test_what_must_be_installed_is_told_with_the_line(
    monkeypatch: pytest.MonkeyPatch, missing: str, version: str | None, said: str
) -> None:
    """A package that is not there or too old: its name, and what to type."""
    real = metadata.version

    def versions(name: str) -> str:
        if name != missing:
            return real(name)
        if version is None:
            raise metadata.PackageNotFoundError(name)
        return version

    monkeypatch.setattr(metadata, "version", versions)
    with pytest.raises(ModelError, match=f"{said}.*Run: pip install 'torch>="):
        gemma_folder.check_packages()


def test_a_package_that_does_not_start_is_told_with_the_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Installed, of the right version, and broken: as after an upgrade of a driver."""
    monkeypatch.setitem(sys.modules, "transformers.utils", None)
    backend = DiffusionGemmaBackend(str(folder), "cpu", {})
    with pytest.raises(ModelError, match=r"does not start: .*Run: pip install .*force-reinstall"):
        backend.load(lambda *_: None)


def test_weights_that_do_not_fit_after_all_are_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something else took the room between the count and the load: no crash of torch's."""
    monkeypatch.setattr(gemma_build, "fill", lambda *_: torch.empty(1 << 60))
    with pytest.raises(OutOfMemoryError, match=r"does not fit into cpu's memory.*weights=int4"):
        load(folder)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("tokenizer.json", '{"x": 1}', r"tokenizer in .* cannot be read: .*Fetch tokenizer\.json"),
        (
            "chat_template.jinja",
            "{{ a.b.c }}",
            r"chat template fails: .*Fetch chat_template\.jinja",
        ),
        ("chat_template.jinja", "hello", "chat template drops what the person says"),
    ],
)
def test_a_damaged_small_file_is_told(broken: Path, name: str, text: str, said: str) -> None:
    """In one line that says which file to fetch again, at the first edit at the latest."""
    (broken / name).write_text(text)
    with pytest.raises(ModelError, match=said) as caught:
        GemmaTokens.load(broken, (1,)).chat("s", ["a", "b"], thinking=False)
    assert "\n" not in str(caught.value)


def test_the_extra_names_what_the_backend_asks_for() -> None:
    """pyproject.toml's [gemma] and the line that a person is told are the same."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = set(project["optional-dependencies"]["gemma"])
    assert wanted == set(gemma_folder.INSTALL.replace("'", "").split()[2:])
