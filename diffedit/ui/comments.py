"""What makes a comment in which language. Data only."""

from __future__ import annotations

_BY_MARK: dict[tuple[str, str], str] = {
    ("#", ""): (
        "python python3 py ruby rb bash sh zsh fish yaml toml make makefile basemake r perl "
        "elixir julia docker dockerfile cmake nginx ini cfg properties powershell tcl awk nim "
        "crystal coffeescript coffee-script graphql hcl terraform gdscript jinja"
    ),
    ("//", ""): (
        "c cpp c++ java javascript js typescript ts tsx jsx rust go swift kotlin scala csharp c# "
        "php dart groovy scss less objective-c zig d glsl json json5 proto protobuf solidity"
    ),
    ("--", ""): (
        "sql tsql transact-sql sqlite3 plpgsql postgresql mysql lua haskell ada elm vhdl "
        "applescript purescript"
    ),
    ("%", ""): "tex latex matlab erlang prolog octave postscript",
    (";", ""): "common-lisp lisp scheme racket clojure emacs-lisp nasm asm gas",
    ("<!--", "-->"): "html xml html+django html+jinja markdown md svg vue",
    ("/*", "*/"): "css",
    ('"', ""): "vim viml",
}
_MARKS = {name: marks for marks, names in _BY_MARK.items() for name in names.split()}


def comment_marks(language: str) -> tuple[str, str]:
    """What starts a comment in a language, and what ends it ("" where the line's end does)."""
    return _MARKS.get(language.lower(), ("#", ""))
