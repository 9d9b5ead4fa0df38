"""Editing, case by case: the folders of tests/edits, each a text before, keys, and a text after."""

import shlex
from pathlib import Path

import pytest
from editor_app import editing, press
from textual import events
from textual.document._document import Selection

from diffedit.ui.editor import EditorView
from diffedit.ui.lexing import language_of

CASES = sorted(path for path in (Path(__file__).parents[1] / "edits").iterdir() if path.is_dir())
ANCHOR, CURSOR = "«", "¦"


def read(marked: str) -> tuple[str, Selection]:
    """A marked text as the text and its selection; a text without a cursor has it at its start."""
    places = {}
    for mark, other in ((CURSOR, ANCHOR), (ANCHOR, CURSOR)):
        before = marked.partition(mark)[0].replace(other, "")
        places[mark] = (before.count("\n"), len(before.rpartition("\n")[2]))
    text = marked.replace(ANCHOR, "").replace(CURSOR, "")
    cursor = places[CURSOR] if CURSOR in marked else (0, 0)
    return text, Selection(places[ANCHOR] if ANCHOR in marked else cursor, cursor)


def written(editor: EditorView) -> str:
    """The text of an editor with its selection marked."""
    anchor, cursor = (editor.page.text.offset(*place) for place in editor.selection)
    text = editor.text
    marks = {cursor: CURSOR} | ({anchor: ANCHOR} if anchor != cursor else {})
    for place in sorted(marks, reverse=True):
        text = text[:place] + marks[place] + text[place:]
    return text


async def play(editor: EditorView, words: str) -> None:
    """Press the keys of a `keys` file: names, 'typed text', and paste:'text'."""
    for line in words.splitlines():
        for word in shlex.split(line.partition(" # ")[0], posix=False):
            if word[0] in "'\"":
                await press(editor, *word[1:-1])
            elif word.startswith("paste:"):
                text = word.removeprefix("paste:")[1:-1].replace("\\n", "\n").replace("\\t", "\t")
                await editor._on_paste(events.Paste(text))
            else:
                await press(editor, word)


def named(case: Path) -> str:
    """The file name of the text before."""
    return next(path.name for path in case.iterdir() if path.stem == "before")


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
async def test_an_edit(case: Path) -> None:
    """From the text before, the keys lead to the text after; undo leads all the way back."""
    name = named(case)
    before, chosen = read((case / name).read_bytes().decode())
    after = (case / name.replace("before", "after")).read_bytes().decode()
    async with editing(before, language=language_of(name)) as (editor, _):
        editor.selection = chosen
        editor.record_cursor_width()
        await play(editor, (case / "keys").read_text(encoding="utf-8"))
        found = written(editor) if CURSOR in after else editor.text
        assert found == after
        while editor.page.can_undo:
            editor.undo()
        assert editor.text == before
