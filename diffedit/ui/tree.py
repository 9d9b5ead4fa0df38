"""The folder as a tree beside the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from rich.style import Style
from rich.text import Text
from textual.binding import Binding
from textual.widgets import DirectoryTree
from textual.widgets._directory_tree import DirEntry
from textual.widgets.tree import TreeNode

from diffedit.core.project import PASSED_BY
from diffedit.core.show import one_line


class FileTree(DirectoryTree):
    """Enter opens a file; names are shown, never obeyed."""

    BINDINGS = [  # noqa: RUF012 - Textual declares it so
        Binding("right,left", "toggle_node", show=False),
        Binding("escape", "leave", show=False),
    ]

    def __init__(
        self, root: Path, opens: Callable[[Path], None], leave: Callable[[], None]
    ) -> None:
        """`opens` is called with a file that was picked, `leave` where the keys should go back."""
        super().__init__(root, id="tree")
        self._opens = opens
        self._leave = leave
        self.guide_depth = 2

    def filter_paths(self, paths: Iterable[Path]) -> Iterable[Path]:
        """What a person writes; not what machines keep."""
        return [path for path in paths if path.name not in PASSED_BY]

    def render_label(self, node: TreeNode[DirEntry], base_style: Style, style: Style) -> Text:
        """A name on one line, with nothing in it that a terminal would obey; folders end with /."""
        name = one_line(str(node.label)).replace("\n", " ")
        mark = ("▾ " if node.is_expanded else "▸ ") if node.allow_expand else "  "
        label = Text(f"{mark}{name}{'/' if node.allow_expand else ''}", base_style + style)
        label.no_wrap = True
        return label

    def action_leave(self) -> None:
        """Esc."""
        self._leave()

    def on_directory_tree_file_selected(self, event: DirectoryTree.FileSelected) -> None:
        """Enter or a click on a file."""
        event.stop()
        self._opens(event.path)
