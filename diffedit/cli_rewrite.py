"""The words of `diffedit rewrite`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from diffedit.cli_parser import Parser, named
from diffedit.config.settings import load
from diffedit.core.errors import RequestError
from diffedit.engine.params import STRENGTHS, DenoiseParams
from diffedit.engine.task import MODES
from diffedit.headless.rewrite import Order, parse_lines


def order_of(words: Sequence[str]) -> Order:
    """What the words ask for. Raises RequestError."""
    given = _parser().parse_args(words)
    first, *more = given.instruction or [""]
    if given.mode == "rewrite" and not all(words.strip() for words in (first, *more)):
        raise RequestError("Say what is to be done.", hint='Give it with -i "...".')
    path = Path(given.file)
    chosen = load({"model": given.model, "device": given.device}, folder=path.absolute().parent)
    dials = {name: getattr(given, name) for name in ("max_steps", "candidates", "seed")}
    if given.strength is not None:
        dials["noise"] = STRENGTHS[given.strength - 1][1]
    params = replace(chosen.params, **_dials(dials))
    return Order(
        path=path,
        lines=tuple(parse_lines(words) for words in given.lines),
        instruction=first,
        more=tuple(more),
        pins=tuple(given.pin or chosen.pins),
        check=chosen.check if given.check else None,
        save_run=Path(given.save_run) if given.save_run else None,
        mode=given.mode,
        model=chosen.model,
        device=chosen.device,
        context=chosen.context_chars,
        params=params,
        thinking=given.thinking,
        images=tuple(map(Path, given.image)),
        options=named(given.option),
        result=given.result or "diff",
    )


def _parser() -> Parser:
    parser = Parser(
        prog="diffedit rewrite",
        description="Rewrite lines of a file without the editor. Prints a unified diff and leaves "
        "the file alone, unless --write is given.",
        epilog="exit codes: 0 a change, 1 no change, 2 wrong usage or file, 3 model or worker "
        "failure, 130 ctrl+c",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("file", metavar="FILE", help="the file")
    add("--lines", required=True, action="append", metavar="A:B", help="first and last line, from "
        "1; again: one more place of the edit")  # fmt: skip
    add("-i", "--instruction", action="append", metavar="TEXT",
        help="what is to be done; a second one goes on from the draft of the first")  # fmt: skip
    add("--mode", choices=MODES, default="rewrite", help="infill replaces the lines by what fits "
        "between their neighbours; continue goes on after the last of them")  # fmt: skip
    add("--model", metavar="NAME", help="see `diffedit models` (default: the one in your settings)")
    add("--device", metavar="NAME", help="auto, cpu or cuda")
    add("--seed", type=int, metavar="N", help="same seed, same text (default: 0)")
    add("--max-steps", type=int, metavar="N", help="denoising steps a canvas may take")
    add("--candidates", type=int, metavar="N", help="answers to denoise side by side")
    add("--strength", type=int, choices=range(1, 6), metavar="1-5", help="1 touches up, 5 is anew")
    add("--pin", action="append", metavar="WHAT",
        help="what stays: signature, comments, indentation, or lines A:B of the file")  # fmt: skip
    add("--check", action="store_true", help="parse the draft, ask ruff and the `check` command "
        "of your settings; mend the lines that fail, at most three times")  # fmt: skip
    add("--save-run", metavar="FILE", help="write the run for `diffedit replay`")
    add("--thinking", action="store_true", help="ask for the model's reasoning, if it has any")
    add("--image", action="append", default=[], metavar="PICTURE",
        help="a screenshot or a diagram that the instruction is about")  # fmt: skip
    add("--option", action="append", default=[], metavar="K=V", help="a word for the backend")
    result = parser.add_mutually_exclusive_group()
    for name, told in (
        ("write", "save the file, atomically, in its own encoding and line ends"),
        ("diff", "print a unified diff (the default)"),
        ("json", "print every message of the worker, one JSON object a line"),
    ):
        result.add_argument(f"--{name}", dest="result", action="store_const", const=name, help=told)
    return parser


def _dials(flags: Mapping[str, Any]) -> dict[str, Any]:
    """The dials that were given, each checked by itself. Raises RequestError, by its flag."""
    given = {name: value for name, value in flags.items() if value is not None}
    for name, value in given.items():
        try:
            DenoiseParams.asked(**{name: value})
        except RequestError as error:
            flag = f"--{name.replace('_', '-')}"
            raise RequestError(error.message.replace(name, flag, 1)) from error
    return given
