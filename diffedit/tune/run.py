"""`diffedit tune`: from a folder of code to an adapter in the store, and a table at the end."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

import torch

from diffedit.backends.adapter_header import CAUSAL, GAPS, MASK, about
from diffedit.backends.small import SHIPPED, SHIPPED_GAPS
from diffedit.backends.small_tokenizer import SmallTokenizer
from diffedit.backends.small_weights import GgufFile, load_weights
from diffedit.cases import source
from diffedit.cases.source import Module
from diffedit.cli_parser import Parser
from diffedit.config import models, paths
from diffedit.core.errors import FileError, ModelError, RequestError
from diffedit.tune import causal, corpus, examples, gaps, mask, tasks, train
from diffedit.tune.export import adopt, export
from diffedit.tune.net import Net
from diffedit.tune.table import table
from diffedit.tune.tasks import Item
from diffedit.tune.train import Mark, Plan

TASKS = 12_000
"""Tasks drawn before the first step; longer runs go round again, with other noise."""
MADE_OF = ("folder", "seed", "objective", "rank", "model", "first")
"""What has to be asked alike for a run to go on."""
RANK = 16
"""Of the adapters that ship with the model, too."""
SECONDS_A_LINE = 30.0
"""Where nobody looks on at a terminal, a line so often."""


@dataclass(frozen=True, slots=True)
class Kit:
    """What a run holds in its hands."""

    given: argparse.Namespace
    folder: Path
    file: GgufFile
    tokenizer: SmallTokenizer
    net: Net


def main(words: Sequence[str]) -> int:
    """Tune, and print the table. Raises DiffeditError."""
    given = _parser().parse_args(words)
    models.check_name(given.name)
    model = models.find(given.model)
    if not model.installed or model.backend != "small":
        hint = f"`diffedit models pull {model.name}` fetches it."
        raise ModelError(f"{model.name} is no model of the box on this machine.", hint=hint)
    folder = paths.data_dir() / "tune" / given.name
    file = GgufFile(Path(model.path))
    first = begin_with(given, file.mark)
    wanted, held = _tasks(given, folder)
    torch.manual_seed(given.seed)
    net = Net(load_weights(file, lambda *_: None), given.rank)
    if first is not None:
        adopt(net, first)
    net.mask_embedding.requires_grad_(given.objective == MASK)
    kit = Kit(given, folder, file, SmallTokenizer(file.fields), placed(net, given.device))
    target = models.store() / f"{given.name}.safetensors"
    try:
        _train(kit, wanted)
    except KeyboardInterrupt:
        say("stopped; the same command goes on from here.")
        raise
    export(kit.net, given.objective, _about(kit, folder), target)
    say(f"{target.stem} is among the models now: diffedit --model {target.stem}")
    if given.check and held:
        say("asking both models for the table")
        sys.stdout.write(table(Path(model.path), target, held[: given.check]) + "\n")
    return 0


def _parser() -> Parser:
    parser = Parser(
        prog="diffedit tune",
        description="Adapt the model in the box to a folder of Python. A kill costs a minute: "
        "the same command goes on from the last checkpoint.",
    )
    parser.add_argument(
        "folder",
        nargs="?",
        metavar="FOLDER",
        help="the code to learn from (default: this Python's library and permissively licensed "
        "packages that are installed here)",
    )
    parser.add_argument("--name", default="tuned", metavar="NAME", help="what to call the result")
    parser.add_argument(
        "--objective",
        choices=[CAUSAL, GAPS, MASK],
        default=CAUSAL,
        help="causal follows edits, gaps fills missing lines, both worth hours of a CPU; mask is "
        "true diffusion, and wants an accelerator",
    )
    parser.add_argument("--minutes", type=float, default=60.0, metavar="M", help="in all, 60")
    parser.add_argument("--steps", type=int, metavar="N", help="at most, whatever the time")
    parser.add_argument("--device", default="auto", metavar="NAME", help="auto, cpu or cuda")
    parser.add_argument("--model", default="small", metavar="NAME", help="what to adapt")
    parser.add_argument(
        "--from",
        dest="first",
        metavar="ADAPTER",
        help="begin with what this one has learnt: a file, or none (default: the one that ships "
        "with the model for the same purpose)",
    )
    parser.add_argument("--rank", type=int, default=RANK, metavar="R", help="of the adapter, 16")
    parser.add_argument("--rate", type=float, default=6e-4, metavar="LR", help="of learning, 6e-4")
    parser.add_argument("--batch", type=int, default=6, metavar="N", help="edits a step, 6")
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="on a CPU, 2")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the tasks")
    parser.add_argument("--check", type=int, default=20, metavar="N", help="edits held out, 20")
    return parser


def begin_with(given: argparse.Namespace, base: str) -> Path | None:
    """The adapter to begin with; None: nothing. Raises ModelError: it is for something else."""
    if given.first == "none":
        return None
    if given.first is None:
        shipped = {CAUSAL: SHIPPED, GAPS: SHIPPED_GAPS, MASK: models.DIFFUSION}[given.objective]
        fits = given.rank == RANK and about(shipped).get("base") == base
        return shipped if fits else None
    path = Path(given.first).expanduser()
    told = about(path)
    if told.get("objective") != given.objective or told.get("base") != base:
        raise ModelError(
            f"{path} is no adapter for {given.objective} and this model.",
            hint="--from none begins with nothing.",
        )
    return path


# Tasks -----------------------------------------------------------------------------------------


def _tasks(given: argparse.Namespace, folder: Path) -> tuple[list[Item], list[Item]]:
    """What to train on, and what is held out for the table; drawn once, and kept."""
    kept = folder / "tasks.json"
    asked = {name: str(getattr(given, name)) for name in MADE_OF}
    if kept.is_file():
        told = json.loads(kept.read_text(encoding="utf-8"))
        if told["asked"] != asked:
            raise RequestError(
                f"A run named {given.name!r} was made of something else.",
                hint=f"Take another --name, or delete {folder}.",
            )
        return [Item(**one) for one in told["tasks"]], [Item(**one) for one in told["held"]]
    if given.folder is not None and not Path(given.folder).expanduser().is_dir():
        raise FileError(f"{given.folder} is not a folder.")
    say("drawing tasks")
    mine, others, refused = _modules(given)
    random = Random(given.seed)

    def drawn(modules: Sequence[Module], count: int) -> list[Item]:
        functions = corpus.functions(modules, refused=refused)
        if given.objective == GAPS:
            files = corpus.texts(modules, refused=refused)
            return tasks.gaps(functions, random, count, files)
        return tasks.draw(functions, random, count, gaps=given.objective == MASK)

    found, held = drawn(mine, TASKS), drawn(others, 400)
    if not found:
        raise FileError("There is no Python here to learn from.", hint="Name another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    told = {
        "asked": asked,
        "tasks": [asdict(one) for one in found],
        "held": [asdict(one) for one in held],
    }
    part = kept.with_suffix(".part")
    part.write_text(json.dumps(told), encoding="utf-8")
    part.replace(kept)
    return found, held


def _modules(
    given: argparse.Namespace,
) -> tuple[list[Module], list[Module], frozenset[str]]:
    if given.folder is None:
        mine, others = corpus.halves(corpus.library())
        return mine, others, corpus.refused()
    root = Path(given.folder).expanduser()
    mine, others = corpus.halves(list(source.modules(root)))
    return mine, others, frozenset()


def short(item: Item, number: int, objective: str) -> Item | None:
    """The task as it is trained on: many of them short, since short ones teach more a second."""
    if item.kind == "missing_line":
        if objective == GAPS:
            return item if number % 2 else tasks.trimmed(item, gaps.SHORT)
        return item if number % 6 == 0 else tasks.trimmed(item, tasks.SHORT)
    longest = 450 if item.kind in tasks.SCARCE else 280
    return item if len(item.code) <= (700 if number % 8 == 0 else longest) else None


# Training --------------------------------------------------------------------------------------


def placed(net: Net, device: str) -> Net:
    """The network on its device; on an accelerator its frozen weights as bfloat16."""
    if device not in {"auto", "cpu", "cuda"}:
        raise RequestError(f"There is no device {device!r} to tune on.", hint="auto, cpu or cuda.")
    if device == "cpu" or not torch.cuda.is_available():
        if device == "cuda":
            raise RequestError("This machine has no CUDA device.")
        return net
    for module in net.modules():
        for name, one in module.named_buffers(recurse=False):
            if name not in {"cos", "sin"}:
                setattr(module, name, one.to(torch.bfloat16))
    return net.to("cuda")


def _train(kit: Kit, wanted: Sequence[Item]) -> None:
    given = kit.given
    shorter = (short(item, number, given.objective) for number, item in enumerate(wanted))
    fit = [item for item in shorter if item is not None] or list(wanted)
    on_gpu = kit.net.embedding.is_cuda
    plan = Plan(
        minutes=given.minutes,
        steps=given.steps,
        rate=given.rate,
        batch=given.batch,
        micro=given.batch if on_gpu else 3,
        threads=1 if on_gpu else max(1, given.threads),
        warmup=10,
    )

    def batches(step: int) -> list[Any]:
        numbers = range(step * plan.batch, (step + 1) * plan.batch)
        return [_example(kit, fit[n % len(fit)], n) for n in numbers]

    looks: dict[str, Callable[..., Any]] = {MASK: mask.look, GAPS: gaps.look}
    look = looks.get(given.objective, causal.look)
    told = 0.0
    for mark in train.train(kit.net, batches, look, plan, kit.folder):
        now = time.monotonic()
        if sys.stderr.isatty() or now - told > SECONDS_A_LINE:
            told = now
            progress(mark)


def _example(kit: Kit, item: Item, number: int) -> Any:
    random, tokenizer = Random(number), kit.tokenizer
    if kit.given.objective == MASK:
        return mask.noised(item, tokenizer.encode, tokenizer.markers, random, tokenizer.size)
    if kit.given.objective == GAPS:
        return gaps.read(item, tokenizer.encode)
    return examples.example(item, tokenizer.encode, tokenizer.markers, random)


def _about(kit: Kit, folder: Path) -> dict[str, str]:
    state = train.load(folder, kit.net)
    return {
        "model": kit.given.model,
        "base": kit.file.mark,
        "code": str(kit.given.folder or "library"),
        "steps": str(state.step),
        "edits": str(state.examples),
        "tokens": str(state.tokens),
        "minutes": f"{state.seconds / 60:.0f}",
        "loss": f"{state.loss:.3f}",
    }


# What is said ----------------------------------------------------------------------------------


def progress(mark: Mark) -> None:
    """One line: on a terminal it replaces the last one."""
    state = mark.state
    left = f"{mark.left_s / 60:.0f} min" if mark.left_s >= 90 else f"{mark.left_s:.0f} s"
    line = (
        f"step {state.step}  loss {state.loss:.3f}  {mark.tokens_per_second:.0f} tokens/s  "
        f"{left} left"
    )
    ends = ("\r\x1b[K", "") if sys.stderr.isatty() else ("", "\n")
    sys.stderr.write(f"{ends[0]}{line}{ends[1]}")
    sys.stderr.flush()


def say(what: str) -> None:
    """A line of its own."""
    start = "\r\x1b[K" if sys.stderr.isatty() else ""
    sys.stderr.write(f"{start}diffedit: {what}\n")
    sys.stderr.flush()
