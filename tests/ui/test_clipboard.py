"""The clipboard: real little tools on the path, and one honest line about what happened."""

import base64
from pathlib import Path

import pytest
from editor_app import app_of, editing, press

from diffedit.ui.clipboard import Clipboard
from diffedit.ui.editor import EditorView

KEEPS = '#!/bin/sh\nexec /bin/cat > "$0.kept"\n'
GIVES = "#!/bin/sh\nprintf 'from\\r\\noutside'\n"
FAILS = "#!/bin/sh\nexec /bin/false\n"


def tool(folder: Path, name: str, script: str) -> Path:
    """Put a program on the path."""
    path = folder / name
    path.write_text(script, encoding="utf-8")
    path.chmod(0o755)
    return path


def kept(path: Path) -> bytes | None:
    """What a tool was given; None when it was not asked."""
    found = Path(f"{path}.kept")
    return found.read_bytes() if found.exists() else None


def clipboard(folder: Path, **environ: str) -> tuple[Clipboard, list[str]]:
    """A clipboard in a world where only `folder` is on the path, and what it wrote."""
    written: list[str] = []
    return Clipboard(write=written.append, environ={"PATH": str(folder), **environ}), written


async def test_the_systems_tool_takes_the_text(tmp_path: Path) -> None:
    """With a tool at hand, it gets every byte, and the line says so."""
    copy = tool(tmp_path, "wl-copy", KEEPS)
    tool(tmp_path, "wl-paste", GIVES)
    board, written = clipboard(tmp_path, WAYLAND_DISPLAY="w")
    copied = await board.copy("é\n世" * 10_000)
    assert copied.sure
    assert copied.message == "Copied to the Wayland clipboard."
    assert kept(copy) == ("é\n世" * 10_000).encode()
    assert written == []
    assert await board.paste() == "from\noutside"


async def test_without_a_tool_the_terminal_is_asked(tmp_path: Path) -> None:
    """OSC 52 carries the text; as nothing answers, the line does not claim that it arrived."""
    board, written = clipboard(tmp_path)
    copied = await board.copy("text")
    assert written == [f"\x1b]52;c;{base64.b64encode(b'text').decode()}\a"]
    assert not copied.sure
    assert "terminal" in copied.message
    assert await board.paste() == "text"


async def test_from_far_away_only_the_terminal_is_near(tmp_path: Path) -> None:
    """Over ssh the tools there are of no use; in tmux the sequence is wrapped."""
    copy = tool(tmp_path, "wl-copy", KEEPS)
    tool(tmp_path, "wl-paste", GIVES)
    board, written = clipboard(tmp_path, WAYLAND_DISPLAY="w", SSH_CONNECTION="1", TMUX="x")
    await board.copy("text")
    assert written[0].startswith("\x1bPtmux;\x1b\x1b]52;c;")
    assert written[0].endswith("\x1b\\")
    assert kept(copy) is None
    assert await board.paste() == "text"


async def test_tmux_keeps_a_copy(tmp_path: Path) -> None:
    """In tmux its own buffer takes the text too, so that it is known to be somewhere."""
    copy = tool(tmp_path, "tmux", KEEPS)
    board, written = clipboard(tmp_path, TMUX="x")
    copied = await board.copy("text")
    assert copied.sure
    assert copied.message == "Copied to the tmux buffer."
    assert kept(copy) == b"text"
    assert len(written) == 1


@pytest.mark.parametrize("script", [FAILS, "#!/nowhere\n"])
async def test_a_tool_that_fails_is_not_believed(tmp_path: Path, script: str) -> None:
    """When the tool fails, the line says that the text is only in the editor, and why."""
    tool(tmp_path, "xsel", script)
    board, _ = clipboard(tmp_path, DISPLAY=":0")
    copied = await board.copy("text")
    assert not copied.sure
    assert "within the editor only" in copied.message
    assert await board.paste() == "text"


async def test_what_is_too_long_for_the_terminal_is_said(tmp_path: Path) -> None:
    """Terminals drop long sequences without a word; none is sent, and the line tells it."""
    board, written = clipboard(tmp_path)
    copied = await board.copy("x" * 100_000)
    assert written == []
    assert "too long" in copied.message
    assert await board.paste() == "x" * 100_000


async def test_cut_copy_and_paste(tmp_path: Path) -> None:
    """A selection, or the line when nothing is selected, goes round; each is one undo."""
    async with editing("one two\nthree\n") as (editor, pilot):
        editor.clipboard, _ = clipboard(tmp_path)
        await press(editor, "shift+right", "shift+right", "shift+right", "ctrl+c", "end", "ctrl+v")
        assert editor.text == "one twoone\nthree\n"
        await press(editor, "ctrl+z", "ctrl+x")
        assert editor.text == "three\n"
        await press(editor, "ctrl+v")
        assert editor.text == "one two\nthree\n"
        await press(editor, "ctrl+z", "ctrl+z")
        assert editor.text == "one two\nthree\n"
        await pilot.pause()
        told = [m for m in app_of(pilot).seen if isinstance(m, EditorView.Clipped)]
        assert [message.copied.sure for message in told] == [False, False]


async def test_a_byte_that_is_no_text_can_be_copied(tmp_path: Path) -> None:
    """A byte that the file's encoding lacks goes to the clipboard as that byte."""
    copy = tool(tmp_path, "pbcopy", KEEPS)
    tool(tmp_path, "pbpaste", GIVES)
    board, _ = clipboard(tmp_path)
    assert (await board.copy("caf\udce9")).sure
    assert kept(copy) == b"caf\xe9"
