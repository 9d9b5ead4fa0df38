"""llama.cpp as a library: found, told where to log, and asked what it can do.

The only module that imports llama-cpp-python, and that only when a model is loaded. Its functions
are plain C: a wrong length aborts the process, so `gguf_context` checks each before it calls.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections import deque
from pathlib import Path
from typing import Any

from diffedit.core.errors import ModelError
from diffedit.core.show import visible

EXTRA = "pip install 'diffedit[gguf]'"
FOUND_CAUSE = 8
"""Lines of llama.cpp's log that are looked through for why something failed."""
_HARMLESS = "cannot use buft"
"""Said of every matrix of an adapter whose model is packed anew for this processor."""
_WARNING, _ERROR, _CONTINUED = 3, 4, 5
"""Levels as ggml.h numbers them."""

_said: deque[str] = deque(maxlen=FOUND_CAUSE)
_last: list[str] = []
_left: list[bool] = []
"""Not empty while a call is left because a person cancelled: what it says then is no complaint."""
_kept: list[Any] = []
"""What C still points to: a callback that is collected is a crash."""


def library() -> Any:
    """The C functions of llama.cpp, ready for use. Raises ModelError where there are none."""
    if _kept:
        return _kept[0]
    # Threads that wait by spinning make two of them on a busy two-core machine 15 times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        from llama_cpp import llama_cpp as functions  # noqa: PLC0415 - heavy, and an extra
    except ImportError as error:
        raise ModelError(
            "GGUF files run through llama.cpp, which is not installed.", hint=f"{EXTRA} adds it."
        ) from error
    except (OSError, RuntimeError, AttributeError) as error:
        raise ModelError(
            f"llama.cpp cannot be loaded: {visible(str(error))}.", hint=f"Install it anew: {EXTRA}."
        ) from error
    logged = functions.llama_log_callback(_log)
    functions.llama_log_set(logged, ctypes.c_void_p(0))
    functions.llama_backend_init()
    _check_layout(functions)
    _kept.extend((functions, logged))
    return functions


def _check_layout(functions: Any) -> None:
    """See that the binding and the library agree on their structs. Raises ModelError.

    They are passed by value and carry no size: one field more in the library shifts all others.
    """
    context = functions.llama_context_default_params()
    model = functions.llama_model_default_params()
    # The defaults that llama.h documents: 2048 tokens a batch, f16 caches, offloading on.
    sane = (context.n_batch, context.type_k, context.type_v) == (2048, 1, 1)
    if not (sane and context.offload_kqv and context.swa_full and model.use_extra_bufts):
        raise ModelError(
            "llama-cpp-python and its llama.cpp are of different versions.",
            hint=f"Install it anew: {EXTRA}.",
        )


def _log(level: int, text: bytes | None, _data: object) -> None:
    """llama.cpp's words, warnings and worse, into our log; never a terminal's business."""
    line = visible((text or b"").decode("utf-8", "replace").strip())
    if level not in (_WARNING, _ERROR) or not line or _HARMLESS in line or _left:
        return
    _said.append(line)
    # Some complaints come at every step; the log needs to hear them once.
    if _last and _last[0] == line:
        return
    _last[:] = [line]
    sys.stderr.write(f"llama.cpp: {line}\n")


def forget_what_was_said() -> None:
    """Begin a call whose failure is to be explained."""
    _said.clear()
    _left.clear()


def leaves() -> None:
    """The call that is going on is being left: until the next one nothing is logged."""
    _left.append(True)


def cause() -> str:
    """Why the last call failed, in llama.cpp's own words; "" if it said nothing."""
    found = next((line for line in _said if "rror" in line), _said[-1] if _said else "")
    return found.rsplit(": error ", 1)[-1].removeprefix("llama_model_load: ")


def version() -> str:
    """The version of llama.cpp."""
    return str(library().llama_version().decode("utf-8", "replace"))


def physical_cores() -> int:
    """Cores of this machine that this process may use, counted without their second threads."""
    allowed = sorted(
        os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    )
    cores = set()
    for number in allowed:
        place = Path(f"/sys/devices/system/cpu/cpu{number}/topology/thread_siblings_list")
        try:
            cores.add(place.read_text(encoding="ascii").strip())
        except OSError:
            cores.add(str(number))
    return max(1, len(cores))


def usual_threads() -> int:
    """Threads that a model takes unless told otherwise: one core is left for the editor."""
    return max(1, physical_cores() - 1)


def memory() -> int:
    """This machine's memory in bytes; 0 if it cannot be told."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0
