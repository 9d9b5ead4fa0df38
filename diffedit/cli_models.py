"""`diffedit models` and `diffedit plugins`: what is on this machine."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from diffedit.cli_parser import Parser, say
from diffedit.config import checkpoints, hub, model_info, models, plugins
from diffedit.core.errors import ModelError, RequestError
from diffedit.core.show import visible
from diffedit.headless.output import Output


def run(words: Sequence[str]) -> int:
    """List the models, or do to them what the words say. Raises DiffeditError."""
    given = _parser().parse_args(words)
    if given.what == "pull":
        _pull(given.name, agreed=given.yes)
    elif given.what == "info":
        model = models.find(given.name)
        for line in model_info.lines(model, device=given.device, wanted=given.weights):
            sys.stdout.write(visible(line) + "\n")
    elif given.what == "add":
        added = models.add(Path(given.file), given.name)
        say(f"added {added.name}: {added.summary}.")
    elif given.what == "remove":
        models.remove(given.name)
        say(f"removed {given.name}.")
    elif given.what == "path":
        model = models.find(given.name)
        if not model.installed or not model.path:
            raise ModelError(f"{given.name} is not on this machine.")
        sys.stdout.write(f"{model.path}\n")
    else:
        _list()
    return 0


def list_plugins() -> int:
    """One plugin a line; what is wrong with others goes to stderr, and harms nothing."""
    found = plugins.find()
    for plugin in found.plugins:
        about = plugin.summary or plugin.title
        line = f"{plugin.name:<20} {plugin.kind:<8} {plugin.source}  {about}"
        sys.stdout.write(line.rstrip() + "\n")
    for notice in found.notices:
        say(notice)
    return 0


def _parser() -> Parser:
    parser = Parser(prog="diffedit models", description="The models on this machine.")
    actions = parser.add_subparsers(dest="what", metavar="list|info|pull|add|remove|path")
    actions.add_parser("list", help="what is here, and what can be fetched")
    info = actions.add_parser("info", help="what a model needs, and what this machine has")
    info.add_argument("name", metavar="NAME")
    info.add_argument("--weights", default="auto", metavar="KIND", help="bf16, fp8, int8 or int4")
    info.add_argument("--device", default="auto", metavar="NAME", help="auto, cpu or cuda")
    pull = actions.add_parser("pull", help="fetch a model")
    pull.add_argument(
        "name", nargs="?", default="small", metavar="NAME", help="or OWNER/NAME[@REVISION] of a hub"
    )
    pull.add_argument("--yes", action="store_true", help="agree to its licence without being asked")
    add = actions.add_parser("add", help="take a model file or a checkpoint's folder")
    add.add_argument("file", metavar="FILE")
    add.add_argument("--name", metavar="NAME", help="what to call it (default: the file's name)")
    remove = actions.add_parser("remove", help="delete a model from this machine")
    remove.add_argument("name", metavar="NAME")
    path = actions.add_parser("path", help="print where a model's file is")
    path.add_argument("name", metavar="NAME")
    return parser


def _list() -> None:
    for model in models.list_models():
        size = f"{model.size / 1e6:.0f} MB" if model.size else ""
        here = "installed" if model.installed else "can be pulled"
        sys.stdout.write(f"{model.name:<20} {here:<14} {size:>8}  {model.summary}".rstrip() + "\n")


def _agreed(found: hub.Offer) -> bool:
    """Show what would be fetched and under which licence; whether the person wants it."""
    say(
        f"{found.repository} at {found.revision[:12]}: {found.size / 1e9:.1f} GB in "
        f"{len(found.files)} files. Licence: {found.licence}."
    )
    if not sys.stdin.isatty():
        raise RequestError("Nobody is here to agree to the licence.", hint="Say --yes.")
    sys.stderr.write("Fetch it under this licence? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _pull(name: str, *, agreed: bool) -> None:
    """Fetch with a progress line; ctrl+c leaves nothing that looks like a model."""
    output = Output()
    found = checkpoints.ask(name) if models.can_be_asked(name) else None
    if found and not agreed and not _agreed(found):
        say("nothing was fetched.")
        return

    def report(done: int, total: int) -> None:
        share = f"{100 * done // total:3d}%" if total else ""
        output.progress(f"Fetching {name} {share} ({done / 1e6:.0f} MB)")

    try:
        model = models.take(found, report) if found else models.pull(name, report)
    finally:
        output.clear()
    say(f"{model.name} is installed.")
