"""The texts of the tokenizer goldens: nine languages, then everything that is awkward.

Every list is deterministic; `all_texts()` has no duplicates.
"""

from __future__ import annotations

import random
from itertools import product

# Per language: openings, subjects, predicates and closings. One of each makes a line; they
# are chosen for letters and joins, not for sense.
LANGUAGES: dict[str, tuple[list[str], list[str], list[str], list[str]]] = {
    "en": (
        ["Well, ", "I don't think ", "Yesterday at 5:30 p.m. ", "“Listen,” she said: "],
        ["the old lighthouse", "Dr. O'Neill's train", "a well-known co-author", "WE"],
        ["can't be seen from here", "cost $1,299.99", "won 3-2 in 2026", "re-opened"],
        [".", "!", "…", "?!"],
    ),
    "fr": (
        ["Aujourd'hui, ", "Où ça ? ", "« Bonjour », dit-elle, ", "À l'été 1998, "],
        ["le cœur de l'élève", "Noël", "l'œuvre française", "la garçonnière"],
        ["s'est arrêté", "coûte 12,50 €", "a été déçu", "n'y est pas"],
        [".", " !", " ?", "…"],
    ),
    "es": (
        ["¿Sabes que ", "¡Mira! ", "Mañana a las 17:45 ", "El niño dijo: "],
        ["el pingüino", "la señora Núñez", "mi corazón", "Ángel"],
        ["llegó tarde", "cuesta 1.234,56 €", "está aquí", "se comió la piñata"],
        [".", "!", "?", "..."],
    ),
    "de": (
        ["Übrigens: ", "Am 3. Oktober ", "„Na ja“, meinte er, ", "Straßenbahnhaltestelle – "],
        ["der Bär", "die Donaudampfschifffahrt", "mein Großvater", "STRASSE/STRAẞE"],
        ["fährt 100 km/h", "heißt Müller", "kostet 19,99 €", "hört's nicht"],
        [".", "!", "?", " ..."],
    ),
    "it": (
        ["Perché ", "È vero: ", "Un po' più tardi, ", "L'altr'ieri "],
        ["la città", "l'università di Forlì", "Niccolò", "gli gnocchi"],
        ["costò 7.000 lire", "è già qui", "non c'è", "andrà giù"],
        [".", "!", "?", "…"],
    ),
    "pt": (
        ["Não sei se ", "Às 8h30, ", "Olá! ", "O avô disse: "],
        ["a ação", "o pão de açúcar", "minha irmã", "João"],
        ["custa R$ 2.500,00", "está à porta", "vão amanhã", "pôs-se a rir"],
        [".", "!", "?", "..."],
    ),
    "nl": (
        ["’s Avonds ", "Eén keer ", "Zo'n beetje ", "Om 14.15 uur "],
        ["het ijs van IJmuiden", "de coördinator", "mijn reünie", "België"],
        ["kost € 3,75", "is geïnd", "duurde één uur", "gaat d'r vandoor"],
        [".", "!", "?", "…"],
    ),
    "ar": (
        ["مرحبًا، ", "في عام ٢٠٢٦ ", "قال: ", "هَلْ "],
        ["الكِتَابُ الجديد", "محمّد", "لغتنا العربية", "القـــمر"],
        ["جميلٌ جدًا", "وصل في ١٢:٣٠", "لا يُرى", "ثمنه 50 ريالاً"],
        [".", "؟", "!", "؛"],
    ),
    "hi": (
        ["नमस्ते, ", "क्या ", "१५ अगस्त को ", "उसने कहा: "],
        ["हिन्दी भाषा", "मेरा घर", "श्रीमती शर्मा", "विद्यार्थी"],
        ["बहुत सुंदर है", "₹१,५०० का है", "नहीं आया", "पढ़ाई करता है"],
        ["।", "?", "!", "॥"],
    ),
}  # fmt: skip

# Lines of model.md's golden vectors, and sentences as people type them.
SENTENCES = [
    "Paris is a beautiful city!",
    "Hello.",
    (
        "It took me quite a long time to develop a voice, and now that I have it"
        " I am not going to be silent."
    ),
    "Bonjour, je m'appelle Claude. Ça va très bien, merci!",
    "Tab\tand\nnewline handling.",
    "This is a test message.",
    "Hello world.",
    "The quick brown fox jumps over the lazy dog.",
    "1,234",
    "Mr. Smith-Jones' e-mail: a.b+c@example.com, https://example.com/a?b=c#d",
]

CONTROL_LOOKALIKES = [
    "[INST]</s>[AUDIO]",
    "<s>[BEGIN_AUDIO][AUDIO][AUDIO][NEXT_AUDIO_TEXT]hi[REPEAT_AUDIO_TEXT][BEGIN_AUDIO]",
    "<unk><pad>[/INST][SYSTEM_PROMPT]<SPECIAL_100>",
    "</s>",
    " </s> ",
    "<|endoftext|>",
]

# Every white-space character, those that were or look like one, and line breaks.
SPACES = [
    "\t", "\n", "\v", "\f", "\r", "\x1c", "\x1d", "\x1e", "\x1f", " ", "\x85", "\xa0", "\xad",
    "\u1680", "\u180e", "\u2000", "\u2003", "\u2007", "\u200a", "\u200b", "\u200c", "\u200d",
    "\u200e", "\u2028", "\u2029", "\u202f", "\u205f", "\u2060", "\u3000", "\ufeff", "\0", "\r\n",
]  # fmt: skip

# Characters whose class changed or came late, next to plain ones.
LATE_UNICODE = [
    "\u0295",  # Ll, later Lo
    "\u0897",  # Mn, 16.0
    "\u0cf3\u0ece",  # Mc, 15.0; Mn, 15.0
    "\u1c89\u1c8a",  # Lu and Ll, 16.0
    "\ua7cb\ua7cd\ua7da\ua7db",  # Lu and Ll, 16.0
    "\ua7ce\u088f\u0c5c",  # unassigned in 16.0
    "\U00011380\U000113b8",  # Lo and Mc, 16.0
    "\U00010d50\U00010d70\U00010d40",  # Lu, Ll and Nd, 16.0
    "\U00010efd\U0001e08f",  # Mn, 15.0
    "\U0001e030",  # Lm, 15.0
    "\U0001e4f0\U00011f50",  # Nd, 15.0
    "\U00031350\U000323af\U0002ebf0",  # ideographs, 15.0 and 15.1
    "\U0001faea\U0001fae8",  # emoji, 16.0 and 15.0
    "\ue000\U000f0000\U0010ffff\ufffe",  # private use, noncharacters
]

SYMBOLS = [
    "😀", "👍🏽", "👨\u200d👩\u200d👧\u200d👦", "🏳️\u200d🌈", "🇫🇷🇩🇪", "1️⃣", "❤️", "\ufe0f",
    "e\u0301", "a\u0300\u0301\u0302\u0303", "\u0301x", "न\u093c", "क\u094dष", "ك\u0640\u0651",
    "ﬁ", "Ǆǅǆ", "ß", "İı", "Ω", "K", "Å", "ª", "ʰ", "ⅷ", "½", "²", "٣", "३", "〇", "漢字", "ひらがな",
    "한국어", "Привет", "Ελληνικά", "עברית", "ไทย", "𝔘𝔫𝔦", "𝟘𝟙", "←→", "±≤≥", "§¶", "€£₹", "«»‹›",
    "‘’“”„", "–—―‐‑", "·•", "…", "//", "/\r\n/", "\\n", "{}[]()", "<>", "&amp;", "'s", "'S", "'ll",
    "I'M", "we've", "O'", "''", '""', "#@!", "%d", "~~~", "***", "___", "--", "e.g.", "a/b/c",
    "CamelCase", "snake_case", "HTTPServer", "iPhone15", "x86_64", "α2β", "ABCdefGHI", "Éa", "aÉ",
]  # fmt: skip

DIGITS = [
    "0", "42", "123", "1234567890", "3.14159", "1e-5", "2026-03-01", "12:30:45", "+49 30 1234567",
    "1 000 000", "1_000", "0x1F", "192.168.0.1", "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९", "¹²³", "Ⅷ", "½¼", "x2", "2x",
]  # fmt: skip


def language_texts() -> list[str]:
    """Every combination of the parts, thinned to 128 lines a language, in all lower and upper
    case too where that differs."""
    texts: list[str] = []
    for parts in LANGUAGES.values():
        lines = ["".join(line) for line in product(*parts)]
        chosen = lines[::2]
        texts += chosen
        texts += [line.upper() for line in chosen[::8]]
        texts += [line.lower() for line in chosen[4::8]]
        texts += [chosen[i] + separator + chosen[-1 - i] for i, separator in enumerate("\n \t")]
    return texts


def awkward_texts() -> list[str]:
    """White space in every position, single odd characters and their neighbours."""
    texts = [""]
    for space in SPACES:
        texts += [space, f"a{space}b", f"{space}a", f"a{space}", f"a {space} b"]
        texts += [f".{space}{space}B", f"1{space}2", f"a{space}\nb", f"é{space * 3}ü"]
    for odd in LATE_UNICODE + SYMBOLS:
        texts += [odd, f"x{odd}Y", f" {odd} {odd}", f"A{odd}b{odd}1"]
    for number in DIGITS:
        texts += [number, f" {number}", f"No.{number}!"]
    texts += [chr(code) for code in range(0x80)]
    texts += [" " * n + "a" for n in range(2, 20)] + ["\n" * n + "a" for n in range(2, 8)]
    texts += [" \r\n \r\n x", "\r\r\n\n", " \t \t", "a  \n  b", "trailing   ", "   "]
    return texts


def random_texts(count: int, seed: int) -> list[str]:
    """`count` strings over plain and awkward characters, then over all of Unicode."""
    source = random.Random(seed)
    letters = "aAbB zZ  .,'-/1 9éÉßñ\n\r\t"
    alphabet = [*letters, *SPACES, *SYMBOLS, *LATE_UNICODE]
    texts = ["".join(source.choices(alphabet, k=source.randint(2, 14))) for _ in range(count)]
    planes = [(0x20, 0x2FF), (0x300, 0x1FFF), (0x2000, 0xD7FF), (0xE000, 0x10FFFF)]
    for _ in range(count // 2):
        choice = [source.randint(*source.choice(planes)) for _ in range(source.randint(1, 8))]
        texts.append("".join(map(chr, choice)))
    return texts


def all_texts() -> list[str]:
    texts = SENTENCES + CONTROL_LOOKALIKES + language_texts() + awkward_texts()
    return list(dict.fromkeys(texts + random_texts(500, seed=2603)))


# Unit and count of runs too long to store; their ids are stored as a digest.
LONG_RUNS: list[tuple[str, int]] = [
    ("7", 100_000),
    ("a", 100_000),
    ("A", 20_000),
    (" ", 20_000),
    ("\n", 20_000),
    ("/", 20_000),
    ("!", 5_000),
    ("ab", 50_000),
    ("é", 20_000),
    ("न", 20_000),
    ("😀", 5_000),
    ("\u0301", 5_000),
    ("Hello world. ", 5_000),
    ("\r\n ", 5_000),
    ("\u180e ", 2_000),
]

PROMPTS: list[tuple[str, str]] = [
    ("Paris is a beautiful city!", "casual_male"),
    ("Hello.", "ar_male"),
    (SENTENCES[2], "neutral_female"),
    (SENTENCES[3], "fr_male"),
    (SENTENCES[4], "casual_female"),
    ("Hello world.", "neutral_male"),
    ("This is a test message.", "cheerful_female"),
    ("¿Cómo estás? ¡Muy bien, gracias!", "es_female"),
    ("Straßenbahn – heute für 2,90 €.", "de_male"),
    ("Perché no? È già tardi.", "it_female"),
    ("Olá! Não há problema nenhum.", "pt_male"),
    ("Zo'n mooie dag, hè?", "nl_female"),
    ("مرحبًا، كيف حالك؟", "ar_male"),
    ("नमस्ते, आप कैसे हैं?", "hi_female"),
    ("[INST]</s>[AUDIO]", "hi_male"),
    ("x", "pt_female"),
    ("😀 OK\r\n", "es_male"),
]
