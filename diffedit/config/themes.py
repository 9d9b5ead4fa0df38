"""Theme files to Theme: palette, `inherits`, and every error with its file and line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """The look of everything, as Rich style strings with the palette's names resolved."""

    name: str
    dark: bool
    ui: dict[str, str]
    syntax: dict[str, str]
    """By Pygments token name ("Name.Function"); a token without one takes its parent's."""
    draft: dict[str, str]


def names() -> tuple[str, ...]:
    """All themes that can be loaded, in alphabetical order."""
    raise NotImplementedError


def load(name: str) -> Theme:
    """The theme of that name. Raises RequestError, with file and line, for a faulty one."""
    raise NotImplementedError
