"""A home of its own for each test, a client for it, and a model that stops where it is told.

The whole suite runs side by side, a process for each processor and whole files to each; what is
asked for by path, by -k or by -m runs in one process, unless -n says otherwise.
"""

import gc
import itertools
import json
import os
import shutil
import sys
import textwrap
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from hypothesis import settings

from diffedit.config.models import Model
from diffedit.worker.client import Client

if TYPE_CHECKING:
    from gates import Gates

HERE = Path(__file__).parent
MOST = 8
"""So many processes at most: each holds torch and transformers, three quarters of a gigabyte."""

# Where this is set, each program that a test starts compiles the whole editor first, and each
# process of the suite all tests. What is compiled lies in folders that git ignores.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Threads of one test's arithmetic would only take the processors of another. Read by what is
# imported below here and by every program that a test starts.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

# The same examples at every run: what fails here fails for everyone. To look for new ones:
# pytest --hypothesis-profile=wide
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.register_profile("wide", max_examples=1000, deadline=None)
settings.load_profile("fixed")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Side by side, if all is asked for and there is more than one processor."""
    chosen = config.option
    if getattr(chosen, "numprocesses", None) and chosen.dist == "no":
        chosen.dist = "loadfile"
    if getattr(chosen, "numprocesses", "no xdist") is not None or chosen.usepdb:
        return
    if hasattr(config, "workerinput"):
        return  # this is one of them
    by_hand = ("-m", "-k")
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not any(
        word.startswith(by_hand) for word in config.invocation_params.args
    )
    processes = min(_processors(), MOST)
    if whole and not chosen.collectonly and processes > 1:
        chosen.numprocesses, chosen.dist = processes, "loadfile"


def _processors() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported for the tests stays to the end: garbage is looked for in the rest only.

    Torch, Textual and the tests themselves are a million objects, and a test that makes many of its
    own would have all of them looked through again and again.
    """
    gc.disable()  # an import makes next to no garbage
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(20_000)
        gc.enable()


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder's name at each `next`. `mktemp` would look through all that there are each time."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def home(homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that is not there yet: no test sees this machine's settings, plugins or models."""
    for name in list(os.environ):
        if name.startswith("DIFFEDIT_") and name != "DIFFEDIT_TEST_MODEL":
            monkeypatch.delenv(name)
    place = next(homes)
    monkeypatch.setenv("DIFFEDIT_HOME", str(place))
    return place


@pytest.fixture
def held(home: Path) -> Callable[..., Model]:
    """A model on the `held` backend, which is installed as a person would install a plugin."""
    folder = home / "config" / "plugins" / "held"
    source = HERE / "worker" / "held"
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__"))

    def make(**options: str) -> Model:
        return Model(name="held", backend="held", path="paper", options=options)

    return make


@pytest_asyncio.fixture
async def client(home: Path) -> AsyncIterator[Client]:
    """A client whose worker is gone when the test is over."""
    client = Client()
    yield client
    await client.close()


# For the tests in a terminal --------------------------------------------------------------------


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A copy of a real module of the standard library."""
    assert textwrap.__file__ is not None
    return Path(shutil.copy(textwrap.__file__, tmp_path / "textwrap.py"))


@pytest.fixture
def script(home: Path, tmp_path: Path) -> Callable[..., str]:
    """Writes a model that plays what is said, each frame held for `step_ms`; gives its name.

    The name is short, so that the status line has room for it; it holds in `tmp_path`.
    """

    def write(*, step_ms: int = 0, name: str = "script.json", **words: Any) -> str:
        path = tmp_path / name
        path.write_text(json.dumps(words), encoding="utf-8")
        settings = home / "config" / "settings.toml"
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text(f"[models.scripted]\nstep_ms = {step_ms}\n", encoding="utf-8")
        return f"scripted:{name}"

    return write


@pytest.fixture
def gates(home: Path, tmp_path: Path) -> "Gates":
    """The gated model, installed as a person would install a plugin; its name is `gate`."""
    from gates import Gates  # noqa: PLC0415 - its folder is on the path in tests/terminal only

    folder = tmp_path / "gates"
    folder.mkdir()
    shutil.copytree(
        HERE / "terminal" / "gate",
        home / "config" / "plugins" / "gate",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    settings = home / "config" / "settings.toml"
    settings.write_text(f"[models.gate]\nfolder = {str(folder)!r}\n", encoding="utf-8")
    return Gates(folder)
