"""The bytes of a file, or of the beginning of a large one, and their encoding."""

from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from glue_runtime.input.exact import packing
from gluecast.errors import GluecastError

SAMPLE = 8 * 1024 * 1024
"""The number of unpacked bytes that are looked at."""

# In the order in which charset_normalizer's findings are believed: the names are those of Spark's option.
_ENCODINGS = {
    "cp1252": "windows-1252",
    "cp1250": "windows-1250",
    "cp1251": "windows-1251",
    "cp1253": "windows-1253",
    "cp1254": "windows-1254",
    "cp1257": "windows-1257",
    "iso8859_2": "ISO-8859-2",
    "iso8859_5": "ISO-8859-5",
    "iso8859_7": "ISO-8859-7",
    "iso8859_15": "ISO-8859-15",
    "koi8_r": "KOI8-R",
    "shift_jis": "Shift_JIS",
    "cp932": "Shift_JIS",
    "gb18030": "GB18030",
    "big5": "Big5",
    "euc_kr": "EUC-KR",
    "euc_jp": "EUC-JP",
}


@dataclass(frozen=True)
class Sample:
    """The beginning of a file.

    data: whole lines. is_whole: whether it is the whole file.
    """

    data: bytes
    is_whole: bool


@dataclass(frozen=True)
class Text:
    """A sample as text. encoding: the name in Spark; empty for UTF-8."""

    text: str
    encoding: str
    notes: tuple[str, ...] = ()


def read(path: Path) -> Sample:
    """The sample of a file, which is unpacked where its name says so.

    Raises:
        GluecastError: it is empty, or cannot be unpacked.
    """
    with path.open("rb") as file:
        data = file.read(SAMPLE + 1)
    if ending := packing.ending_of(path.name):
        try:
            data = packing.beginning(data, ending, SAMPLE + 1)
        except packing.PackingError as error:
            raise GluecastError(
                f"expected a file that can be unpacked, found {error} in {path}; repair or rename it"
            ) from error
    if not data:
        raise GluecastError(
            f"expected a file with rows, found that {path} is empty; choose another"
        )
    if len(data) <= SAMPLE:
        return Sample(data, True)
    return Sample(data[: data.rfind(b"\n", 0, SAMPLE) + 1], False)


def decoded(sample: Sample) -> Text:
    """The text of a sample, in the likeliest encoding."""
    data = sample.data
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Text(data.decode("utf-16", "ignore"), "UTF-16")
    for encoding, nulls in (("UTF-16LE", data[1:400:2]), ("UTF-16BE", data[0:400:2])):
        if len(nulls) > 8 and nulls.count(0) > 0.9 * len(nulls):
            return Text(data.decode(encoding.lower(), "ignore"), encoding)
    try:
        return Text(data.decode("utf-8-sig"), "")
    except UnicodeDecodeError:
        pass
    found = from_bytes(data, cp_isolation=[*_ENCODINGS]).best()
    python = found.encoding if found and found.encoding in _ENCODINGS else "cp1252"
    if python != "cp1252" and _is_western(data):
        python = "cp1252"
    notes = []
    if both := _mixed(data):
        notes.append(
            f"line {both} is UTF-8 and others are not: the encodings are mixed, and some letters will "
            "be wrong"
        )
    notes.append(f"the encoding is a guess: look at the letters that are not of ASCII ({python})")
    return Text(data.decode(python, "replace"), _ENCODINGS[python], tuple(notes))


def _is_western(data: bytes) -> bool:
    """Whether all bytes beyond ASCII are the usual letters and marks of Western Europe."""
    letters = "äöüÄÖÜßéèêëáàâíìîóòôúùûñçøåæÉÈÀÇØÅÆ\N{EURO SIGN}\N{DEGREE SIGN}\N{SECTION SIGN}"
    marks = "\N{ACUTE ACCENT}\N{RIGHT SINGLE QUOTATION MARK}\N{EN DASH}\N{NO-BREAK SPACE}"
    usual = (letters + marks).encode("cp1252")
    beyond = [byte for byte in data if byte > 0x7F]
    return all(byte in usual for byte in beyond)


def _mixed(data: bytes) -> int | None:
    """The first line beyond ASCII that is UTF-8, in a file where others are not."""
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.isascii():
            try:
                line.decode()
            except UnicodeDecodeError:
                continue
            return number
    return None
