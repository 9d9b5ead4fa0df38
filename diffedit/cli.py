"""Words to commands. What a command needs is imported inside it, so that `--help` is instant."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from diffedit import __version__
from diffedit.cli_parser import Parser, say
from diffedit.cli_terminal import screen_on_stderr
from diffedit.core.errors import DiffeditError, FileError, ModelError, RequestError

USAGE = """\
usage: diffedit [OPTIONS] [FILE[:LINE[:COL]] | +LINE[:COL] FILE | -] ...
       diffedit COMMAND ...
"""

COMMANDS_HELP = """\
commands:
  rewrite FILE --lines A:B -i "..."   rewrite lines of a file without the editor
  replay FILE                         look at a saved run; --svg makes a film of it
  proofread FILE                      where the file surprises the model
  models [list|info|pull|add|remove]  the models on this machine
  config [--path]                     the settings in force, and where each comes from
  themes                              the themes there are
  plugins                             the plugins there are, and what is wrong with them
  tune [FOLDER]                       adapt the model in the box to a folder of code
  bench speed                         measure the editor on this machine
  bench rework                        what going on from a draft costs, against afresh
  bench editors                       measure it beside micro, vim, nano and helix
  bench quality                       score a model on held-out edits with checked answers
  bench refine                        parallel refinement against a token at a time
  bench gemma                         our denoising loop against transformers' own
  bench cancel                        how long a cancel takes to be heard
  worker                              run the model's side on stdin and stdout (for ssh)

A file named like a command is opened with ./ before it. `diffedit COMMAND --help` tells more.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line. Every failure is one line and an exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        if words and words[0] in COMMANDS:
            return COMMANDS[words[0]](words[1:])
        gc.disable()  # the start makes next to no garbage; the screen enables it, once seen
        return edit(words)
    except DiffeditError as error:
        say(str(error))
        return 2 if error.kind == "request" else 3
    except KeyboardInterrupt:
        say("cancelled.")
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone; the interpreter must not complain of it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 141
    finally:
        gc.enable()


# The editor ------------------------------------------------------------------------------------


def edit(words: Sequence[str]) -> int:
    """Open the editor on files, on stdin, or on the guided tour."""
    parser = Parser(
        prog="diffedit",
        usage=USAGE.removeprefix("usage: ").rstrip(),
        description="An editor in which a text diffusion model rewrites your selection in place.",
        epilog=COMMANDS_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="files to open; - reads stdin")
    parser.add_argument("--demo", action="store_true", help="a short guided tour on a sample")
    parser.add_argument("--theme", metavar="NAME", help="the theme, for this time")
    parser.add_argument("--model", metavar="NAME", help="the model, for this time")
    parser.add_argument("--device", metavar="NAME", help="auto, cpu or cuda")
    parser.add_argument("--binary", action="store_true", help="open binary files all the same")
    parser.add_argument("--version", action="version", version=f"diffedit {__version__}")
    given = parser.parse_args(words)

    from diffedit.core.filespec import parse_words  # noqa: PLC0415

    specs = parse_words([word for word in given.files if word != "-"])
    for spec in specs:
        check_file(spec.path, binary=given.binary)
    if not sys.stdout.isatty():
        raise RequestError(
            "The editor needs a terminal.", hint="`diffedit rewrite` works without one."
        )
    stdin_text = take_stdin() if "-" in given.files else None
    if not sys.stdin.isatty():
        attach_keyboard()
    from diffedit.config import settings  # noqa: PLC0415

    flags = {"theme": given.theme, "model": given.model, "device": given.device}
    chosen = settings.load({name: value for name, value in flags.items() if value is not None})

    from diffedit.ui.run import run  # noqa: PLC0415 - Textual must find the keyboard on fd 0

    with screen_on_stderr():
        return run(specs, chosen, demo=given.demo, stdin_text=stdin_text)


def check_file(path: Path, *, binary: bool) -> None:
    """Refuse what cannot be edited, before the screen is taken over. Raises FileError."""
    if path.is_dir():
        raise FileError(f"{path} is a folder.", hint="Name a file in it.")
    if not path.exists():
        return
    if not path.is_file():
        raise FileError(f"{path} is not a regular file.")

    from diffedit.core.files import looks_binary  # noqa: PLC0415

    try:
        with path.open("rb") as source:
            head = source.read(8192)
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}.") from error
    if not binary and looks_binary(head):
        raise FileError(f"{path} is a binary file.", hint="--binary opens it all the same.")


def take_stdin() -> str:
    """All of stdin as text."""
    from diffedit.core.files import decode  # noqa: PLC0415

    if sys.stdin.isatty():
        raise RequestError("There is nothing on stdin.", hint="Pipe some text into `diffedit -`.")
    return decode(sys.stdin.buffer.read())[0]


def attach_keyboard() -> None:
    """Put the terminal where stdin was, so that the keyboard is not eaten by a pipe."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError as error:
        raise RequestError("The editor needs a terminal to read keys from.") from error
    os.dup2(terminal, 0)
    os.close(terminal)
    sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", closefd=False)  # type: ignore[misc] # noqa: SIM115 - a descriptor, and it stays open


# The commands ----------------------------------------------------------------------------------


def rewrite(words: Sequence[str]) -> int:
    """`diffedit rewrite`: one edit without the screen."""
    from diffedit.cli_rewrite import order_of  # noqa: PLC0415
    from diffedit.headless.output import Output  # noqa: PLC0415
    from diffedit.headless.rewrite import run  # noqa: PLC0415

    return run(order_of(words), Output())


def replay(words: Sequence[str]) -> int:
    """`diffedit replay`: a saved run, step by step."""
    from diffedit import cli_replay  # noqa: PLC0415

    return cli_replay.replay(words)


def proofread(words: Sequence[str]) -> int:
    """`diffedit proofread`: where a text surprises a model."""
    from diffedit import cli_replay  # noqa: PLC0415

    return cli_replay.proofread(words)


def models(words: Sequence[str]) -> int:
    """`diffedit models`: what is on this machine."""
    from diffedit import cli_models  # noqa: PLC0415

    return cli_models.run(words)


def config(words: Sequence[str]) -> int:
    """`diffedit config`: what is in force, and from where."""
    from diffedit import cli_config  # noqa: PLC0415

    return cli_config.run(words)


def themes(words: Sequence[str]) -> int:
    """`diffedit themes`: one name a line."""
    Parser(prog="diffedit themes", description="The themes there are.").parse_args(words)
    from diffedit.config import themes as store  # noqa: PLC0415

    for name in (*store.names(), *store.styles()):
        kind = "dark" if store.load(name).dark else "light"
        sys.stdout.write(f"{name:<28} {kind}\n")
    return 0


def plugins(words: Sequence[str]) -> int:
    """`diffedit plugins`: what is there, without running any of it."""
    Parser(prog="diffedit plugins", description="The plugins there are.").parse_args(words)
    from diffedit.cli_models import list_plugins  # noqa: PLC0415

    return list_plugins()


def bench(words: Sequence[str]) -> int:
    """`diffedit bench`: the scales."""
    if words and words[0] in ("quality", "refine", "gemma", "cancel"):
        from diffedit.bench import cancel, gemma, quality, refine  # noqa: PLC0415

        own = {"quality": quality, "refine": refine, "gemma": gemma, "cancel": cancel}
        code: int = own[words[0]].main(words[1:])
        return code
    parser = Parser(
        prog="diffedit bench",
        description="Measure the editor (speed), a model (quality), what parallel refinement gains "
        "(refine), DiffusionGemma's loop (gemma), a cancel (cancel), going on from a draft "
        "(rework), or others (editors).",
        epilog="`bench quality --help` tells what quality takes; so do refine, gemma and cancel.",
    )
    choices = ["speed", "quality", "refine", "gemma", "cancel", "rework", "editors"]
    parser.add_argument("what", choices=choices)
    parser.add_argument("--model", default="small", metavar="NAME", help="small, or null")
    parser.add_argument("--device", default="auto", metavar="NAME", help="auto, cpu or cuda")
    parser.add_argument("--json", action="store_true", help="figures as one JSON object")
    given = parser.parse_args(words)
    if given.what == "rework":
        from diffedit.bench import rework  # noqa: PLC0415

        return rework.run(given.model, device=given.device, as_json=given.json)
    if given.what == "editors":
        from diffedit.bench import beside  # noqa: PLC0415

        return beside.run(as_json=given.json)
    from diffedit.bench import speed  # noqa: PLC0415

    return speed.run(given.model, device=given.device, as_json=given.json)


def tune(words: Sequence[str]) -> int:
    """`diffedit tune`: the workbench."""
    from diffedit.worker.main import QUIET  # noqa: PLC0415

    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    try:
        from diffedit.tune import run  # noqa: PLC0415 - torch
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ModelError(
            "Tuning needs torch, which is not installed here.",
            hint="`pip install 'diffedit[tune]'` gets it.",
        ) from error
    return run.main(words)


def worker(words: Sequence[str]) -> int:
    """`diffedit worker`: the model's side, for the other end of an ssh."""
    description = "The model's side, on stdin and stdout. The editor starts it by itself."
    Parser(prog="diffedit worker", description=description).parse_args(words)
    from diffedit.worker.main import main as serve  # noqa: PLC0415

    return serve()


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "rewrite": rewrite,
    "replay": replay,
    "proofread": proofread,
    "models": models,
    "config": config,
    "themes": themes,
    "plugins": plugins,
    "bench": bench,
    "tune": tune,
    "worker": worker,
}
