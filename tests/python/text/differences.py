"""Where our numbers and CLDR's differ on purpose, each with its reason.

A difference is written as what turns our words into CLDR's. Both sides are compared in
lower case, without soft hyphens, with blanks for hyphens.
"""

from __future__ import annotations

from typing import NamedTuple


class Difference(NamedTuple):
    """``rewrites`` are regular expressions on our words, applied in order.

    ``both``: on CLDR's words too, where neither form contains the other.
    """

    reason: str
    rewrites: tuple[tuple[str, str], ...]
    both: bool = False


DIFFERENCES: dict[str, tuple[Difference, ...]] = {
    "en": (),
    "fr": (
        Difference(
            "CLDR joins the ordinals of 1 and 11 with 'et' after a hundred and in 81 and 91; "
            "French says cent unième, quatre-vingt-unième",
            (
                (r"\b(quatre vingt|cents?|mille) (unième|onzième)$", r"\1 et \2"),
                (r"cents et", "cent et"),
            ),
        ),
        Difference(
            "Millions and milliards are nouns: deux cents millions, quatre-vingts millions",
            ((r"\b(cent|vingt)s(?= [mb]ill)", r"\1"),),
        ),
    ),
    "es": (
        Difference(
            "Ordinals of thousands are one word in Spanish: seismilésimo",
            ((r"(?<=\w)milésimo", " milésimo"),),
        ),
        Difference("The academy's word is octingentésimo", ((r"octingentésimo", "octingésimo"),)),
    ),
    "de": (
        Difference(
            "Hundertste and tausendste without 'ein' when nothing stands before, as spoken",
            ((r"^(hundert|tausend)ste$", r"ein\1ste"),),
        ),
    ),
    "it": (
        Difference(
            "The accent of tré is written at the end of a word only (ventitremila)",
            ((r"(?<=\w)tre(?=mila)", "tré"),),
        ),
        Difference(
            "Ventunomila and ventuno milioni beside ventunmila and ventun milioni: both are used",
            ((r"(?<=\w)uno(?=mila| mil| bil)", "un"),),
        ),
        Difference(
            "Cento loses its vowel before ottanta, or keeps it: both are used; and unesimo",
            (
                (r"centotto", "centootto"),
                (r"centott(?=ant)", "centoott"),
                (r"centounesimo$", "centunesimo"),
            ),
        ),
    ),
    "pt": (
        Difference(
            "Whether 'e' joins millions and thousands is a matter of style",
            ((r"(?<=ilhões|ilhão|mil) e ", " "),),
            both=True,
        ),
        Difference(
            "The thousandth is counted with the ordinal (quarto milésimo) in grammars",
            (
                (r"^primeiro (?=milésimo)", ""),
                (r"^segundo (?=milésimo)", "dois "),
                (r"^terceiro (?=milésimo)", "três "),
                (r"^quarto (?=milésimo)", "quatro "),
                (r"^quinto (?=milésimo)", "cinco "),
                (r"^sexto (?=milésimo)", "seis "),
                (r"^sétimo (?=milésimo)", "sete "),
                (r"^oitavo (?=milésimo)", "oito "),
                (r"^nono (?=milésimo)", "nove "),
            ),
        ),
        Difference(
            "Nongentésimo, noningentésimo, seiscentésimo and sexcentésimo are all in the dictionaries",
            ((r"\bnongentésimo", "noningentésimo"), (r"seiscentésimo", "sexcentésimo")),
        ),
    ),
    "nl": (
        Difference(
            "The number 1 alone is één, so that it is not spoken as the article een",
            ((r"\béén\b", "een"),),
        ),
    ),
    "ar": (
        Difference("Two is written without hamza; CLDR has إثنان", ((r"إثن", "اثن"),), both=True),
        Difference(
            "Eleven of something masculine is أحد عشر; CLDR mixes both genders",
            ((r"أحد عشر", "إحدى عشر"),),
        ),
        Difference(
            "Hundreds are one word (ثلاثمئة), as the language academies write them",
            (
                (r"ثمانمئة", "ثمانية مائة"),
                (r"(ثلاث|أربع|خمس|ست|سبع|تسع)مئة", r"\1ة مائة"),
                (r"مئة", "مائة"),
                (r"مئتان", "مائتان"),
            ),
        ),
        Difference(
            "Thousands and millions agree with their number: ثلاثة آلاف, أحد عشر ألفًا",
            (
                (r"آلاف|ألفًا", "ألف"),
                (r"ملايين|مليونًا", "مليون"),
                (r"مليارات|مليارًا", "مليار"),
                (r"تريليونات|تريليونًا", "تريليون"),
            ),
            both=True,
        ),
        Difference(
            "Two of them are a dual in the nominative: مليونان, ألفان",
            (
                (r"اثنان (مليون|مليار|ترليون)", r"\1ان"),
                (r"ألفي(?:ن|(?= ))", "ألفان"),
            ),
            both=True,
        ),
        Difference("Trillion is تريليون", ((r"تريليون", "ترليون"),)),
        Difference(
            "Ordinals from a hundred on take the article; CLDR gives the cardinal, or both",
            ((r"^ال(?=.*(?:مائة|ألف|مائتان))", ""),),
            both=True,
        ),
        Difference("The decimal mark is called فاصلة", ((r"فاصلة", "فاصل"),)),
        Difference("Below zero is سالب; ناقص is subtraction", ((r"^سالب", "ناقص"),)),
    ),
    "hi": (),
}
