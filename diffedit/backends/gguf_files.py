"""GGUF files on disk: looked at once, re-quantized once, and told how much memory they take."""

from __future__ import annotations

import ctypes
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from diffedit.backends import gguf_library, gguf_stamp
from diffedit.backends.gguf_context import memory_of
from diffedit.backends.gguf_model import GgufModel
from diffedit.backends.gguf_options import KINDS, Options
from diffedit.core.errors import FileError, ModelError, OutOfMemoryError
from diffedit.core.show import visible


def ready(path: Path, options: Options) -> Path:
    """The file to load: this one, or what it was re-quantized to. Raises FileError, ModelError."""
    if not path.is_file():
        raise FileError(visible(f"{path} is not a file."), hint="`diffedit models` lists yours.")
    _check_memory(path, path.stat().st_size)
    if not options.requantize or options.keep is None:
        return path
    made = options.keep / f"{gguf_stamp.mark(path)}.{options.requantize}.gguf"
    if not made.is_file():
        _requantize(path, made, options)
    return made


def open_model(
    path: Path, options: Options, layers: int, report: Callable[[float], None]
) -> GgufModel:
    """The model of a file, every weight looked at if that has not been done yet.

    Raises OutOfMemoryError where the machine has less than it takes.
    """
    check = not gguf_stamp.sound(options.keep, path)
    model = GgufModel(path, layers=layers, check=check, report=report)
    if not layers:
        context = options.context or gguf_stamp.CONTEXT
        _check_memory(path, memory_of(model, context, path.stat().st_size))
    return model


def passed(path: Path, options: Options, model: GgufModel) -> None:
    """Remember that the weights of this very file are sound."""
    if options.keep is not None and not gguf_stamp.sound(options.keep, path):
        facts = gguf_stamp.Facts(
            architecture=visible(model.architecture),
            kind=model.kind,
            memory=memory_of(model, gguf_stamp.CONTEXT, path.stat().st_size),
        )
        gguf_stamp.write(options.keep, path, facts)


def _check_memory(path: Path, need: int) -> None:
    """Refuse a file larger than the machine's memory. Raises OutOfMemoryError."""
    there = gguf_library.memory()
    if there and need > there:
        raise OutOfMemoryError(
            visible(f"{path.name} takes {need / 1e9:.1f} GB of memory; ")
            + f"this machine has {there / 1e9:.1f} GB.",
            hint="Choose a smaller file of the model (Q4_0, say), or a smaller model.",
        )


def _requantize(path: Path, made: Path, options: Options) -> None:
    """Write the file anew with smaller weights; nothing half is left. Raises ModelError."""
    functions = gguf_library.library()
    params = functions.llama_model_quantize_default_params()
    params.ftype = KINDS[options.requantize]
    params.allow_requantize = True
    params.nthread = options.threads or gguf_library.usual_threads()
    made.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".part-", dir=made.parent) as folder:
        part = Path(folder) / "model.gguf"
        gguf_library.forget_what_was_said()
        code = functions.llama_model_quantize(
            os.fsencode(path), os.fsencode(part), ctypes.byref(params)
        )
        if code or not part.is_file():
            why = gguf_library.cause() or f"code {code}"
            raise ModelError(visible(f"{path.name} could not be re-quantized: {why}."))
        part.replace(made)
