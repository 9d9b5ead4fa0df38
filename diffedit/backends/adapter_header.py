"""What stands in front of an adapter's numbers: the words that tell what it is. No NumPy."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any, BinaryIO

from diffedit.core.errors import ModelError

CAUSAL, GAPS, MASK = "causal", "gaps", "mask"
"""What an adapter was trained for: edits, lines that are missing, or noise of masks."""

LONGEST = 1 << 22
"""Bytes of a header, at most."""


def about(path: Path) -> dict[str, str]:
    """The words about an adapter, without reading its numbers. Raises ModelError."""
    with opened(path) as file:
        header, _ = header_of(file.read(LONGEST), path)
    return {str(key): str(value) for key, value in header.get("__metadata__", {}).items()}


def objective(path: Path) -> str:
    """What the adapter was trained for; "" for a file that is none."""
    try:
        return about(path).get("objective", "")
    except ModelError:
        return ""


def opened(path: Path) -> BinaryIO:
    """The file, open for reading. Raises ModelError."""
    try:
        return path.open("rb")
    except OSError as error:
        why = error.strerror or str(error)
        raise ModelError(f"Cannot read the adapter {path}: {why}.") from error


def header_of(raw: bytes, path: Path) -> tuple[dict[str, Any], int]:
    """The header, and where the numbers begin. Raises ModelError."""
    try:
        (length,) = struct.unpack_from("<Q", raw)
        header = json.loads(raw[8 : 8 + length])
    except (struct.error, ValueError, RecursionError) as error:
        if raw[8:9] != b"{":
            what = "a GGUF file, not an adapter" if raw[:4] == b"GGUF" else "no adapter"
            hint = "`diffedit tune` makes adapters, .safetensors files."
            raise ModelError(f"{path} is {what}.", hint=hint) from error
        raise broken(path, "its header cannot be read") from error
    if not isinstance(header, dict):
        raise broken(path, "its header cannot be read")
    return header, 8 + length


def broken(path: Path, why: str) -> ModelError:
    """The error for a file that is damaged."""
    return ModelError(f"The adapter {path} is damaged: {why}.", hint="Make it again.")
