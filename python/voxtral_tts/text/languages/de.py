"""German: ordinals with a dot, years in hundreds."""

from __future__ import annotations

from voxtral_tts.text.languages.base import (
    Dates,
    Language,
    Times,
    magnitudes,
    month_numbers,
    nouns,
    one_or_other,
    words,
)
from voxtral_tts.text.spellers import library

_FORMS = {
    "m": ((r"eins$", "ein"),),
    "n": ((r"eins$", "ein"),),
    "f": ((r"eins$", "eine"),),
}
# The library's "-te"; the article before it decides, see ordinal_after.
# The library writes "hunderteinstausend" and "hunderteins Millionen".
_THOUSANDS = ((r"einstausend", "eintausend"), (r"eins(?= (?:M|B|Tr)ill)", "eine"))
_ORDINALS = {"n": ((r"te$", "ten"),), "r": ((r"te$", "ter"),)}
_year = library("de", "year")

MONTHS = (
    "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"
).split()

DAYS = "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag".split()
_SHORT_DAYS = "|".join(day[:2] for day in DAYS)

LANGUAGE = Language(
    code="de",
    cardinal=library("de", "cardinal", _THOUSANDS, _FORMS),
    ordinal=library("de", "ordinal", _THOUSANDS, _ORDINALS),
    plural=one_or_other,
    year=lambda year: _year(year, ""),
    decimal=",",
    group=".",
    point="Komma",
    minus="minus",
    plus="plus",
    to="bis",
    dot="Punkt",
    dates=Dates(
        months=tuple(MONTHS),
        short=month_numbers(MONTHS) | {"jänner": 1, "sept": 9},
        template="{day} {month} {year}",
        ordinal_day=True,
    ),
    times=Times(
        full="{h} Uhr",
        minutes="{h} Uhr {m}",
        duration="{hours}, {minutes} und {seconds}",
        seconds=" und {s} Sekunden",
        at="[Uu]m|[Gg]egen|[Aa]b|[Bb]is",
        hour_form="n",
        after="Uhr|h",
    ),
    currencies=nouns("""
        USD: Dollar|Dollar|m
        EUR: Euro|Euro|m
        GBP: Pfund|Pfund|n
        JPY: Yen|Yen|m
        INR: Rupie|Rupien|f
        CHF: Schweizer Franken|Schweizer Franken|m
        CNY: Yuan|Yuan|m
        BRL: Real|Real|m
        KRW: Won|Won|m
        RUB: Rubel|Rubel|m
        SAR: Saudi-Rial|Saudi-Rial|m
        AED: Dirham|Dirham|m
        EGP: ägyptisches Pfund|ägyptische Pfund|n
    """),
    cents=nouns("""
        USD EUR: Cent|Cent|m
        GBP: Penny|Pence|m
        INR: Paisa|Paise|m
        CHF: Rappen|Rappen|m
        BRL: Centavo|Centavos|m
        RUB: Kopeke|Kopeken|f
        SAR: Halala|Halala|m
        AED: Fils|Fils|m
        EGP: Piaster|Piaster|m
    """),
    units=nouns("""
        U/min: Umdrehung pro Minute|Umdrehungen pro Minute|f
        PS: PS
        rpm: Umdrehung pro Minute|Umdrehungen pro Minute|f
        mm: Millimeter|Millimeter|m
        cm Cm CM: Zentimeter|Zentimeter|m
        m: Meter|Meter|m
        km Km KM: Kilometer|Kilometer|m
        mg: Milligramm|Milligramm|n
        g: Gramm|Gramm|n
        kg Kg KG: Kilogramm|Kilogramm|n
        t: Tonne|Tonnen|f
        ml mL: Milliliter|Milliliter|m
        cl: Zentiliter|Zentiliter|m
        l L: Liter|Liter|m
        cm² cm2: Quadratzentimeter|Quadratzentimeter|m
        mm² mm2: Quadratmillimeter|Quadratmillimeter|m
        m² m2 qm: Quadratmeter|Quadratmeter|m
        km² km2: Quadratkilometer|Quadratkilometer|m
        m³ m3: Kubikmeter|Kubikmeter|m
        ha: Hektar|Hektar|m
        ms: Millisekunde|Millisekunden|f
        s Sek.: Sekunde|Sekunden|f
        min Min.: Minute|Minuten|f
        h Std.: Stunde|Stunden|f
        Uhr: Uhr|Uhr|n
        km/h: Kilometer pro Stunde|Kilometer pro Stunde|m
        m/s: Meter pro Sekunde|Meter pro Sekunde|m
        °C ℃: Grad Celsius|Grad Celsius|m
        °F ℉: Grad Fahrenheit|Grad Fahrenheit|m
        °: Grad|Grad|m
        W: Watt|Watt|n
        kW: Kilowatt|Kilowatt|n
        MW: Megawatt|Megawatt|n
        kWh: Kilowattstunde|Kilowattstunden|f
        GWh: Gigawattstunde|Gigawattstunden|f
        MWh: Megawattstunde|Megawattstunden|f
        V: Volt|Volt|n
        mAh: Milliamperestunde|Milliamperestunden|f
        Hz: Hertz|Hertz|n
        kHz: Kilohertz|Kilohertz|n
        MHz: Megahertz|Megahertz|n
        GHz: Gigahertz|Gigahertz|n
        kB KB: Kilobyte|Kilobyte|n
        MB: Megabyte|Megabyte|n
        GB: Gigabyte|Gigabyte|n
        TB: Terabyte|Terabyte|n
        kbit/s: Kilobit pro Sekunde|Kilobit pro Sekunde|n
        Mbps Mbit/s: Megabit pro Sekunde|Megabit pro Sekunde|n
        Gbps Gbit/s: Gigabit pro Sekunde|Gigabit pro Sekunde|n
        dB: Dezibel|Dezibel|n
        hPa: Hektopascal|Hektopascal|n
        kJ: Kilojoule|Kilojoule|n
        kcal: Kilokalorie|Kilokalorien|f
        px: Pixel|Pixel|n
        %: Prozent|Prozent|n
        ‰: Promille|Promille|n
    """),
    counted=nouns("""
        day: Tag|Tage|m
        week: Woche|Wochen|f
        month: Monat|Monate|m
        year: Jahr|Jahre|n
        person: Person|Personen|f
        time: Mal|Mal|n
        page: Seite|Seiten|f
    """),
    magnitudes=magnitudes("""
        k K Tsd. tausend: 3 tausend|tausend|n
        M Mio. Mio Million Millionen: 6 Million|Millionen|f
        Mrd. Mrd Milliarde Milliarden: 9 Milliarde|Milliarden|f
        Bio. Billion Billionen: 12 Billion|Billionen|f
    """),
    abbreviations=words("""
        Dr.: Doktor
        Dr.med.: Doktor med
        Dr.phil.: Doktor phil
        Dr.jur.: Doktor jur
        Dr.rer.nat.: Doktor rer nat
        Dr.h.c.: Doktor h c
        Co.KG: Co KG
        Hrn.: Herrn
        Mo.#: Montag
        Di.#: Dienstag
        Mi.#: Mittwoch
        Do.#: Donnerstag
        Fr.#: Freitag
        Sa.#: Samstag
        So.#: Sonntag
        Frl.: Fräulein
        Hptm.: Hauptmann
        Gen.^: General
        Prof.: Professor
        Hr.: Herr
        Fr.^: Frau
        Dipl.: Diplom
        Ing.: Ingenieur
        St.: Sankt
        Str.: Straße
        z.B.: zum Beispiel
        Z.B.: Zum Beispiel
        d.h.: das heißt
        D.h.: Das heißt
        u.a.: unter anderem
        u.U.: unter Umständen
        i.d.R.: in der Regel
        z.T.: zum Teil
        z.Z.: zur Zeit
        v.a.: vor allem
        o.ä.: oder ähnlich
        s.o.: siehe oben
        s.u.: siehe unten
        v.Chr.: vor Christus
        n.Chr.: nach Christus
        usw.: und so weiter
        bzw.: beziehungsweise
        ca.: circa
        Ca.: Circa
        vorm.: vormals
        zzgl.: zuzüglich
        bzgl.: bezüglich
        Bzgl.: Bezüglich
        Vgl.: Vergleiche
        Evtl.: Eventuell
        Jh.: Jahrhundert
        evtl.: eventuell
        ggf.: gegebenenfalls
        inkl.: inklusive
        exkl.: exklusive
        max.: maximal
        mind.: mindestens
        min.: minimal
        vgl.: vergleiche
        Nr.: Nummer
        Abb.: Abbildung
        Bd.: Band
        Kap.: Kapitel
        Tel.: Telefon
        Abs.: Absatz
        Art.#: Artikel
        geb.: geboren
        gest.: gestorben
        etc.: et cetera
        bspw.: beispielsweise
        sog.: sogenannt
        S.#: Seite
        vs.: versus
    """),
    ending=frozenset({"usw.", "etc.", "v.Chr.", "n.Chr.", "s.o.", "s.u.", "o.ä."}),
    signs=words("""
        &: und
        +: plus
        =: gleich
        ≠: ungleich
        ≈: ungefähr
        <: kleiner als
        >: größer als
        ≤: kleiner oder gleich
        ≥: größer oder gleich
        ±: plus minus
        ×: mal
        ÷: geteilt durch
        √: Wurzel aus
        ∞: unendlich
        π: Pi
        §: Paragraf
        ©: Copyright
        ®: eingetragene Marke
        ™: Marke
        °: Grad
        №: Nummer
        @: at
        #: Raute
        *: Stern
        ~: ungefähr
        ^: hoch
        _: Unterstrich
        |: senkrechter Strich
        \\: Backslash
        /: Schrägstrich
        %: Prozent
        ‰: Promille
        µ μ: Mikro
        $: Dollar
        €: Euro
        £: Pfund
        ¥: Yen
        →: nach
    """),
    web=words("""
        @: at
        .: Punkt
        /: Schrägstrich
        :: Doppelpunkt
        -: Bindestrich
        _: Unterstrich
        #: Raute
        ?: Fragezeichen
        =: gleich
        &: und
        ~: Tilde
        +: plus
        %: Prozent
    """),
    fractions=words("""
        2/5: zwei Fünftel
        3/5: drei Fünftel
        4/5: vier Fünftel
        1/6: ein Sechstel
        5/6: fünf Sechstel
        3/8: drei Achtel
        5/8: fünf Achtel
        7/8: sieben Achtel
        1/7: ein Siebtel
        1/9: ein Neuntel
        1/2: ein halb
        1/3: ein Drittel
        2/3: zwei Drittel
        1/4: ein Viertel
        3/4: drei Viertel
        1/5: ein Fünftel
        1/8: ein Achtel
        1/10: ein Zehntel
    """),
    over="durch",
    mixed="und",
    half="{n}einhalb",
    halves={"1": "eineinhalb"},
    power="hoch",
    squared="hoch zwei",
    cubed="hoch drei",
    ratio="zu",
    version="Version",
    hashtag="Hashtag",
    money_join=" und ",
    early=(
        (r"(?<![\d.,:])([01]?\d|2[0-4])\.([0-5]\d)(?=(?:\s?(?:[–-]|bis)\s?\d\d?\.\d\d)?\s?Uhr\b)", r"\1:\2"),
        (r"(?<![\d.,])(\d{1,2}\.)\s?[–-]\s?(?=\d{1,2}\.\s\p{Lu})", r"\1 bis "),
        (r"(?<=\p{Ll})str\.(?=\s\d)", "straße"),
        (r"\b24/7\b", "24 7"),
        (rf"\b({_SHORT_DAYS})\.?\s?[–-]\s?(?=(?:{_SHORT_DAYS})\b\.?(?:[,:]?\s\d|\s?$))", r"\1. bis "),
        *(
            (rf"\b{day[:2]}\.(?=[,:]?\s(?:den\s)?\d|\sbis\s(?:{_SHORT_DAYS})\b)"
             rf"|(?<=\. bis |tag bis |woch bis ){day[:2]}\b\.?(?=[,:]?\s\d|\s?$)", day)
            for day in DAYS
        ),
    ),
    before_number=r"\p{Ll}str\.",
    ordinal_suffixes={"(?:te|ste)": "", "(?:ten|sten)": "n", "(?:ter|ster)": "r"},
    ordinal_dot=True,
    ordinal_link=r"(?:\d{1,2}\.|\p{L}+(?:te|ten|ter))\s(?:und|oder|bis)\s$",
    openers="„‚»›",
    digitwise=r"(?<=\b(?:[Rr]uf(?:en|t|e)?(?:\s[Ss]ie)?(?:\sdie)?|[Ww]ähl(?:en|t|e)?(?:\s[Ss]ie)?(?:\sdie)?|[Nn]otruf|"
    r"[Tt]elefon|[Nn]ummer)\s)(?:112|110|115|116)",
    day_month=r"[Aa]m|[Vv]om|[Zz]um|[Bb]is",
    one=(
        (r"(?<![\w.,:/+−-])(?<=(?:^|[.!?:;,(„»]\s?|\b(?:[Mm]it|[Nn]ur|[Uu]nd|[Oo]der|[Hh]abe|[Hh]at|[Ii]st|[Gg]ibt|[Ff]ür|[Oo]hne|[Jj]e|[Ee]s|[Aa]us|[Ww]ar)\s))1"
         r"(?=\s(?:\p{Lu}\p{Ll}*(?:ung|heit|keit|schaft|ion|tät|ik|ei|ie|e|stadt|nacht)|Frau|Nacht|Hand|Stadt)\b(?!\s\p{Lu}))", "eine"),
        (r"(?<![\w.,:/+−-])(?<=(?:^|[.!?:;,(„»]\s?|\b(?:[Mm]it|[Nn]ur|[Uu]nd|[Oo]der|[Hh]abe|[Hh]at|[Ii]st|[Gg]ibt|[Ff]ür|[Oo]hne|[Jj]e|[Ee]s|[Aa]us|[Ww]ar)\s))1"
         r"(?=\s\p{Lu}\p{Ll}{2})", "ein"),
    ),
    starters=(
        "Der|Die|Das|Ein|Eine|Ich|Du|Er|Sie|Es|Wir|Ihr|Man|Und|Aber|Oder|Doch|Denn|Dann|Danach|"
        "Dort|Da|Hier|Heute|Jetzt|Nun|So|Also|In|Im|An|Am|Auf|Bei|Mit|Nach|Von|Vor|Zu|Zum|Zur|"
        "Als|Wenn|Wer|Was|Wie|Wo|Warum|Dies|Diese|Dieser|Dieses|Kein|Keine|Nur|Auch|Nicht"
    ),
    ordinal_after=(
        (r"(?i:der|die|das|diese|dieser|dieses|jeder|jede|jedes)", ""),
        (r"(?i:am|vom|zum|zur|bis|dem|den|des|seit|ab|im|beim|einem|einen|einer|jedem|jeden|"
         r"ihrem|ihren|seinem|seinen|meinem|meinen)", "n"),
        (r"(?i:ein|kein|mein|sein|ihr|unser)", "r"),
        (r"(?i:eine|keine|meine|seine|ihre|unsere)", ""),
        (r"", "r"),
    ),
    roman_after=(
        ("Ludwig|Heinrich|Friedrich|Karl|Wilhelm|Otto|Georg|Elisabeth|Johannes Paul|Benedikt|"
         "Napoleon|Katharina|Franz", "der {ordinal}"),
        ("Kapitel|Teil|Band|Akt|Szene|Buch|Typ|Klasse|Anhang|Artikel", "{cardinal}"),
    ),
    decades=((r"$", "er"),),
    decade_mark="er|s",
    short_decade=r"\b",
)  # fmt: skip
