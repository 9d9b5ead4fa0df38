"""The desk for the open prompt bar: its dials, shown before it runs, and what is read ahead."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from diffedit.core.attachment import named
from diffedit.core.draft import Draft
from diffedit.core.errors import DiffeditError
from diffedit.ui.able import NEEDS
from diffedit.ui.spans import pinned

if TYPE_CHECKING:
    from diffedit.ui.buffers import Buffer
    from diffedit.ui.editing import Editing
    from diffedit.ui.stage import Stage


class Asking:
    """Turns the dials, paints over the page which tokens would be noised, and looks ahead."""

    def __init__(self, stage: Stage, editing: Editing) -> None:
        self._stage, self._editing = stage, editing

    async def stronger(self) -> None:
        """Alt+s: the next of five stops, from touching up to starting from nothing."""
        prompt = self._stage.window.prompt
        if not prompt.stronger():
            self._stage.say(NEEDS["prompt_strength"].why)
            return
        await self._preview()

    async def pins(self) -> None:
        """Alt+p: what is pinned by its kind."""
        self._stage.window.prompt.next_pins()
        await self._preview()

    async def look_ahead(self) -> None:
        """While the wish is typed, have an idle worker read what the edit will begin with.

        No model is started for it. Of a draft that is gone on with, and of what goes with a
        picture, nothing is known before it is sent.
        """
        stage, prompt = self._stage, self._stage.window.prompt
        buffer = self._editing.asked_about
        if not prompt.display or buffer is None or buffer.aim is None or named(prompt.text):
            return
        if self._editing.running is not None or stage.client.loaded is None:
            return
        model = await self._editing.model()
        if model is None:
            return
        settings, span, noise = stage.settings, buffer.aim.span, prompt.noise
        buffer.session.prefill(
            span,
            model=model,
            device=settings.device,
            instruction=prompt.text,
            mode=prompt.mode,
            params=settings.params if noise is None else replace(settings.params, noise=noise),
            language=buffer.language,
            thinking=stage.window.panel.display,
            context=settings.context_chars,
            keep=pinned(buffer, span, prompt.pins),
            between=buffer.aim.between,
        )
        stage.window.saw("told ahead")

    async def _preview(self) -> None:
        """Ask the model which of its tokens would be noised, and show it; nothing is denoised."""
        stage = self._stage
        buffer, prompt = stage.buffers.current, stage.window.prompt
        plain = prompt.noise is None and not prompt.pins
        if buffer.aim is None or not prompt.can_start_warm or plain or self._editing.running:
            self._show(buffer, None)
            return
        model = await self._editing.model()
        if model is None:
            return
        span, between, noise = buffer.aim.span, buffer.aim.between, prompt.noise
        params = stage.settings.params
        try:
            pieces = await buffer.session.preview(
                span,
                mode=prompt.mode,
                params=params if noise is None else replace(params, noise=noise),
                model=model,
                language=buffer.language,
                keep=pinned(buffer, span, prompt.pins),
                between=between,
                device=stage.settings.device,
            )
        except DiffeditError as error:
            stage.say(str(error), "warning")
            return
        if prompt.display and buffer.aim is not None and buffer.aim.span == span:
            original = buffer.page.text.slice(span)
            draft = Draft(span=span, original=original, between=between, pieces=pieces)
            self._show(buffer, draft)
            stage.window.saw("preview")

    def _show(self, buffer: Buffer, draft: Draft | None) -> None:
        """The preview over the page, or the page itself."""
        buffer.preview = draft
        self._stage.window.paint(buffer)
