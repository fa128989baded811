"""Markdown and HTML inside a line: the text stays, its marks go."""

from __future__ import annotations

import regex

from voxtral_tts.text.languages.base import Language

_TAGS = (
    "a|abbr|b|blockquote|br|break|cite|code|del|details|div|em|emphasis|font|h[1-6]|hr|i|img|ins|kbd|"
    "li|mark|ol|p|pre|prosody|q|s|say-as|small|span|speak|strong|sub|summary|sup|table|tbody|td|"
    "th|thead|tr|u|ul|voice"
)
_REWRITES = tuple(
    (regex.compile(pattern, regex.M), replacement)
    for pattern, replacement in (
        (r"<!--(?:(?!-->).){0,1000}-->", " "),
        (r"<(https?://[^\s<>]{1,500})>", r"\1"),
        (
            rf"</?(?:{_TAGS})(?:\s+[\w:-]{{1,40}}\s?=\s?(?:\"[^\"<>]{{0,300}}+\"|'[^'<>]{{0,300}}+'|[^\s<>\"']{{1,300}}+))"
            r"{0,20}\s{0,9}/?>",
            " ",
        ),
        (r"<([\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})>", r"\1"),
        (r"(?<!\w)<\p{L}[\w-]{0,40}\s?/>|</\p{L}[\w-]{0,40}>", " "),  # <laugh/>: an order, no text
        (r"(?<!\w)<(\p{L}[\p{L}\d+-]{0,40})>", r"\1"),  # <Enter>
        (r"^\s{0,3}(?:```|~~~)\w*[ \t]*$", ""),
        (r"^\s{0,3}#{1,6}\s+", ""),
        (r"\s#{1,6}[ \t]*$", ""),
        (r"^\s{0,3}(?:>[ \t]?){1,9}", ""),
        (r"^\s*[-*+•◦▪‣]\s+(?:\[[ xX]\]\s+)?(?=\S)", ""),
        (r"^\s*\|[\s:|-]{2,200}\|\s*$", ""),
        (r"(?<!!)\[[^\[\]\n]{1,500}+\]\(([\p{L}\p{M}][\p{L}\p{M} '’-]{0,200}+)\)", r"\1"),
        (r"!?\[([^\[\]\n]{0,500}+)\]\([^()\s]{0,500}+(?:\s\"[^\"\n]{0,200}\")?\)", r"\1"),
        (r"\]\([^()\s]{1,500}+\)", "]"),
        (r"\[([^\[\]\n]{1,500}+)\]\[[^\[\]\n]{0,100}+\]", r"\1"),
        (r"\\(?=[*_`~#\[\]|<>])", ""),
        (r"`+|~~", ""),
        (r"(?<![\d*])\*{2,3}(?!\*)|(?<!\*)\*{2,3}(?![\d*])", ""),
        (r"(?<!\d)\*(?=\S)([^*\n]{1,300}+)(?<=\S)\*(?!\d)", r"\1"),
        (r"(?<![\w*])\*(?=[^\s*])|(?<=[^\s*])\*(?![\w*])", ""),
        (r"(?<![\w_])_{1,3}(?=[^\W_])|(?<=[^\s_])_{1,3}(?![\w_])", ""),
    )
)
_NUMBERED = regex.compile(r"^(\s{0,9}\d{1,3})(?:\)|\.(?!\s\d))\s+(?=\S)(?=(\p{L}{0,12}+))", regex.M)
_ROW = regex.compile(r"^\s*\|(.{1,2000}?)\|?\s*$", regex.M)


def _cells(found: regex.Match[str]) -> str:
    return ", ".join(cell.strip() for cell in found[1].split("|") if cell.strip())


def markup(text: str, facts: Language) -> str:
    """``text`` without emphasis, links' addresses, tags, heading and list marks."""

    def item(found: regex.Match[str]) -> str:
        date = facts.ordinal_dot and found[2].lower() in facts.dates.short
        return found[0] if date else f"{found[1]}: "

    for pattern, replacement in _REWRITES:
        text = pattern.sub(replacement, text)
    return _ROW.sub(_cells, _NUMBERED.sub(item, text))
