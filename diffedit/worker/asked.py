"""A task and its dials on their way to the worker: as a message has them, and as a backend does."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from diffedit.core.errors import RequestError
from diffedit.engine.params import DenoiseParams
from diffedit.engine.task import Task
from diffedit.worker.messages import Asked


def told_of(task: Task, params: DenoiseParams) -> dict[str, Any]:
    """The fields of every message that asks for something of a task."""
    names = (name for name in Asked.__struct_fields__ if name != "params")
    return {name: getattr(task, name) for name in names} | {"params": dataclasses.asdict(params)}


def task_of(asked: Asked) -> Task:
    """The task as the engine knows it; the wire's own fields stay behind."""
    names = {field.name for field in dataclasses.fields(Task)}.intersection(asked.__struct_fields__)
    return Task(**{name: getattr(asked, name) for name in names})


def params_of(dials: Mapping[str, object]) -> DenoiseParams:
    """The dials, checked by name and value. Raises RequestError."""
    unknown = sorted(set(dials) - set(DenoiseParams.names()))
    if unknown:
        known = ", ".join(DenoiseParams.names())
        raise RequestError(f"No dial named {unknown[0]!r}. There are: {known}.")
    return DenoiseParams(**dials)  # type: ignore[arg-type] # each is checked by the class itself
