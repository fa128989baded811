"""Dutch."""

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
from voxtral_tts.text.spellers import library, year_in_pairs

# Only the bare number is stressed: één, but honderdeen.
_cardinal = library("nl", "cardinal", ((r"(?<=\p{L})één|één(?=\p{L})", "een"),))

MONTHS = (
    "januari februari maart april mei juni juli augustus september oktober november december"
).split()

LANGUAGE = Language(
    code="nl",
    cardinal=_cardinal,
    ordinal=library("nl", "ordinal"),
    plural=one_or_other,
    year=year_in_pairs(_cardinal, "honderd", ""),
    decimal=",",
    group=".",
    point="komma",
    minus="min",
    plus="plus",
    to="tot",
    dot="punt",
    fraction_as_number=True,
    dates=Dates(
        months=tuple(MONTHS),
        short=month_numbers(MONTHS) | {"mrt": 3, "sept": 9},
        template="{day} {month} {year}",
    ),
    times=Times(
        full="{h} uur",
        minutes="{h} uur {m}",
        duration="{hours}, {minutes} en {seconds}",
        seconds=" en {s} seconden",
        at="[Oo]m|[Vv]anaf|[Tt]ot",
        after="uur|u",
    ),
    currencies=nouns("""
        USD: dollar|dollar
        EUR: euro|euro
        GBP: pond|pond
        JPY: yen|yen
        INR: roepie|roepie
        CHF: Zwitserse frank|Zwitserse frank
        CNY: yuan|yuan
        BRL: real|real
        KRW: won|won
        RUB: roebel|roebel
        SAR: Saudische rial|Saudische rial
        AED: dirham|dirham
        EGP: Egyptisch pond|Egyptische pond
    """),
    cents=nouns("""
        USD EUR: cent|cent
        GBP: penny|pence
        INR: paisa|paisa
        CHF: rappen|rappen
        BRL: centavo|centavo
        RUB: kopeke|kopeke
        SAR: halala|halala
        AED: fils|fils
        EGP: piaster|piaster
    """),
    units=nouns("""
        rpm: toer per minuut|toeren per minuut
        mm: millimeter|millimeter
        cm Cm CM: centimeter|centimeter
        m: meter|meter
        km Km KM: kilometer|kilometer
        mg: milligram|milligram
        g: gram|gram
        kg Kg KG: kilogram|kilogram
        t: ton|ton
        ml mL: milliliter|milliliter
        cl: centiliter|centiliter
        l L: liter|liter
        cm² cm2: vierkante centimeter|vierkante centimeter
        mm² mm2: vierkante millimeter|vierkante millimeter
        m² m2: vierkante meter|vierkante meter
        km² km2: vierkante kilometer|vierkante kilometer
        m³ m3: kubieke meter|kubieke meter
        ha: hectare|hectare
        ms: milliseconde|milliseconden
        s sec: seconde|seconden
        min: minuut|minuten
        h: uur|uur
        km/h km/u: kilometer per uur|kilometer per uur
        m/s: meter per seconde|meter per seconde
        °C ℃: graad Celsius|graden Celsius
        °F ℉: graad Fahrenheit|graden Fahrenheit
        °: graad|graden
        W: watt|watt
        kW: kilowatt|kilowatt
        MW: megawatt|megawatt
        kWh: kilowattuur|kilowattuur
        GWh: gigawattuur|gigawattuur
        MWh: megawattuur|megawattuur
        V: volt|volt
        mAh: milliampère-uur|milliampère-uur
        Hz: hertz|hertz
        kHz: kilohertz|kilohertz
        MHz: megahertz|megahertz
        GHz: gigahertz|gigahertz
        kB KB: kilobyte|kilobyte
        MB: megabyte|megabyte
        GB: gigabyte|gigabyte
        TB: terabyte|terabyte
        kbit/s: kilobit per seconde|kilobit per seconde
        Mbps Mbit/s: megabit per seconde|megabit per seconde
        Gbps Gbit/s: gigabit per seconde|gigabit per seconde
        dB: decibel|decibel
        hPa: hectopascal|hectopascal
        kJ: kilojoule|kilojoule
        kcal: kilocalorie|kilocalorieën
        px: pixel|pixels
        %: procent
        ‰: promille
    """),
    magnitudes=magnitudes("""
        k K duizend: 3 duizend
        M mln. mln miljoen: 6 miljoen
        mrd. mrd mld. miljard: 9 miljard
    """),
    abbreviations=words("""
        dhr.: de heer
        Dhr.: De heer
        mevr. mw.: mevrouw
        Mevr. Mw.: Mevrouw
        dr.: doctor
        Dr.: Doctor
        drs.: doctorandus
        prof.: professor
        Prof.: Professor
        ir.: ingenieur
        ing.: ingenieur
        mr.: meester
        St.: Sint
        blz. p.#: bladzijde
        Blz.: Bladzijde
        Art.#: Artikel
        hfst.: hoofdstuk
        afb.: afbeelding
        art.: artikel
        nr.: nummer
        Nr.: Nummer
        tel.: telefoon
        Tel.: Telefoon
        ca.: circa
        Ca.: Circa
        Bijv. Bv.: Bijvoorbeeld
        resp.: respectievelijk
        jl.: jongstleden
        a.s.: aanstaande
        ds.: dominee
        Ds.: Dominee
        Mej.: Mejuffrouw
        mej.: mejuffrouw
        bijv. bv.: bijvoorbeeld
        d.w.z.: dat wil zeggen
        o.a.: onder andere
        m.b.t.: met betrekking tot
        t.o.v.: ten opzichte van
        i.p.v.: in plaats van
        a.u.b.: alstublieft
        z.s.m.: zo snel mogelijk
        m.a.w.: met andere woorden
        t/m: tot en met
        enz.: enzovoort
        etc.: et cetera
        e.d.: en dergelijke
        v.Chr.: voor Christus
        n.Chr.: na Christus
        max.: maximaal
        min.: minimaal
        incl.: inclusief
        excl.: exclusief
        vs.: versus
    """),
    ending=frozenset({"enz.", "etc.", "e.d.", "v.Chr.", "n.Chr.", "a.u.b.", "z.s.m."}),
    signs=words("""
        &: en
        +: plus
        =: is gelijk aan
        ≠: is niet gelijk aan
        ≈: ongeveer
        <: kleiner dan
        >: groter dan
        ≤: kleiner dan of gelijk aan
        ≥: groter dan of gelijk aan
        ±: plus of min
        ×: keer
        ÷: gedeeld door
        √: wortel van
        ∞: oneindig
        π: pi
        §: paragraaf
        ©: copyright
        ®: geregistreerd merk
        ™: handelsmerk
        °: graden
        №: nummer
        @: apenstaartje
        #: hekje
        *: sterretje
        ~: ongeveer
        ^: tot de macht
        _: liggend streepje
        |: verticale streep
        \\: backslash
        /: schuine streep
        %: procent
        ‰: promille
        µ μ: micro
        $: dollar
        €: euro
        £: pond
        ¥: yen
        →: naar
    """),
    web=words("""
        @: apenstaartje
        .: punt
        /: schuine streep
        :: dubbele punt
        -: streepje
        _: liggend streepje
        #: hekje
        ?: vraagteken
        =: is
        &: en
        ~: tilde
        +: plus
        %: procent
    """),
    fractions=words("""
        2/5: twee vijfde
        3/5: drie vijfde
        4/5: vier vijfde
        1/6: een zesde
        5/6: vijf zesde
        3/8: drie achtste
        5/8: vijf achtste
        7/8: zeven achtste
        1/7: een zevende
        1/9: een negende
        1/2: een half
        1/3: een derde
        2/3: twee derde
        1/4: een kwart
        3/4: drie kwart
        1/5: een vijfde
        1/8: een achtste
        1/10: een tiende
    """),
    over="gedeeld door",
    mixed="en",
    half="{n} en een half",
    power="tot de macht",
    squared="kwadraat",
    cubed="tot de derde",
    ratio="op",
    version="versie",
    hashtag="hashtag",
    money_join=" en ",
    early=(
        (r"(?<![\d.,:])([01]?\d|2[0-4])\.([0-5]\d)(?=(?:\s?(?:[–-]|tot)\s?\d\d?\.\d\d)?\s?uur\b)", r"\1:\2"),
        (r"(?<=\p{Ll})str\.(?=\s\d)", "straat"),
        (r"\b24/7\b", "24 7"),
    ),
    before_number=r"\p{Ll}str\.",
    decade_mark="s",
    digitwise=r"(?<=\b(?:[Bb]el|[Bb]ellen|[Aa]larmnummer|[Nn]ummer)\s)(?:112|113|911|144)",
    day_month=r"[Oo]p|[Tt]ot|[Vv]anaf|[Vv]oor",
    ordinal_suffixes={"(?:ste|de|e)": ""},
    roman_after=(
        ("Lodewijk|Hendrik|Karel|Filips|Willem|Frederik|Johannes Paulus|Benedictus|Napoleon|"
         "Elizabeth", "de {ordinal}"),
        ("[Hh]oofdstuk|[Dd]eel|[Bb]and|[Bb]oek|[Aa]kte|[Tt]ype|[Bb]ijlage|[Kk]lasse",
         "{cardinal}"),
    ),
)  # fmt: skip
