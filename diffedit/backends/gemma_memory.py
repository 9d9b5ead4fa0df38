"""What this machine has, and which weights fit into it. Nothing heavy is imported."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from diffedit.backends.gemma_sizes import SMALL_KINDS, Kind, Need
from diffedit.core.errors import OutOfMemoryError, RequestError

RESERVE = 50_000_000
"""Bytes left free on a GPU for activations."""
HOST_RESERVE = 500_000_000
"""Bytes left free on the host for everything else."""
BUS = 25e9
"""Bytes a second from the host to a GPU: PCIe 4.0 with 16 lanes, as it is in practice."""
ORDER: tuple[Kind, ...] = ("bf16", "int8", "int4")
"""What is tried, the truest first. fp8 takes int8's room and is less true: only if asked for."""
SERVER = "A server can run it instead: see openai_compatible in plugins/README.md."


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Free and whole memory, in bytes; no GPU: its name is ""."""

    host_free: int
    host: int
    gpu_name: str = ""
    gpu_free: int = 0
    gpu: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to load, and where."""

    kind: Kind
    device: str
    """cpu or cuda."""
    offload: bool = False
    note: str = ""
    """What a person should know of its speed."""


def machine() -> Machine:
    """This machine, as the system and the driver's own tool tell it."""
    host_free, host = _host()
    name, free, whole = _gpu()
    return Machine(host_free=host_free, host=host, gpu_name=name, gpu_free=free, gpu=whole)


def choose(needs: Mapping[Kind, Need], here: Machine, *, device: str, wanted: str) -> Plan:
    """The truest weights that fit, or those that are wanted. Raises OutOfMemoryError.

    `device` is auto, cpu or cuda; `wanted` auto or a kind. On a GPU that is too small the experts
    may stay in the host's memory. RequestError for a kind that there is not.
    """
    if wanted != "auto" and wanted not in needs:
        raise RequestError(f"There are no weights {wanted!r}.", hint=f"Say auto, {_list(needs)}.")
    kinds = [kind for kind in needs if kind == wanted] or [kind for kind in ORDER if kind in needs]
    on_gpu = device == "cuda" or (device == "auto" and bool(here.gpu_name))
    if on_gpu:
        for kind in kinds:
            if needs[kind].total + RESERVE <= here.gpu_free:
                return Plan(kind=kind, device="cuda")
        for kind in reversed(kinds):
            if _offloads(needs[kind], here):
                note = _cost(needs[kind])
                return Plan(kind=kind, device="cuda", offload=True, note=note)
    if not on_gpu or device == "auto":
        for kind in kinds:
            if needs[kind].total + HOST_RESERVE <= here.host_free:
                return Plan(kind=kind, device="cpu", note=_slow(needs[kind]))
    raise _too_little(needs, kinds, here, on_gpu=on_gpu)


def is_lack(error: BaseException) -> bool:
    """Whether memory ran out: torch says so in an error of its own on CUDA, elsewhere in words."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _LACK)


_LACK = ("can't allocate memory", "out of memory", "not enough memory", "STATUS_ALLOC_FAILED")


def _fits(need: Need, here: Machine, *, on_gpu: bool) -> bool:
    """Whether there is any way for it."""
    if not on_gpu:
        return need.total + HOST_RESERVE <= here.host_free
    return need.total + RESERVE <= here.gpu_free or _offloads(need, here)


def _offloads(need: Need, here: Machine) -> bool:
    return need.offloaded + RESERVE <= here.gpu_free and need.experts < here.host_free


def gigabytes(size: int) -> str:
    """Bytes for people; a gigabyte is 10^9."""
    return f"{size / 1e9:.1f} GB"


def _too_little(
    needs: Mapping[Kind, Need], kinds: list[Kind], here: Machine, *, on_gpu: bool
) -> OutOfMemoryError:
    """How much is needed, how much there is, and which smaller weights would do."""
    least = min(kinds, key=lambda kind: needs[kind].total)
    where, free, reserve = "of memory", here.host_free, HOST_RESERVE
    if on_gpu:
        where, free, reserve = "on the GPU", here.gpu_free, RESERVE
    smaller = [
        kind
        for kind in SMALL_KINDS
        if kind in needs and kind not in kinds and _fits(needs[kind], here, on_gpu=on_gpu)
    ]
    hint = SERVER
    if smaller:
        need = needs[smaller[-1]]
        hint = f"Say --option weights={need.kind}: it needs {gigabytes(need.total)}."
    return OutOfMemoryError(
        f"Weights in {least} need {gigabytes(needs[least].total + reserve)} {where}, "
        f"cache and working room included; {gigabytes(free)} are free.",
        hint=hint,
    )


def _cost(need: Need) -> str:
    seconds = need.experts / BUS
    return (
        f"The experts ({gigabytes(need.experts)}) stay in the host's memory and cross to the GPU "
        f"at every step: about {seconds:.1f} s a step at {BUS / 1e9:.0f} GB/s."
    )


def _slow(need: Need) -> str:
    if need.weights < 2_000_000_000:
        return ""
    return "It runs on the CPU: a step over a canvas takes many seconds. A GPU is what it is for."


def _list(needs: Mapping[Kind, Need]) -> str:
    return " or ".join((", ".join(list(needs)[:-1]), list(needs)[-1]))


def _host() -> tuple[int, int]:
    """Free and whole memory of the host, within the limit of a container."""
    whole = free = 0
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        told = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines}
        whole, free = told["MemTotal"], told["MemAvailable"]
    except (OSError, ValueError, KeyError, IndexError):
        try:
            whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        except (OSError, ValueError, AttributeError):
            whole = 0
        free = whole
    try:
        limit = int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii"))
        used = int(Path("/sys/fs/cgroup/memory.current").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return free, whole
    return min(free, max(0, limit - used)), min(whole, limit)


def _gpu() -> tuple[str, int, int]:
    """Name, free and whole memory of the first NVIDIA GPU; ("", 0, 0) without one."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return "", 0, 0
    asked = ["--query-gpu=name,memory.free,memory.total", "--format=csv,noheader,nounits"]
    try:
        told = subprocess.run(
            [tool, *asked], capture_output=True, text=True, timeout=10, check=True
        ).stdout
        name, free, whole = (word.strip() for word in told.splitlines()[0].rsplit(",", 2))
        return name, int(free) << 20, int(whole) << 20
    except (OSError, ValueError, IndexError, subprocess.SubprocessError):
        return "", 0, 0
