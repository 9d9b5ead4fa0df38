"""The desk for the model: have it loaded before it is needed, and fetch it if it is not here."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from diffedit.core.errors import DiffeditError
from diffedit.ui.dialogs import Ask, Choice
from diffedit.ui.stage import Stage

if TYPE_CHECKING:
    from diffedit.config.models import Model
    from diffedit.worker.messages import Loading

STAGES = {"find": "looking for it", "read": "reading", "place": "placing", "warm": "warming up"}


class ModelRoom:
    """Knows which model is meant, and how far it is from being ready."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._how = ""
        self._abandoned = False
        self._stop_pulling: threading.Event | None = None
        self._pulled = (0, 0)

    @property
    def label(self) -> str:
        """For the status line: "small · ready"."""
        name = self._stage.settings.model
        if self._how == "ready" and not self._stage.client.alive:
            return f"{name} · stopped"
        return f"{name} · {self._how}" if self._how else name

    @property
    def pulling(self) -> bool:
        """Whether a model is being fetched."""
        return self._stop_pulling is not None

    @property
    def doing(self) -> str:
        """For the status line while a model is fetched: a bar, and how to stop it."""
        done, total = self._pulled
        if not self.pulling:
            return ""
        share = done / total if total else 0.0
        full = round(share * 10)
        return (
            f"fetching {self._stage.settings.model} {'█' * full}{'░' * (10 - full)} "
            f"{share:.0%} of {_megabytes(total)} – Esc stops it"
        )

    async def warm_up(self) -> None:
        """Start the worker and load the model, if it is here; else say so in the status line."""
        from diffedit.config import models  # noqa: PLC0415 - after the first text is seen

        try:
            await self._stage.client.start()
            model = models.find(self._stage.settings.model)
            if not model.installed:
                self._tell("not fetched yet")
                return
            self._tell("loading")
            await self._stage.client.load(model, self._stage.settings.device, self._loading)
            self._tell("ready")
            self._stage.window.prompt.turned()
            self._stage.window.saw("loaded")
        except DiffeditError as error:
            if self._abandoned:
                return
            self._tell("not ready")
            self._stage.say(str(error), "error")

    async def choose(self, name: str) -> None:
        """Edit with another model from here on, for this time; it is loaded at once.

        Raises ModelError for one that cannot be run; then the old one stays.
        """
        from diffedit.config import models  # noqa: PLC0415 - as above

        models.find(name)
        self._stage.settings = replace(self._stage.settings, model=name)
        await self.warm_up()

    def abandon(self) -> None:
        """The program ends: that the worker goes before it is loaded is no failure to tell of."""
        self._abandoned = True
        self.stop_pulling()

    async def ready(self) -> Model | None:
        """The model, fetched first if the person agrees; None if there is none to be had."""
        from diffedit.config import models  # noqa: PLC0415 - as above

        model = models.find(self._stage.settings.model)
        if model.installed:
            return model
        if self.pulling or not await self._agrees(model):
            return None
        if not await self._pull(model):
            return None
        self._stage.start(self.warm_up())
        return models.find(self._stage.settings.model)

    def stop_pulling(self) -> None:
        """Esc: no model this time; nothing half stays behind."""
        if self._stop_pulling is not None:
            self._stop_pulling.set()

    async def _agrees(self, model: Model) -> bool:
        """Whether to fetch it, said with its size and where it comes from."""
        size = f" ({_megabytes(model.size)})" if model.size else ""
        choices = (Choice("y", "fetch it", "y"), Choice("n", "not now", "n"))
        question = f"The model {model.name}{size} is not on this machine. Fetch it now?"
        return await self._stage.ask(Ask(question, choices, detail=model.summary)) == "y"

    async def _pull(self, model: Model) -> bool:
        """Fetch it in a thread, telling how far it is. Whether it is here now."""
        from diffedit.config import models  # noqa: PLC0415 - as above

        stop = self._stop_pulling = threading.Event()
        self._pulled = (0, model.size)
        self._stage.later(0.25, self._tick)
        try:
            await asyncio.to_thread(models.pull, model.name, self._report, cancelled=stop.is_set)
        except DiffeditError as error:
            if not stop.is_set():
                self._stage.say(str(error), "error")
            return False
        finally:
            self._stop_pulling = None
            self._stage.window.refresh_lines()
        return True

    def _report(self, done: int, total: int) -> None:
        """Called in the thread; the clock below carries it to the screen."""
        self._pulled = (done, total)

    def _tick(self) -> None:
        self._stage.window.refresh_lines()
        if self.pulling:
            self._stage.later(0.25, self._tick)

    def _loading(self, loading: Loading) -> None:
        share = f" {loading.done / loading.total:.0%}" if loading.total else ""
        self._tell(f"{STAGES[loading.stage]}{share}")

    def _tell(self, how: str) -> None:
        self._how = how
        self._stage.window.refresh_lines()


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
