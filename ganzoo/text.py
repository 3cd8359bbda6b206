"""Text for people: names from files, recipes and plugins never control the terminal or break a table."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence

_FORMULA_STARTS = frozenset("=+-@＝＋－＠")
_MARKDOWN_ACTIVE = re.compile(r"[\\`*\[\]<>|~&$#!{}]|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])")
_WANTED = {
    "a whole number": ("int_type", "int_parsing", "int_parsing_size", "int_from_float"),
    "a number": ("float_type", "float_parsing"),
    "text": ("string_type",),
    "a path": ("path_type",),
    "true or false": ("bool_type", "bool_parsing"),
    "a list": ("tuple_type", "list_type"),
    "a table": ("dict_type", "model_type", "model_attributes_type"),
}
_PLAIN_WORDS = {  # those that end in a blank go on as they were
    "Input should be a valid integer": "should be a whole number",
    "Input should be a valid number": "should be a number",
    "Input should be ": "should be ",
    "Value error, ": "",
}
_WANTED_OF = {kind: wanted for wanted, kinds in _WANTED.items() for kind in kinds}
_MOST_MEANT = 3  # more are no help
_LONGEST_WORD = 64  # what is compared of a word, which grows with the square of its length
_PYTHON_WORD = re.compile(r"^(?:Input|Tuple|List|Dictionary|Set|String) should")
_MARKDOWN_LINKS = re.compile(r"(?<=[A-Za-z]):(?=//)|(?i:(?<=www))\.")


def literal(text: str) -> str:
    r"""Return `text` with every character that does not print shown as its escape (`\x1b`, `\n`, `\udcff`).

    That covers control characters, line separators, invisible and direction-changing marks, and the lone
    surrogates that stand for undecodable bytes of file names.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def csv_cell(text: str) -> str:
    """Return `text` for a cell of a CSV file: literal, and prefixed with `'` if a spreadsheet would compute it."""
    shown = literal(text)
    return f"'{shown}" if shown.lstrip()[:1] in _FORMULA_STARTS else shown


def markdown_cell(text: str) -> str:
    """Return `text` for a cell or heading of a Markdown file, so that it renders as the same characters."""
    escaped = _MARKDOWN_ACTIVE.sub(lambda match: "\\" + match.group(), literal(text))
    return _MARKDOWN_LINKS.sub(lambda match: "\\" + match.group(), escaped)


def clip(text: str, width: int) -> str:
    """Return `text` cut to at most `width` characters, with `…` where something is missing."""
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"


def reason_of(error: BaseException) -> str:
    """Return what a library says of a fault, in one line of at most 200 characters; its kind if it says nothing.

    Some quote what they could not read, which may be the whole file.
    """
    return clip(literal(str(error)), 200) or type(error).__name__


def duration(seconds: float) -> str:
    """Return a time as people say it: `52 h`, `1 h 05 min`, `17 min`, `3 min 20 s`, `12 s`."""
    whole = round(seconds)
    minutes = round(seconds / 60)
    if minutes >= 600:
        return f"{round(seconds / 3600):,} h"
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    if whole >= 600:
        return f"{minutes} min"
    return f"{whole // 60} min {whole % 60:02d} s" if whole >= 60 else f"{whole} s"


def memory_size(count: int) -> str:
    """Return a number of bytes of memory as people read it: `1.5 GiB`, `20 MiB`."""
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{max(1, round(count / 2**20))} MiB"


def progress_line(what: str, done: int, total: int, facts: Mapping[str, str]) -> str:
    """Return how far a long action is, as one line of a log: `training: 42 %, elapsed 3 min, left 4 min, ...`."""
    known = ", ".join(f"{name} {value}" for name, value in facts.items())
    return literal(f"{what}: {percent(done, total)}, {known}")


def counted(count: int, what: str) -> str:
    """Return `1 run`, `3 runs`."""
    return f"{count:,} {what}{'s' * (count != 1)}"


def percent(done: int, total: int) -> str:
    """Return a share as people read it, never 100 % before the end: `42 %`."""
    return f"{min(100, 100 * done // max(1, total))} %"


def requirement(kind: str, message: str) -> str:
    """Return what would do instead of a wrong value, for people who write no Python: `should be a whole number`.

    Args:
        kind: The type of a pydantic error.
        message: Its message, which is kept where it is plain enough.
    """
    if kind in _WANTED_OF:
        return f"should be {_WANTED_OF[kind]}"
    plain = _PYTHON_WORD.sub("should", message.removeprefix("Value error, "), count=1)
    return plain.replace(" after validation, not ", ", not ").replace("should be None", "should be left out")


def plain_message(message: str) -> str:
    """Return what a library says of a wrong option in words for people who write no Python."""
    for theirs, ours in _PLAIN_WORDS.items():
        if message.startswith(theirs):
            return ours + (message.removeprefix(theirs) if theirs.endswith(" ") else "")
    return message


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Return `; did you mean 'x'?`, or the known words where none is near."""
    if near := nearest(word, known, cutoff=0.5):
        return f"; did you mean '{near}'?"
    return f" (known: {', '.join(known)})" if known else " (it has no options)"


def names_meant(word: str, known: Sequence[str]) -> str:
    """Return `; did you mean 'x' or 'y'?`: names that begin with the word, else have it, else the most alike one.

    Of `zcr`, `zcr-discriminator` and `zcr-generator` are meant, though `bcr` has more letters in common.
    """
    first = [each for each in known if word and each.startswith((f"{word}-", f"{word}_"))]
    within = [each for each in known if word and word in re.split("[-_]", each)]
    meant = (first or within)[:_MOST_MEANT] or difflib.get_close_matches(word[:_LONGEST_WORD], known, n=1)
    return f"; did you mean {' or '.join(map(repr, meant))}?" if meant else ""


def nearest(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """Return the known word that is most like `word`, or else the first that it is a piece of."""
    words = list(known)
    pieces = [each for each in words if len(word) > 2 and word in each]
    return next(iter([*difflib.get_close_matches(word, words, n=1, cutoff=cutoff), *pieces]), None)


def spans_text(values: Sequence[float]) -> str:
    """Return numbers with commas between, neighboring whole ones as a range: `0-7,100`."""
    parts: list[str] = []
    start = 0
    for index, value in enumerate(values):
        follows = index + 1 < len(values) and isinstance(value, int) and values[index + 1] == value + 1
        if not follows:
            first, last = (str(end) if isinstance(end, int) else f"{end:g}" for end in (values[start], value))
            parts.append(first if first == last else f"{first}-{last}")
            start = index + 1
    return ",".join(parts)


def short_code(version: str, source: str) -> str:
    """Return a version with the first digits of the hash of its source files: `1.1+3f2a91c0`."""
    return f"{version}+{source[:8]}" if source else version
