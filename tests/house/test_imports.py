"""What starts fast stays fast: the front doors import no model code."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "transformers", "textual", "numpy", "gguf", "tokenizers", "llama_cpp")


def loaded_by(statement: str) -> set[str]:
    """The heavy packages that a fresh Python has loaded after `statement`."""
    code = f"import sys\n{statement}\nprint(*[n for n in {HEAVY!r} if n in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return set(run.stdout.split())


@pytest.mark.parametrize(
    "module", ["diffedit.cli", "diffedit.headless.rewrite", "diffedit.worker.session"]
)
def test_a_front_door_is_light(module: str) -> None:
    """The command line, the back door and the session load none of the heavy packages."""
    assert loaded_by(f"import {module}") == set()


def test_the_screen_knows_no_model_code() -> None:
    """The editor's own process loads Textual and nothing of any model."""
    assert loaded_by("import diffedit.ui.app") == {"textual"}


@pytest.mark.parametrize("name", ["small", "null", "scripted", "diffusion_gemma"])
def test_a_backend_is_light_until_loaded(name: str) -> None:
    """Naming a backend costs nothing; its weight lives in load()."""
    assert loaded_by(f"import diffedit.backends.{name}") == set()
