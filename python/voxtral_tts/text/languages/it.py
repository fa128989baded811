"""Italian."""

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

# The library misspells 18 in hundreds, drops the accent of numbers in tré and joins a million with "e".
_REPAIRS = (
    (r"(?<=\w)tre\b", "tré"),
    (r"dicotto", "diciotto"),
    (r"\b(milion[ei]|miliard[oi]|bilion[ei]) e ", r"\1 "),
)
_FORMS = {"m": ((r"^uno$", "un"),), "f": ((r"^uno$", "una"),)}
_ORDINALS = {"f": ((r"o$", "a"),)}
_cardinal = library("it", "cardinal", _REPAIRS, _FORMS)

MONTHS = (
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"
).split()

LANGUAGE = Language(
    code="it",
    cardinal=_cardinal,
    ordinal=library("it", "ordinal", forms=_ORDINALS),
    plural=one_or_other,
    year=lambda year: _cardinal(year, ""),
    decimal=",",
    group=".",
    point="virgola",
    minus="meno",
    plus="più",
    to="a",
    dot="punto",
    fraction_as_number=True,
    dates=Dates(
        months=tuple(MONTHS),
        short=month_numbers(MONTHS) | {"sett": 9},
        template="{day} {month} {year}",
        first_day="primo",
    ),
    times=Times(
        full="{h} in punto",
        late="{h}",
        minutes="{h} e {m}",
        duration="{hours}, {minutes} e {seconds}",
        hour_form="f",
    ),
    currencies=nouns("""
        USD: dollaro|dollari|m
        EUR: euro|euro|m
        GBP: sterlina|sterline|f
        JPY: yen|yen|m
        INR: rupia|rupie|f
        CHF: franco svizzero|franchi svizzeri|m
        CNY: yuan|yuan|m
        BRL: real|real|m
        KRW: won|won|m
        RUB: rublo|rubli|m
        SAR: riyal saudita|riyal sauditi|m
        AED: dirham|dirham|m
        EGP: sterlina egiziana|sterline egiziane|f
    """),
    cents=nouns("""
        USD EUR: centesimo|centesimi|m
        GBP: penny|penny|m
        INR: paisa|paise|f
        CHF: centesimo|centesimi|m
        BRL: centavo|centavos|m
        RUB: copeco|copechi|m
        SAR: halala|halala|m
        AED: fils|fils|m
        EGP: piastra|piastre|f
    """),
    units=nouns("""
        rpm: giro al minuto|giri al minuto|m
        mm: millimetro|millimetri|m
        cm Cm CM: centimetro|centimetri|m
        m: metro|metri|m
        km Km KM: chilometro|chilometri|m
        mg: milligrammo|milligrammi|m
        g: grammo|grammi|m
        kg Kg KG: chilogrammo|chilogrammi|m
        t: tonnellata|tonnellate|f
        ml mL: millilitro|millilitri|m
        cl: centilitro|centilitri|m
        l L: litro|litri|m
        cm² cm2: centimetro quadrato|centimetri quadrati|m
        mm² mm2: millimetro quadrato|millimetri quadrati|m
        m² m2 mq: metro quadrato|metri quadrati|m
        km² km2: chilometro quadrato|chilometri quadrati|m
        m³ m3: metro cubo|metri cubi|m
        ha: ettaro|ettari|m
        ms: millisecondo|millisecondi|m
        s sec: secondo|secondi|m
        min: minuto|minuti|m
        h: ora|ore|f
        km/h: chilometro all'ora|chilometri all'ora|m
        m/s: metro al secondo|metri al secondo|m
        °C ℃: grado Celsius|gradi Celsius|m
        °F ℉: grado Fahrenheit|gradi Fahrenheit|m
        °: grado|gradi|m
        W: watt|watt|m
        kW: chilowatt|chilowatt|m
        MW: megawatt|megawatt|m
        kWh: chilowattora|chilowattora|m
        GWh: gigawattora|gigawattora|m
        MWh: megawattora|megawattora|m
        V: volt|volt|m
        mAh: milliamperora|milliamperora|m
        Hz: hertz|hertz|m
        kHz: chilohertz|chilohertz|m
        MHz: megahertz|megahertz|m
        GHz: gigahertz|gigahertz|m
        kB KB: kilobyte|kilobyte|m
        MB: megabyte|megabyte|m
        GB: gigabyte|gigabyte|m
        TB: terabyte|terabyte|m
        kbit/s: kilobit al secondo|kilobit al secondo|m
        Mbps Mbit/s: megabit al secondo|megabit al secondo|m
        Gbps Gbit/s: gigabit al secondo|gigabit al secondo|m
        dB: decibel|decibel|m
        hPa: ettopascal|ettopascal|m
        kJ: chilojoule|chilojoule|m
        kcal: chilocaloria|chilocalorie|f
        px: pixel|pixel|m
        %: per cento
        ‰: per mille
    """),
    counted=nouns("""
        day: giorno|giorni|m
        week: settimana|settimane|f
        month: mese|mesi|m
        year: anno|anni|m
        night: notte|notti|f
        person: persona|persone|f
        woman: donna|donne|f
        time: volta|volte|f
        page: pagina|pagine|f
    """),
    magnitudes=magnitudes("""
        k K mila: 3 mila
        M mln milione milioni: 6 milione|milioni|m
        mld miliardo miliardi: 9 miliardo|miliardi|m
    """),
    of_million=" di ",
    abbreviations=words("""
        Sig. sig.: signor
        Sig.ra sig.ra: signora
        Sig.na sig.na: signorina
        Sigg. sigg.: signori
        Dott. dott. Dr. dr.: dottor
        Dott.ssa dott.ssa: dottoressa
        Prof. prof.: professor
        Prof.ssa prof.ssa: professoressa
        Avv. avv.: avvocato
        Ing. ing.: ingegner
        Gen.^: generale
        Cap.^: capitano
        Mons.: monsignor
        Arch.: architetto
        Rag.: ragionier
        On.: onorevole
        S.^: san
        V.le: viale
        P.zza: piazza
        pag.: pagina
        pagg.: pagine
        p.#: pagina
        Pag.#: Pagina
        Art.#: Articolo
        Fig.#: Figura
        cap.: capitolo
        vol.: volume
        fig.: figura
        art.: articolo
        ed.: edizione
        n.# n°# nº#: numero
        N.# N°# Nº#: numero
        tel.: telefono
        Tel.: Telefono
        ca.: circa
        Ca.#: Circa
        sec.: secolo
        secc.: secoli
        ecc.: eccetera
        etc.: eccetera
        es.: esempio
        p.es.: per esempio
        cfr.: confronta
        a.C.: avanti Cristo
        d.C.: dopo Cristo
        S.p.A.: società per azioni
        S.r.l.: società a responsabilità limitata
        max.: massimo
        min.: minimo
        vs.: contro
    """),
    ending=frozenset({"ecc.", "etc.", "a.C.", "d.C.", "S.p.A.", "S.r.l."}),
    signs=words("""
        &: e
        +: più
        =: uguale
        ≠: diverso da
        ≈: circa
        <: minore di
        >: maggiore di
        ≤: minore o uguale a
        ≥: maggiore o uguale a
        ±: più o meno
        ×: per
        ÷: diviso
        √: radice quadrata di
        ∞: infinito
        π: pi greco
        §: paragrafo
        ©: copyright
        ®: marchio registrato
        ™: marchio
        °: gradi
        №: numero
        @: chiocciola
        #: cancelletto
        *: asterisco
        ~: circa
        ^: elevato a
        _: trattino basso
        |: barra verticale
        \\: barra inversa
        /: barra
        %: per cento
        ‰: per mille
        µ μ: micro
        $: dollaro
        €: euro
        £: sterlina
        ¥: yen
        →: a
    """),
    web=words("""
        @: chiocciola
        .: punto
        /: barra
        :: due punti
        -: trattino
        _: trattino basso
        #: cancelletto
        ?: punto interrogativo
        =: uguale
        &: e
        ~: tilde
        +: più
        %: per cento
    """),
    fractions=words("""
        2/5: due quinti
        3/5: tre quinti
        4/5: quattro quinti
        1/6: un sesto
        5/6: cinque sesti
        3/8: tre ottavi
        5/8: cinque ottavi
        7/8: sette ottavi
        1/7: un settimo
        1/9: un nono
        1/2: mezzo
        1/3: un terzo
        2/3: due terzi
        1/4: un quarto
        3/4: tre quarti
        1/5: un quinto
        1/8: un ottavo
        1/10: un decimo
    """),
    over="su",
    mixed="e",
    half="{n} e mezzo",
    late=((r"\buna (?=ora\b)", "un'"),),
    power="elevato a",
    squared="al quadrato",
    cubed="al cubo",
    ratio="a",
    version="versione",
    hashtag="hashtag",
    money_join=" e ",
    early=(
        (r"(?<=\b(?:[Aa]lle|[Oo]re|[Dd]alle)\s)([01]?\d|2[0-4])\.([0-5]\d)(?![.,]?\d)", r"\1:\2"),
        (r"(?<=\b(?:(?:[Ii]l|al|del|nel|dal|un)\s|l['’])\d{1,3})°(?=\s\p{Ll})", "º"),  # "i 20°" are degrees
    ),
    decade_mark="s",
    ordinal_suffixes={r"\.?(?:º|o)": "", r"\.?(?:ª|a)": "f"},
    digitwise=r"(?<=\b(?:[Cc]hiam\w{1,4} il|[Ff]ai il|[Nn]umero)\s)(?:112|113|115|118|117|114)",
    day_month=r"[Ii]l|[Dd]al|[Aa]l|[Dd]el",
    one=(
        (r"(?<![\w.,:/+−-])(?<=(?:^|[.!?:;,(]\s?|\b(?:[Cc]on|[Dd]i|[Ii]n|[Pp]er|[Ee]|[Oo]|[Cc]'è|[Hh]o|[Hh]a|[Ss]olo|[Ss]enza|[Oo]gni|è)\s))1 (?=[aeiou]\p{Ll}+a\b)", "un'"),
        (r"(?<![\w.,:/+−-])(?<=(?:^|[.!?:;,(]\s?|\b(?:[Cc]on|[Dd]i|[Ii]n|[Pp]er|[Ee]|[Oo]|[Cc]'è|[Hh]o|[Hh]a|[Ss]olo|[Ss]enza|[Oo]gni|è)\s))1"
         r"(?=\s(?:\p{Ll}{2,}(?:a|zione|sione|tà|tù)|mano|notte|volta|parte|classe|chiave)\b)", "una"),
        (r"(?<![\w.,:/+−-])(?<=(?:^|[.!?:;,(]\s?|\b(?:[Cc]on|[Dd]i|[Ii]n|[Pp]er|[Ee]|[Oo]|[Cc]'è|[Hh]o|[Hh]a|[Ss]olo|[Ss]enza|[Oo]gni|è)\s))1"
         r"(?=\s(?:z|gn|ps|pn|x|y|s[bcdfglmnpqrtvz])\p{Ll}{2,}o\b|\sstudente\b)", "uno"),
        (r"(?<![\w.,:/+−-])(?<=(?:^|[.!?:;,(]\s?|\b(?:[Cc]on|[Dd]i|[Ii]n|[Pp]er|[Ee]|[Oo]|[Cc]'è|[Hh]o|[Hh]a|[Ss]olo|[Ss]enza|[Oo]gni|è)\s))1"
         r"(?=\s(?!(?:per|con|che|del|dei|gli|più|meno|punto|sono|alla|alle|su|tra|fra|come)\b)\p{Ll}{3,}[oe]\b)", "un"),
    ),
    roman_after=(
        ("[Ss]ecolo|Luigi|Carlo|Vittorio Emanuele|Umberto|Giovanni Paolo|Benedetto|Pio|Leone|"
         "Enrico|Filippo|Napoleone|Federico", "{ordinal}"),
        ("[Cc]apitolo|[Tt]omo|[Vv]olume|[Aa]tto|[Ss]cena|[Ll]ibro|[Pp]arte|[Tt]ipo|[Aa]llegato",
         "{cardinal}"),
    ),
    roman_before=(("(?= secolo)", "{ordinal}"),),
)  # fmt: skip
