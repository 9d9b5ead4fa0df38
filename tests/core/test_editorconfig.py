"""What `.editorconfig` asks of a file, by the examples of its specification."""

from pathlib import Path

import pytest

from diffedit.core.editorconfig import Rules, _fits, rules
from diffedit.core.form import Form


@pytest.mark.parametrize(
    ("glob", "fits", "fits_not"),
    [
        ("*", ["a.py", "deep/er/a.py", "Makefile"], []),
        ("*.py", ["a.py", "deep/a.py", ".py"], ["a.pyc", "a.py/b"]),
        ("/*.py", ["a.py"], ["deep/a.py"]),
        ("lib/*.js", ["lib/a.js"], ["lib/b/a.js", "a.js", "x/lib/a.js"]),
        ("lib/**.js", ["lib/a.js", "lib/b/a.js"], ["a.js"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["ab", "a/xb"]),
        ("?.c", ["a.c"], ["ab.c", ".c"]),
        ("[ab].c", ["a.c", "deep/b.c"], ["c.c"]),
        ("[!ab].c", ["c.c"], ["a.c"]),
        ("[a-c].c", ["b.c"], ["d.c"]),
        ("{a,b}.c", ["a.c", "b.c"], ["c.c"]),
        ("*.{py,js,}", ["a.py", "a.js", "a."], ["a.c"]),
        ("{package.json,.travis.yml}", ["package.json", "x/.travis.yml"], ["package"]),
        ("{a{b,c},d}", ["ab", "ac", "d"], ["a", "bc"]),
        ("{single}.b", ["{single}.b"], ["single.b"]),
        ("{}.c", ["{}.c"], [".c"]),
        ("f{1..12}", ["f1", "f7", "f12"], ["f0", "f13", "fx", "f"]),
        ("f{-3..3}", ["f-2", "f+1", "f0"], ["f-4"]),
        (r"\*.c", ["*.c"], ["a.c"]),
        ("{open", ["{open"], ["open"]),
        ("[open", ["[open"], ["open"]),
        ("a+(b).c", ["a+(b).c"], ["aab.c"]),
    ],
)
def test_globs(glob: str, fits: list[str], fits_not: list[str]) -> None:
    """A heading fits the names that the specification says, and no others."""
    assert [name for name in fits if not _fits(glob, name)] == []
    assert [name for name in fits_not if _fits(glob, name)] == []


def write(folder: Path, text: str) -> None:
    """An .editorconfig."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".editorconfig").write_text(text)


def test_the_nearest_has_the_last_say(tmp_path: Path) -> None:
    """Folders above are asked too, up to the one that is root; later sections win."""
    write(tmp_path, "[*]\nindent_style = tab\ncharset = latin1\n")
    write(
        tmp_path / "a", "root = true\n[*]\nindent_style = space\nindent_size=2\nend_of_line=CRLF\n"
    )
    write(
        tmp_path / "a" / "b",
        "; a note\n# another\n[*.py]\nIndent_Size = 8\n[x.py]\nindent_size=3\n",
    )
    assert rules(tmp_path / "a" / "b" / "y.py") == Rules(tabs=False, width=8, newline="\r\n")
    assert rules(tmp_path / "a" / "b" / "x.py") == Rules(tabs=False, width=3, newline="\r\n")
    assert rules(tmp_path / "a" / "new.txt").form == Form(newline="\r\n")
    assert rules(tmp_path / "z").form == Form("iso8859-1")


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("indent_style=tab\ntab_width=8", Rules(tabs=True, width=8)),
        ("indent_style=tab\nindent_size=4", Rules(tabs=True, width=4)),
        ("indent_size=tab\ntab_width=3", Rules(width=3)),
        ("indent_style=space\nindent_size=2\ntab_width=8", Rules(tabs=False, width=2)),
        ("trim_trailing_whitespace=true", Rules(trim=True)),
        ("insert_final_newline = false", Rules(final_newline=False)),
        ("indent_size=2\nindent_size=unset", Rules()),
        ("indent_size=enormous\nend_of_line=vt\ncharset=klingon", Rules()),
        ("not a pair\n=\n[", Rules()),
    ],
)
def test_values(tmp_path: Path, said: str, asked: Rules) -> None:
    """Each pair as a value; what is none is left alone."""
    write(tmp_path, f"[*]\n{said}\n")
    assert rules(tmp_path / "a.py") == asked


def test_no_file_asks_nothing(tmp_path: Path) -> None:
    """Nothing there, or nothing that can be read: nothing is asked."""
    write(tmp_path, "root=true")
    (tmp_path / "b" / ".editorconfig").mkdir(parents=True)
    assert rules(tmp_path / "b" / "a.py") == Rules()
