# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""The dialect of a source's text files: separators, quotes, line ends, encoding."""

import codecs
import re
from dataclasses import dataclass

UTF_8 = "utf-8"

_BYTE_ORDER_MARKS = {
    "utf-16": (b"\xff\xfe", b"\xfe\xff"),
    "utf-32": (b"\xff\xfe\0\0", b"\0\0\xfe\xff"),
}
_MARK = "\ufeff"

# Encodings in which the bytes of LF and CR mean nothing else, by their names in Python.
_OF_LINES = frozenset(
    (
        *("utf-8", "ascii", "koi8-r", "koi8-u", "tis-620", "mac-roman"),
        *("gbk", "gb2312", "gb18030", "big5", "euc_jp", "euc_kr", "shift_jis", "cp932", "cp949"),
        *(f"cp{number}" for number in range(1250, 1259)),
        *(f"cp{number}" for number in (437, 737, 775, 850, 852, 855, 857, 858, 860, 861, 862, 863, 865, 866)),
        *(f"iso8859-{number}" for number in range(1, 17) if number != 12),
    )
)  # fmt: skip
_WIDE = frozenset(("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"))


@dataclass(frozen=True)
class Dialect:
    """How the cells and lines of a file are written.

    separator: between cells; one character or more.
    quote: around cells that contain other marks; empty if there is none.
    escape: before a quote within quotes; empty if a quote is doubled there. If there is no quote,
        it is before a separator.
    comment: the first character of lines that are no rows; empty if there are none.
    null: the text of a null, besides an empty cell. empty: the text that `""` stands for.
    strips_before, strips_after: whether blanks around a cell are no part of it.
    encoding: the name in Python.
    line_end: empty for LF, CRLF and CR.
    has_header: whether the first line names the columns.
    skipped: the number of lines before the header.
    spans_lines: whether a cell may span lines.
    """

    separator: str = ","
    quote: str = '"'
    escape: str = ""
    comment: str = ""
    null: str = ""
    empty: str = ""
    strips_before: bool = False
    strips_after: bool = False
    encoding: str = UTF_8
    line_end: str = ""
    has_header: bool = True
    skipped: int = 0
    spans_lines: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether cells and lines are as in RFC 4180, but for a separator of one character."""
        is_usual = (self.quote, self.escape, self.encoding) == ('"', "", UTF_8)
        marks = (self.comment, self.null, self.empty, self.line_end)
        is_simple = len(self.separator) == 1 and self.separator.isascii()
        return is_usual and is_simple and not any(marks) and not self._strips

    @property
    def reads_whole_files(self) -> bool:
        """Whether a line alone does not say what it is."""
        return self.spans_lines or bool(self.skipped) or is_wide(self.encoding)

    @property
    def blanks(self) -> str:
        """The characters that count as blank: not those of a separator of blanks."""
        is_blank = not self.separator.strip(" \t")
        return "".join(mark for mark in " \t" if not (is_blank and mark in self.separator))

    @property
    def _strips(self) -> bool:
        return self.strips_before or self.strips_after

    def is_blank(self, line: str, columns: int) -> bool:
        """Whether a line is no row: it is empty, or has nothing but blanks in several columns."""
        return not (line if columns == 1 else line.strip(self.blanks))

    def is_comment(self, line: str) -> bool:
        """Whether a line is a comment."""
        return bool(self.comment) and line.startswith(self.comment)

    def lines(self, text: str) -> list[str]:
        """Split a text into lines."""
        if self.line_end:
            lines = text.split(self.line_end)
            return lines if lines[-1] else lines[:-1]
        lines = re.split("\r\n|\n|\r", text)
        return lines if lines[-1] else lines[:-1]


def encoding_of(name: str) -> str | None:
    """The name in Python of an encoding that text files can have; None if it is not known."""
    try:
        found = codecs.lookup(name.replace("windows-", "cp").replace("IBM", "cp")).name
    except LookupError:
        return None
    return found if found in _OF_LINES | _WIDE else None


def is_wide(encoding: str) -> bool:
    """Whether characters have two bytes or more."""
    return encoding in _WIDE


def decoded(data: bytes, encoding: str, *, is_cut: bool = False) -> str:
    """Decode a file or its beginning, without its byte order mark.

    is_cut: whether the last character may be incomplete.

    Raises:
        UnicodeError: it is not valid in this encoding, or lacks the mark that the encoding needs.
    """
    marks = _BYTE_ORDER_MARKS.get(encoding)
    if marks and not data.startswith(marks):
        raise UnicodeError(
            f"no byte order mark; declare {encoding.upper()}LE or {encoding.upper()}BE"
        )
    return codecs.getincrementaldecoder(encoding)().decode(data, not is_cut).removeprefix(_MARK)
