"""The desk for finding files: by a few letters of the name, by the tree, by what was open last."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from diffedit.ui import recent
from diffedit.ui.keeping import Keeping
from diffedit.ui.opener import Opener
from diffedit.ui.stage import Stage


class Finding:
    """Asks which file, and opens it."""

    def __init__(self, stage: Stage, keeping: Keeping, opener: Opener) -> None:
        self._stage = stage
        self._keeping = keeping
        self._opener = opener

    async def by_name(self) -> None:
        """Type a few letters of a file's name: those opened last come first, then the project's."""
        from diffedit.core import project  # noqa: PLC0415 - when it is asked for
        from diffedit.ui.picker import Picker  # noqa: PLC0415

        root = await self._keeping.ask(partial(project.root_of, Path.cwd()))
        here = self._stage.buffers.current.path
        opened = [_from(root, Path(name)) for name in await self._keeping.ask(recent.read)]
        if here is not None and (own := _from(root, here.absolute())) in opened:
            opened.remove(own)  # one is there already
        picker = Picker("Open which file?", opened, waiting="looking through the project …")

        async def fill() -> None:
            picker.fill(await self._keeping.ask(partial(project.names, root)))
            self._stage.window.saw("names")

        self._stage.start(fill())
        name = await self._stage.ask(picker)
        if name is not None:
            self.open(root / name)

    async def recent(self) -> None:
        """Pick from what was open last, wherever it lies."""
        from diffedit.ui.picker import Picker  # noqa: PLC0415 - when it is asked for

        names = await self._keeping.ask(recent.read)
        name = await self._stage.ask(Picker("Open which file again?", names))
        if name is not None:
            self.open(Path(name))

    def tree(self) -> None:
        """The project as a tree."""
        from diffedit.core import project  # noqa: PLC0415 - when it is asked for

        root = project.root_of(Path.cwd())
        self._stage.window.show_tree(root, lambda path: self._stage.start(self.opened(path)))

    def note(self, path: Path) -> None:
        """A file was opened."""
        self._keeping.run(partial(recent.note, path))

    async def opened(self, path: Path) -> None:
        """A file was picked in the tree. Raises FileError."""
        self.open(path)

    def open(self, path: Path) -> None:
        """Open it and look at it. Raises FileError."""
        self._opener.open(path)
        self._stage.window.show_buffer()


def _from(root: Path, path: Path) -> str:
    """A file's name as one says it from the project's root."""
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
