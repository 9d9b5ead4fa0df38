"""`diffedit config`: what is in force, and from where."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from diffedit.cli_parser import Parser


def run(words: Sequence[str]) -> int:
    """Print the settings as they stand here, as TOML; each line tells where its value is from."""
    parser = Parser(
        prog="diffedit config",
        description="The settings in force in this folder, and where each comes from.",
        epilog="What it prints is TOML: lines of it can be put into your settings file.",
    )
    parser.add_argument("--path", action="store_true", help="only the path of your settings file")
    given = parser.parse_args(words)
    from diffedit.config import in_force, settings  # noqa: PLC0415 - as every command does

    if given.path:
        sys.stdout.write(f"{settings.settings_file()}\n")
        return 0
    for line in in_force.lines(settings.load()):
        sys.stdout.write(f"{line}\n")
    return 0
