# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Numbers as the people of a country write them: the decimal mark, and the marks of groups.

The conventions are those of the Unicode CLDR (https://cldr.unicode.org), with the blanks that programs write
in place of its narrow no-break space.
"""

import re
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from glue_runtime.input.exact.grammar import DoesNotFitError

_BLANKS = " \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"


@dataclass(frozen=True)
class Convention:
    """How numbers are written. groups: each of these may separate groups of digits.

    is_indian: whether the groups before the last one have two digits.
    """

    decimal: str
    groups: str
    is_indian: bool = False

    @cached_property
    def expression(self) -> str:
        """The numbers, as a regular expression."""
        mark, first = re.escape(self.decimal), "{1,2}" if self.is_indian else "{1,3}"
        middle = "{2}" if self.is_indian else "{3}"
        grouped = "|".join(
            f"[0-9]{first}(?:{re.escape(group)}[0-9]{middle})*{re.escape(group)}[0-9]{{3}}"
            for group in self.groups
        )
        whole = f"(?:{grouped}|[0-9]+)"
        return f"^[+-]?(?:{whole}(?:{mark}[0-9]*)?|{mark}[0-9]+)(?:[eE][+-]?[0-9]+)?$"

    def plain(self, texts: pa.Array) -> tuple[pa.Array, pa.Array]:
        """The texts with a decimal point and without groups; and whether each is a number."""
        fits = pc.fill_null(pc.match_substring_regex(texts, self.expression), True)
        texts = pc.if_else(fits, texts, pa.scalar(None, pa.string()))
        if self.groups:
            texts = pc.replace_substring_regex(texts, f"[{re.escape(self.groups)}]", "")
        return pc.replace_substring(texts, self.decimal, "."), fits

    def plain_text(self, text: str) -> str:
        """The same for one text. Raises DoesNotFitError: it is no number."""
        [plain] = self.plain(pa.array([text], pa.string()))[0].to_pylist()
        if plain is None:
            raise DoesNotFitError(text)
        return str(plain)


_POINT = Convention(".", ",")
_COMMA = Convention(",", ".")
_COMMA_AND_BLANKS = Convention(",", _BLANKS)
_SWISS = Convention(".", "'\N{RIGHT SINGLE QUOTATION MARK}")
_INDIAN = Convention(".", ",", is_indian=True)

_LANGUAGES = {
    **dict.fromkeys(("en", "ja", "zh", "ko", "th", "he"), _POINT),
    **dict.fromkeys(("da", "de", "el", "es", "hr", "id", "it", "nl", "pt", "ro", "sl", "sr", "tr", "vi"), _COMMA),
    **dict.fromkeys(
        ("bg", "cs", "et", "fi", "fr", "hu", "lt", "lv", "nb", "nn", "no", "pl", "ru", "sk", "sv", "uk"),
        _COMMA_AND_BLANKS,
    ),
    "hi": _INDIAN,
}  # fmt: skip
_REGIONS = {
    **dict.fromkeys(("de-CH", "de-LI", "it-CH", "en-CH"), _SWISS),
    "de-AT": Convention(",", "." + _BLANKS),
    "en-IN": _INDIAN,
    "en-ZA": _COMMA_AND_BLANKS,
    "pt-PT": _COMMA_AND_BLANKS,
    **dict.fromkeys(("es-MX", "es-US", "es-PR", "es-GT", "es-HN", "es-NI", "es-PA", "es-PE", "es-SV", "es-DO"), _POINT),
    **dict.fromkeys(("es-419", "es-BR", "es-BZ", "es-CU"), _POINT),
}  # fmt: skip
_UNCLEAR = frozenset(
    (
        *("en-AT", "en-BE", "en-CZ", "en-DE", "en-DK", "en-EE", "en-ES", "en-FI", "en-FR", "en-GR", "en-HU", "en-ID"),
        *("en-IT", "en-LT", "en-LV", "en-NL", "en-NO", "en-PL", "en-PT", "en-RO", "en-SE", "en-SI", "en-SK", "en-UA"),
    )
)  # fmt: skip
"""English where the country's own language has another decimal mark: versions of the CLDR differ."""

KNOWN = ", ".join(sorted({*_LANGUAGES, *_REGIONS}))


def convention_of(locale: str) -> Convention | None:
    """The convention of a locale, as an IETF BCP 47 tag (``de-DE``); None if it is not known."""
    language, _, region = locale.replace("_", "-").partition("-")
    if region and not re.fullmatch("[A-Za-z]{2}|[0-9]{3}", region):
        return None
    tag = f"{language.lower()}-{region.upper()}"
    if tag in _UNCLEAR:
        return None
    return _REGIONS.get(tag) or _LANGUAGES.get(language.lower())
