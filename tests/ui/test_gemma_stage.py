"""DiffusionGemma in the editor: a small random checkpoint in a real worker, by keys.

And without a screen, in the same worker: to import torch and transformers is nearly all it takes.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO, StringIO
from pathlib import Path

import pytest
import tiny_gemma
from stage_app import Stage, staged

from diffedit.cli_rewrite import order_of
from diffedit.core.span import Span
from diffedit.headless import rewrite
from diffedit.headless.output import Output
from diffedit.worker.client import Client

PAGE = "import os\n\nLIMIT = 'é ☃'\n\ndef two(one):\n    return one\n"
BETWEEN = "\n\nLIMIT = 'é ☃'\n\ndef two(one):\n    "


async def without_a_screen(stage: Stage, folder: Path, page: Path) -> None:
    """The same two places by `diffedit rewrite`."""

    @asynccontextmanager
    async def lent(_: object) -> AsyncIterator[Client]:
        yield stage.app.client

    words = ["--lines", "1", "--lines", "6", "-i", "louder", "--write", "--max-steps", "3"]
    options = ["--option", "context=1024", "--model", str(folder)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rewrite, "_client", lent)
        order, output = order_of([str(page), *words, *options]), Output(BytesIO(), StringIO())
        assert await rewrite._run(order, output, None) == 0


def check(after: str) -> None:
    """Each place is what the model makes of it; the lines between stay, byte for byte."""
    assert "\n\nLIMIT = 'é ☃'\n\ndef two(one):\n" in after
    assert not after.startswith("import os\n")
    assert not after.endswith("return one\n")


async def test_several_places_and_proofreading(home: Path, tmp_path: Path) -> None:
    """Whatever the seed, both places land in one undo and what is between stays; F8 reads."""
    folder = tiny_gemma.save(tmp_path / "tiny", canvas=64, window=200)
    settings = home / "config" / "settings.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text("[models.diffusion-gemma]\ncontext = 1024\n")
    page = tmp_path / "page.py"
    page.write_text(PAGE)
    async with staged(page, model=str(folder)) as stage:
        editor = stage.app.window.editor
        editor.select_spans((Span(0, 9), Span(len(PAGE) - 11, len(PAGE) - 1)))
        await stage.pilot.pause()
        await stage.edit("louder")
        for number in range(2):
            if number:
                await stage.press("ctrl+r")
                await stage.saw("settled")
            link = stage.app.buffers.current.edit.link
            assert link is not None
            assert BETWEEN in link.draft.text
            for frame in link.film.frames:
                assert BETWEEN in frame.text
        await stage.press("A")
        await stage.saw("applied")
        assert BETWEEN in stage.text
        assert stage.text != PAGE
        await stage.press("ctrl+z")
        assert stage.text == PAGE
        await stage.press("ctrl+a", "f8")
        await stage.saw("proofread")
        look = stage.app.buffers.current.look
        assert look is not None
        assert "".join(token.text for token in look.tokens) == PAGE.rstrip("\n")
        assert all(token.nats is not None and token.choices for token in look.tokens)
        assert stage.text == PAGE
        await without_a_screen(stage, folder, page)
        check(page.read_text())
