"""Pictures that go along with an instruction: found in its words, read, and checked by their signs.

They are read here, on the person's side: the model's process gets bytes and opens no file.
"""

from __future__ import annotations

import re
from pathlib import Path

from diffedit.core.errors import FileError
from diffedit.core.show import visible

LARGEST = 8 * 1024 * 1024
"""Bytes that one picture may have."""
MOST = 4
"""Pictures that one instruction may have."""
_SIGNS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF")
_NAMED = re.compile(
    r"""(?:^|(?<=\s))@(?:"([^"]+)"|'([^']+)'|(\S+\.(?:png|jpe?g|webp))(?![\w.]))""", re.IGNORECASE
)


def named(instruction: str) -> tuple[Path, ...]:
    """The pictures that an instruction names: @shot.png, or @"a name with blanks.png"."""
    found = (next(filter(None, match.groups())) for match in _NAMED.finditer(instruction))
    return tuple(Path(name).expanduser() for name in dict.fromkeys(found))


def read(paths: tuple[Path, ...]) -> tuple[bytes, ...]:
    """Their bytes. Raises FileError, in one line, for what is no picture or too large."""
    if len(paths) > MOST:
        raise FileError(f"There are {len(paths)} images; up to {MOST} can go along.")
    return tuple(_read(path) for path in paths)


def _read(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise FileError(visible(f"There is no image {path}."))
        size = path.stat().st_size
        if size > LARGEST:
            raise FileError(
                visible(f"The image {path} has {size / 1e6:.1f} MB; up to 8 MB can go along."),
                hint="Scale it down.",
            )
        data = path.read_bytes()
    except OSError as error:
        raise FileError(visible(f"The image {path} cannot be read: {error.strerror}.")) from error
    if not data.startswith(_SIGNS) or (data.startswith(b"RIFF") and data[8:12] != b"WEBP"):
        raise FileError(visible(f"{path} is no image."), hint="PNG, JPEG and WebP will do.")
    return data
