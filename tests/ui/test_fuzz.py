"""A short run of the fuzz on fixed seeds; `python tests/ui/fuzz.py` is the long one."""

from pathlib import Path

import pytest
from fuzz import run


@pytest.mark.parametrize("seed", [1, 2])
async def test_random_keys_harm_nothing(tmp_path: Path, seed: int) -> None:
    """No exception, the screen is the page, and undo leads back to every file's own bytes."""
    assert await run(tmp_path, seed, 50) == 50
