"""Pulling a checkpoint from a hub, against a server on this machine that speaks its protocol."""

import errno
import io
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hub_server import COMMIT, Hub, serving
from huggingface_hub import constants, file_download

from diffedit import cli
from diffedit.backends import gemma_memory
from diffedit.config import checkpoints, hub, models
from diffedit.config import pull as pulling
from diffedit.core.errors import ModelError

NAME = "owner/tiny-it"


def shard(name: str) -> bytes:
    """A safetensors file with one tensor."""
    numbers = bytes(range(256)) * 40
    told = {name: {"dtype": "BF16", "shape": [80, 64], "data_offsets": [0, len(numbers)]}}
    header = json.dumps(told).encode()
    return len(header).to_bytes(8, "little") + header + numbers


def checkpoint() -> dict[str, bytes]:
    """The files of a repository, with some that must never be fetched."""
    shards = [f"model-0000{n}-of-00002.safetensors" for n in (1, 2)]
    index = {"weight_map": {f"layer{n}": name for n, name in enumerate(shards)}}
    text = {
        "layer_types": ["full_attention"],
        "num_key_value_heads": 1,
        "head_dim": 16,
        "vocab_size": 64,
        "hidden_size": 64,
        "moe_intermediate_size": 32,
    }
    return {
        "config.json": json.dumps({"model_type": "diffusion_gemma", "text_config": text}).encode(),
        "modeling_evil.py": b"raise SystemExit",
        "pytorch_model.bin": b"pickle",
        "original/params.json": b"{}",
        "model.safetensors.index.json": json.dumps(index).encode(),
        "tokenizer.json": b"{}",
        "tokenizer_config.json": b"{}",
        "chat_template.jinja": b"{{ x }}",
        "LICENSE": b"Apache",
        **{name: shard(f"layer{n}") for n, name in enumerate(shards)},
    }


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with one checkpoint, which diffedit is sent to; chunks small enough to be counted."""
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1000)
    with serving(checkpoint()) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        yield running


def pull(name: str = NAME, **given: Any) -> models.Model:
    return models.pull(name, lambda _done, _total: None, **given)


def refused(name: str = NAME) -> str:
    """What a pull that cannot be says, in one line; nothing looks like a model then."""
    with pytest.raises(ModelError) as caught:
        pull(name)
    assert "\n" not in str(caught.value)
    assert all(model.name != "tiny-it" for model in models.list_models())
    return str(caught.value)


def test_a_checkpoint_is_pulled(server: Hub) -> None:
    """Every file of data, none of code, progress in bytes, and the revision that it is."""
    told = list[tuple[int, int]]()
    model = models.pull(NAME, lambda done, total: told.append((done, total)))
    assert (model.name, model.backend, model.installed) == ("tiny-it", "diffusion-gemma", True)
    there = {path.name for path in Path(model.path).iterdir()}
    wanted = {"config.json", "tokenizer.json", "chat_template.jinja", "LICENSE"}
    assert wanted < there
    assert not there & {"modeling_evil.py", "pytorch_model.bin", "original", "params.json"}
    total = sum(len(server.files[name]) for name in there - {hub.SOURCE})
    assert told[-1] == (total, total)
    assert told == sorted(told)
    assert hub.origin(Path(model.path))["revision"] == COMMIT
    assert f"{NAME} at {COMMIT[:12]} (apache-2.0)" in model.summary


def test_it_is_listed_found_and_removed(server: Hub) -> None:
    """By its short name and by the hub's; removed, nothing of it is left."""
    pull()
    assert "tiny-it" in [model.name for model in models.list_models()]
    assert models.find(NAME) == models.find("tiny-it")
    pull()  # it is there: nothing happens
    assert len(server.asked) == len(dict(server.asked))
    models.remove("tiny-it")
    assert not list(models.store().glob("*tiny*"))
    with pytest.raises(ModelError, match="No model named"):
        models.find("tiny-it")


def test_a_pull_that_was_stopped_goes_on(server: Hub) -> None:
    """What was fetched is kept; the rest is asked for, from the byte where it broke off."""
    done = 0
    name = "model-00002-of-00002.safetensors"

    def report(now: int, _total: int) -> None:
        nonlocal done
        done = now

    def cancelled() -> bool:
        return bool(server.asked) and server.asked[-1][0] == name and done > 15_000

    with pytest.raises(ModelError, match=r"stopped\. Pulling again goes on from here"):
        models.pull(NAME, report, cancelled=cancelled)
    assert all(model.name != "tiny-it" for model in models.list_models())
    before = len(server.asked)
    model = pull()
    ((again, first),) = server.asked[before:]
    assert again == name
    assert int(first) > 0
    assert (Path(model.path) / name).read_bytes() == server.files[name]


def test_a_connection_that_breaks_is_taken_up_in_silence(
    server: Hub, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The library goes on by itself; its warnings do not get onto a screen of ours."""
    clock = SimpleNamespace(**{**vars(time), "sleep": lambda _: None})
    monkeypatch.setattr(file_download, "time", clock)
    name = "model-00001-of-00002.safetensors"
    server.breaks[name] = 5000
    model = pull()
    assert (Path(model.path) / name).read_bytes() == server.files[name]
    assert [first for asked, first in server.asked if asked == name] == ["0", "5000"]
    said = capfd.readouterr()
    assert said.out + said.err == ""


def test_two_pulls_at_once_do_not_meet(server: Hub) -> None:
    """The second waits for the first and can be stopped meanwhile; what it wanted is there then."""
    target = models.store() / "tiny-it"
    other = pull()
    away = Path(other.path).rename(models.store() / ".away")
    asked = len(server.asked)
    first = ExitStack()
    with first:
        first.enter_context(pulling.locked(models.store() / ".hub.lock", lambda: False))
        with pytest.raises(ModelError, match="stopped"):
            pull(cancelled=lambda: True)

        def done() -> bool:
            away.rename(target)
            first.close()
            return False

        assert pull(cancelled=done).installed
    assert len(server.asked) == asked


def test_a_disk_that_fills_up_keeps_what_is_there(
    server: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else took the room after all: one line, and the next pull goes on."""
    with monkeypatch.context() as patch:
        patch.setattr(file_download, "http_get", full)
        assert refused() == (
            "The disk is full. What was fetched is kept. "
            "Make room; pulling again goes on from here."
        )
    assert pull().installed


def full(_url: str, out: Any, **_: Any) -> None:
    """What the library does when the disk is full."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), out.name)


def test_another_revision_is_not_mixed_in(server: Hub) -> None:
    """The branch moved between the two halves of a pull: all is fetched anew."""
    with pytest.raises(ModelError, match="stopped"):
        pull(cancelled=lambda: len(server.asked) > 2)
    server.commit = "2e" * 20
    server.files["chat_template.jinja"] = b"{{ new }}"
    model = pull()
    assert (Path(model.path) / "chat_template.jinja").read_bytes() == b"{{ new }}"
    server.commit = "3d" * 20
    with pytest.raises(ModelError, match=r"already, of another revision\. Take it away first"):
        pull()


def test_a_revision_can_be_asked_for(server: Hub) -> None:
    """NAME@REVISION; one that is not there is told."""
    server.refs.add("v1")
    assert "no such revision" in refused(f"{NAME}@v2")
    assert pull(f"{NAME}@v1").name == "tiny-it"


@pytest.mark.parametrize("lie", [b"x" * 10_000, None])
def test_a_file_that_is_another_is_thrown_away(server: Hub, lie: bytes | None) -> None:
    """Of the right length with a wrong SHA-256; the rest is kept, and the next pull mends it."""
    name = "model-00001-of-00002.safetensors"
    right = server.files[name]
    server.lies[name] = right[:-1] + b"!" if lie is None else right[: len(right) - 9] + b"y" * 9
    assert f"{name} is not the file that {NAME} promises" in refused()
    server.lies.clear()
    before = len(server.asked)
    assert pull().installed
    assert ("config.json", "0") not in server.asked[before:]


def test_a_file_of_another_length_is_told(server: Hub) -> None:
    """Shorter than the hub promised."""
    server.lies["tokenizer.json"] = b"{"
    assert "The hub did not give owner/tiny-it: Consistency check failed" in refused()


def test_a_missing_shard_is_told_before_the_others_come(server: Hub) -> None:
    """The index names a file that the repository does not have."""
    del server.files["model-00002-of-00002.safetensors"]
    assert "lacks its own file model-00002-of-00002.safetensors" in refused()
    assert not any(name.endswith(".safetensors") for name, _ in server.asked)


def test_another_architecture_is_told_after_one_small_file(server: Hub) -> None:
    """A llama's weights are not fetched."""
    server.files["config.json"] = b'{"model_type": "llama"}'
    assert "is a llama model; nothing here runs its checkpoint" in refused()
    assert not any(name.endswith(".safetensors") for name, _ in server.asked)


def test_a_full_disk_is_told_first(server: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the first byte, with what is needed and what there is."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(9, 8, 10**8))
    assert "0.5 GB of disk are needed" in refused()
    assert server.asked == []


def test_what_the_hub_refuses_is_told(server: Hub) -> None:
    """A repository that is not there, that is gated, or that holds no weights."""
    assert "The hub has no owner/other" in refused("owner/other")
    server.gated = True
    assert "only for those who agreed" in refused()
    server.gated = False
    server.files = {"config.json": b"{}", "pytorch_model.bin": b""}
    assert "no weights in safetensors" in refused()


def test_no_hub_at_all_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens."""
    with serving({}) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
    assert "The hub did not give owner/tiny-it" in refused()


def test_without_the_library_the_install_line_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """huggingface_hub is an extra."""
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert refused().endswith("not installed. Run: pip install 'diffedit[gemma]'")


@pytest.mark.parametrize("name", ["../evil", "owner/..", "a/b/c", "owner/"])
def test_a_name_that_leads_elsewhere_is_no_repository(name: str) -> None:
    """Neither pulled nor removed; the store's own folder is safe."""
    assert not checkpoints.is_repository(name)
    models.store().mkdir(parents=True)
    with pytest.raises(ModelError):
        models.remove(name)
    assert models.store().is_dir()


def test_the_licence_is_shown_and_asked(
    server: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A person says yes; nobody there must have said --yes; a no fetches nothing."""

    class Person(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert cli.main(["models", "pull", NAME]) == 2
    assert "Licence: apache-2.0. diffedit: Nobody" in " ".join(capsys.readouterr().err.split())
    monkeypatch.setattr(sys, "stdin", Person("\n"))
    assert cli.main(["models", "pull", NAME]) == 0
    assert server.asked == []
    monkeypatch.setattr(sys, "stdin", Person("y\n"))
    assert cli.main(["models", "pull", NAME]) == 0
    assert "tiny-it is installed." in capsys.readouterr().err
    cli.main(["models", "remove", "tiny-it"])
    assert cli.main(["models", "pull", NAME, "--yes"]) == 0


def test_what_a_model_needs_is_told(
    server: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before it is fetched, by what is known; then by its files; and what this machine has."""
    here = gemma_memory.Machine(
        host_free=10**10, host=10**10, gpu_name="A card", gpu_free=24 * 10**9, gpu=24 * 10**9
    )
    monkeypatch.setattr(gemma_memory, "machine", lambda: here)
    assert cli.main(["models", "info", "google/diffusiongemma-26B-A4B-it"]) == 0
    said = capsys.readouterr().out
    assert "not here; to fetch: 51.6 GB" in said
    assert "int4    17.9 GB" in said
    assert "A card, 24.0 GB of 24.0 GB free; memory 10.0 GB" in said
    assert "verdict   int4 on cuda." in said
    cli.main(["models", "info", "google/diffusiongemma-26B-A4B-it", "--weights", "bf16"])
    assert "does not fit. Weights in bf16 need 53.6 GB on the GPU" in capsys.readouterr().out
    pull()
    assert cli.main(["models", "info", "tiny-it"]) == 0
    assert "verdict   bf16 on cuda." in capsys.readouterr().out


def test_a_folder_of_ones_own_is_a_model(server: Hub, tmp_path: Path) -> None:
    """It stays where it is: added by name, found by its path, and only forgotten by remove."""
    folder = Path(pull().path).rename(tmp_path / "mine")
    assert models.find(str(folder)).path == str(folder)
    assert models.add(folder).name == "mine"
    assert models.find("mine").path == str(folder)
    with pytest.raises(ModelError, match="There is a model named 'mine' already"):
        models.add(folder)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"cannot be run: .*has no tokenizer\.json"):
        models.find("mine")
    models.remove("mine")
    assert folder.is_dir()
    with pytest.raises(ModelError, match=r"has no tokenizer\.json"):
        models.add(folder)
