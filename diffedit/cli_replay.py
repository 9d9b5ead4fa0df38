"""The words of `diffedit replay` and `diffedit proofread`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from diffedit.cli_parser import Parser
from diffedit.core.errors import RequestError


def replay(words: Sequence[str]) -> int:
    """Look at a saved run: on the screen, as text where there is none, or as an animated SVG."""
    parser = Parser(
        prog="diffedit replay",
        description="Look at a run that was saved with s: step by step in the editor; as text "
        "where the output is no terminal.",
        allow_abbrev=False,
    )
    parser.add_argument("file", metavar="FILE", help="the saved run")
    parser.add_argument("--svg", metavar="OUT", help="draw it into a new animated SVG file instead")
    parser.add_argument("--pace", type=float, default=4.0, metavar="N", help="steps a second (4)")
    given = parser.parse_args(words)
    if not 0.1 <= given.pace <= 60:
        raise RequestError(f"--pace is a number from 0.1 to 60, not {given.pace:g}.")
    from diffedit.headless import replay as back_door  # noqa: PLC0415
    from diffedit.headless.output import Output  # noqa: PLC0415
    from diffedit.worker import tape  # noqa: PLC0415

    link, language = tape.read(Path(given.file))
    if given.svg:
        return back_door.write_svg(link, Path(given.svg), Output(), per_second=given.pace)
    if not sys.stdout.isatty():
        return back_door.write_steps(link, Output())
    from diffedit.cli_terminal import screen_on_stderr  # noqa: PLC0415
    from diffedit.config import settings  # noqa: PLC0415
    from diffedit.ui.run import run_replay  # noqa: PLC0415

    with screen_on_stderr():
        return run_replay(link, language, settings.load())


def proofread(words: Sequence[str]) -> int:
    """Where a file surprises a model."""
    parser = Parser(
        prog="diffedit proofread",
        description="Tell where a file surprises a model, most surprising first, and what it "
        "would sooner expect there.",
        epilog="exit codes: 0 some place, 1 none, 2 wrong usage or file, 3 model failure",
        allow_abbrev=False,
    )
    parser.add_argument("file", metavar="FILE", help="the file")
    parser.add_argument(
        "--lines", action="append", metavar="A:B", help="first and last line (default: all)"
    )
    parser.add_argument("--most", type=int, default=10, metavar="N", help="places to tell (10)")
    parser.add_argument("--model", metavar="NAME", help="see `diffedit models`")
    parser.add_argument("--device", metavar="NAME", help="auto, cpu or cuda")
    given = parser.parse_args(words)
    first, *more = given.lines or [""]
    if more:
        raise RequestError("Give --lines once: one stretch is read at a time.")
    from diffedit.config import settings  # noqa: PLC0415
    from diffedit.headless import proofread as back_door  # noqa: PLC0415
    from diffedit.headless.output import Output  # noqa: PLC0415
    from diffedit.headless.rewrite import parse_lines  # noqa: PLC0415

    chosen = settings.load({"model": given.model, "device": given.device})
    order = back_door.Order(
        path=Path(given.file),
        lines=parse_lines(first) if given.lines else None,
        model=chosen.model,
        device=chosen.device,
        most=given.most,
    )
    return back_door.run(order, Output())
