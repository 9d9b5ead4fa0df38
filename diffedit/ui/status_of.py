"""What the status line says of a buffer, the model, and whatever is going on."""

from __future__ import annotations

import time

from diffedit.core.files import Form
from diffedit.ui.buffers import Buffer
from diffedit.ui.editing import Editing
from diffedit.ui.model_room import ModelRoom
from diffedit.ui.status import Status

NEWLINES = {"\n": "LF", "\r\n": "CRLF", "\r": "CR"}


def status_of(buffer: Buffer, editing: Editing, models: ModelRoom, *, indent: str) -> Status:
    """All of it as one value; `indent` says what one level of indentation is."""
    row, column = buffer.page.text.location(buffer.page.selection.head)
    running = editing.running
    return Status(
        name=buffer.name,
        modified=buffer.modified,
        read_only=buffer.locked or not buffer.writable,
        row=row,
        column=column,
        indent=indent,
        form=form_in_words(buffer.form, mixed=buffer.mixed),
        model=models.label,
        doing=(doing(running, editing, buffer) if running is not None else "") or models.doing,
    )


def form_in_words(form: Form, *, mixed: bool) -> str:
    """How the file is written: "utf-8 BOM CRLF", or "utf-8 mixed" where line ends differ."""
    bom = " BOM" if form.bom else ""
    return f"{form.encoding}{bom} {'mixed' if mixed else NEWLINES.get(form.newline, '')}"


def doing(buffer: Buffer, editing: Editing, shown: Buffer) -> str:
    """What the status line says while a model is at work in a buffer, be it shown or not."""
    where = "" if buffer is shown else f"{buffer.name}: "
    draft = buffer.draft
    if draft is None or not draft.live:
        return ""
    if draft.status == "waiting":
        seconds = round(time.monotonic() - editing.since)
        waited = f" {seconds} s" if seconds > 1 else ""
        return f"{where}{draft.message or 'waiting …'}{waited} – Esc cancels"
    run = draft.figures
    most = f"/{run.max_steps}" if run.max_steps else ""
    ms = editing.course.ms_per_step
    pace = f" · {ms:.0f} ms/step" if ms else ""
    length = f" · {run.length}" if run.length else ""
    return f"{where}denoising · step {run.step}{most}{pace}{length} – Esc cancels"
