"""Pure: language tags (BCP 47, RFC 5646) in one spelling."""

import re
from functools import lru_cache

LONGEST = 35  # characters; RFC 5646, section 4.4.1, asks for room for as many
# `langtag` and `privateuse` of RFC 5646, section 2.1. Its primary languages of 4 to 8 letters are left out:
# none was ever registered, and they would let names such as `English` pass for tags.
_WELL_FORMED = re.compile(
    r"""
    (?: [a-z]{2,3} (?:-[a-z]{3}){0,3}               # language, extended language
        (?: -[a-z]{4} )?                            # script
        (?: -(?:[a-z]{2}|[0-9]{3}) )?               # region
        (?: -(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}) )*  # variants
        (?: -[a-wyz0-9](?:-[a-z0-9]{2,8})+ )*       # extensions
        (?: -x(?:-[a-z0-9]{1,8})+ )?                # private use
    | x(?:-[a-z0-9]{1,8})+ )
    """,
    re.VERBOSE | re.ASCII,
)
# Codes that old versions of Java and Android still send.
_RENAMED = {"in": "id", "iw": "he", "ji": "yi"}


@lru_cache(maxsize=1024)
def canonical(tag: str) -> str:
    """Return a tag in its usual case: `pt-BR`, `zh-Hant-TW`; `pt_br` is taken for it.

    Raises ValueError for what is not well-formed.
    """
    lower = tag.replace("_", "-").lower()
    if len(lower) > LONGEST or not tag.isascii() or not _WELL_FORMED.fullmatch(lower):
        raise ValueError(f"not a language tag: {tag!r}")
    first, *rest = lower.split("-")
    subtags = [_RENAMED.get(first, first)]
    for subtag in rest:
        # RFC 5646, section 2.1.1: after a singleton, everything is in lower case.
        before_singleton = all(len(earlier) > 1 for earlier in subtags)
        subtags.append(_cased(subtag) if before_singleton else subtag)
    return "-".join(subtags)


def _cased(subtag: str) -> str:
    if len(subtag) == 2:
        return subtag.upper()
    return subtag.title() if len(subtag) == 4 and subtag.isalpha() else subtag
