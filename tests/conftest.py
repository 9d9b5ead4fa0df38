"""A home of its own for each test, a client for it, and a model that stops where it is told."""

import os
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from diffedit.config.models import Model
from diffedit.worker.client import Client

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home: no test sees this machine's settings, plugins, models or logs."""
    for name in list(os.environ):
        if name.startswith("DIFFEDIT_") and name != "DIFFEDIT_TEST_MODEL":
            monkeypatch.delenv(name)
    place = tmp_path_factory.mktemp("home")
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
