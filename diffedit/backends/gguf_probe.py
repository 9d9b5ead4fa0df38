"""Look at a GGUF file in a process of its own: a damaged one may end the process that reads it.

`python -m diffedit.backends.gguf_probe FILE` prints one JSON object on its last line.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from diffedit.backends.gguf_stamp import Facts
from diffedit.core.errors import DiffeditError, ModelError
from diffedit.core.show import visible

PATIENCE_S = 600
"""A file of many gigabytes on a slow disk takes minutes."""


def look(path: Path) -> Facts:
    """What the file is, every weight looked at. Raises ModelError in one line."""
    try:
        run = subprocess.run(
            [sys.executable, "-m", "diffedit.backends.gguf_probe", str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"GGML_NO_BACKTRACE": "1", "OMP_WAIT_POLICY": "passive"},
            timeout=PATIENCE_S,
            check=False,
        )
        told = json.loads(run.stdout.decode("utf-8", "replace").splitlines()[-1])
    except subprocess.TimeoutExpired as error:
        raise ModelError(
            visible(f"{path.name} was not read within {PATIENCE_S // 60} minutes.")
        ) from error
    except (IndexError, ValueError) as error:
        how = f" by {signal.Signals(-run.returncode).name}" if run.returncode < 0 else ""
        raise ModelError(
            visible(f"llama.cpp was ended{how} by {path.name}: the file is damaged."),
            hint="Fetch it again, or choose another.",
        ) from error
    if "error" in told:
        raise ModelError(str(told["error"]), hint=str(told["hint"]))
    return Facts(**told)


def main(path: Path) -> None:
    """The child's side."""
    from diffedit.backends import gguf_context, gguf_model, gguf_stamp  # noqa: PLC0415 - heavy

    try:
        model = gguf_model.GgufModel(path, check=True)
        told: dict[str, object] = asdict(
            Facts(
                architecture=visible(model.architecture),
                kind=model.kind,
                memory=gguf_context.memory_of(model, gguf_stamp.CONTEXT, path.stat().st_size),
            )
        )
    except DiffeditError as error:
        told = {"error": error.message, "hint": error.hint}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
