"""French, as in France; une and deux heures are feminine."""

from __future__ import annotations

from voxtral_tts.text.languages.base import (
    Dates,
    Language,
    Times,
    below_two,
    magnitudes,
    nouns,
    words,
)
from voxtral_tts.text.spellers import library

_FEMININE = {"f": ((r"\bun$", "une"),)}
_ORDINALS = {"f": ((r"\bpremier$", "première"), (r"\bsecond$", "seconde"))}
_cardinal = library("fr", "cardinal", forms=_FEMININE)

MONTHS = (
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
).split()

LANGUAGE = Language(
    code="fr",
    cardinal=_cardinal,
    ordinal=library("fr", "ordinal", ((r"vingtsième", "vingtième"),), _ORDINALS),
    plural=below_two,
    year=lambda year: _cardinal(year, ""),
    decimal=",",
    group=" .",
    point="virgule",
    minus="moins",
    plus="plus",
    to="à",
    dot="point",
    fraction_as_number=True,
    dates=Dates(
        months=tuple(MONTHS),
        short={name: i for i, name in enumerate(MONTHS, 1)}
        | {"janv": 1, "févr": 2, "fév": 2, "avr": 4, "juil": 7, "sept": 9, "oct": 10, "nov": 11}
        | {"déc": 12},
        template="{day} {month} {year}",
        first_day="premier",
    ),
    times=Times(
        full="{h} heures",
        one="une heure",
        one_minutes="une heure {m}",
        minutes="{h} heures {m}",
        duration="{hours}, {minutes} et {seconds}",
        seconds=" et {s} secondes",
        at="[Àà]|[Vv]ers",
        hour_form="f",
        marks=":hH",
    ),
    currencies=nouns("""
        USD: dollar|dollars|m
        EUR: euro|euros|m
        GBP: livre|livres|f
        JPY: yen|yens|m
        INR: roupie|roupies|f
        CHF: franc suisse|francs suisses|m
        CNY: yuan|yuans|m
        BRL: réal|réaux|m
        KRW: won|wons|m
        RUB: rouble|roubles|m
        SAR: riyal saoudien|riyals saoudiens|m
        AED: dirham|dirhams|m
        EGP: livre égyptienne|livres égyptiennes|f
    """),
    cents=nouns("""
        USD EUR: centime|centimes|m
        GBP: penny|pence|m
        INR: paisa|paisas|m
        CHF: centime|centimes|m
        BRL: centavo|centavos|m
        RUB: kopeck|kopecks|m
        SAR: halala|halalas|m
        AED: fils|fils|m
        EGP: piastre|piastres|f
    """),
    units=nouns("""
        rpm: tour par minute|tours par minute|m
        mm: millimètre|millimètres|m
        cm Cm CM: centimètre|centimètres|m
        m: mètre|mètres|m
        km Km KM: kilomètre|kilomètres|m
        mg: milligramme|milligrammes|m
        g: gramme|grammes|m
        kg Kg KG: kilogramme|kilogrammes|m
        t: tonne|tonnes|f
        ml mL: millilitre|millilitres|m
        cl: centilitre|centilitres|m
        l L: litre|litres|m
        cm² cm2: centimètre carré|centimètres carrés|m
        mm² mm2: millimètre carré|millimètres carrés|m
        m² m2: mètre carré|mètres carrés|m
        km² km2: kilomètre carré|kilomètres carrés|m
        m³ m3: mètre cube|mètres cubes|m
        ha: hectare|hectares|m
        ms: milliseconde|millisecondes|f
        s sec: seconde|secondes|f
        min: minute|minutes|f
        h: heure|heures|f
        km/h: kilomètre à l'heure|kilomètres à l'heure|m
        m/s: mètre par seconde|mètres par seconde|m
        °C ℃: degré Celsius|degrés Celsius|m
        °F ℉: degré Fahrenheit|degrés Fahrenheit|m
        °: degré|degrés|m
        W: watt|watts|m
        kW: kilowatt|kilowatts|m
        MW: mégawatt|mégawatts|m
        kWh: kilowattheure|kilowattheures|m
        GWh: gigawattheure|gigawattheures|m
        MWh: megawattheure|megawattheures|m
        V: volt|volts|m
        mAh: milliampère-heure|milliampères-heures|m
        Hz: hertz|hertz|m
        kHz: kilohertz|kilohertz|m
        MHz: mégahertz|mégahertz|m
        GHz: gigahertz|gigahertz|m
        kB ko Ko: kilooctet|kilooctets|m
        MB Mo: mégaoctet|mégaoctets|m
        GB Go: gigaoctet|gigaoctets|m
        TB To: téraoctet|téraoctets|m
        kbit/s: kilobit par seconde|kilobits par seconde|m
        Mbps Mbit/s: mégabit par seconde|mégabits par seconde|m
        Gbps Gbit/s: gigabit par seconde|gigabits par seconde|m
        dB: décibel|décibels|m
        hPa: hectopascal|hectopascals|m
        kJ: kilojoule|kilojoules|m
        kcal: kilocalorie|kilocalories|f
        px: pixel|pixels|m
        %: pour cent
        ‰: pour mille
    """),
    counted=nouns("""
        week: semaine|semaines|f
        year: année|années|f
        night: nuit|nuits|f
        person: personne|personnes|f
        woman: femme|femmes|f
        time: fois|fois|f
        page: page|pages|f
    """),
    magnitudes=magnitudes("""
        k K mille: 3 mille
        M million millions: 6 million|millions|m
        Md Mds mrd milliard milliards: 9 milliard|milliards|m
    """),
    of_million=" de ",
    of_million_elided=" d'",
    abbreviations=words("""
        M.: monsieur
        MM.: messieurs
        Mme Mme.: madame
        Mmes Mmes.: mesdames
        Mlle Mlle.: mademoiselle
        Dr Dr.: docteur
        Pr Pr.: professeur
        Me^: maître
        St: saint
        Ste: sainte
        Art.# art.#: article
        av.: avenue
        bd bd.: boulevard
        p.#: page
        art.: article
        apr.: après
        pp.: pages
        chap.: chapitre
        vol.: volume
        fig.: figure
        éd.: édition
        cf.: confer
        env.: environ
        Env.: Environ
        Cf.: Confer
        Chap.: Chapitre
        Fig.: Figure
        cap.^: capitaine
        gén.^: général
        etc.: et cetera
        ex.: exemple
        p.ex.: par exemple
        c.-à-d.: c'est-à-dire
        av.J.-C.: avant Jésus-Christ
        ap.J.-C.: après Jésus-Christ
        J.-C.: Jésus-Christ
        tél.: téléphone
        Tél.: Téléphone
        min.: minimum
        max.: maximum
        n°: numéro
        N°: Numéro
        vs vs.: contre
    """),
    ending=frozenset({"etc.", "J.-C."}),
    phone_pairs=True,
    decade_mark="s",
    digitwise=r"(?<=\b(?:[Aa]ppel(?:ez|er|le)(?: le)?|[Cc]ompos(?:ez|er)(?: le)?)\s)(?:112|911|115|116|119)",
    day_month=r"[Ll]e|[Dd]u|[Aa]u",
    early=((r"\b24/7\b", "24 7"), (r"\b24\s?h?/24(?:h?)(?=,|\s|$)", "24 heures sur 24"), (r"\b7\s?j?/7j?(?=[\s.,!]|$)", "7 jours sur 7")),
    one=(
        (r"(?<![\w.,:/+−-])(?<=(?:^|[.!?:;,(]\s?|\b(?:[Aa]vec|[Ee]t|[Oo]u|[Dd]e|[Pp]our|[Ss]ans|[Yy] a|ai|as|a|[Dd]ans|[Ss]ur|reste|est|que)\s))1"
         r"(?=\s(?:\p{L}+(?:tion|sion|té|ette|ance|ence|ure|ie|ée|ienne|elle|esse)|femme|fille|personne|fois|heure|page|table|chaise|maison|voiture|livre sterling|tasse|bouteille|pomme|ville|rue|chambre)\b)", "une"),
        (r"(?<![\w.,:/+−-])(?<=(?:^|[.!?:;,(]\s?|\b(?:[Aa]vec|[Ee]t|[Oo]u|[Dd]e|[Pp]our|[Ss]ans|[Yy] a|ai|as|a|[Dd]ans|[Ss]ur|reste|est|que)\s))1"
         r"(?=\s(?!(?:et|ou|est|sur|pour|dans|par|à|de|des|du|la|le|les|fois)\b)\p{Ll}{3})", "un"),
    ),
    signs=words("""
        &: et
        +: plus
        =: égale
        ≠: est différent de
        ≈: environ
        <: est inférieur à
        >: est supérieur à
        ≤: est au plus
        ≥: est au moins
        ±: plus ou moins
        ×: fois
        ÷: divisé par
        √: racine carrée de
        ∞: infini
        π: pi
        §: paragraphe
        ©: copyright
        ®: marque déposée
        ™: marque commerciale
        °: degrés
        №: numéro
        @: arobase
        #: dièse
        *: astérisque
        ~: environ
        ^: puissance
        _: tiret bas
        |: barre
        \\: barre oblique inverse
        /: barre oblique
        %: pour cent
        ‰: pour mille
        µ μ: micro
        $: dollar
        €: euro
        £: livre
        ¥: yen
        →: vers
    """),
    web=words("""
        @: arobase
        .: point
        /: slash
        :: deux-points
        -: tiret
        _: tiret bas
        #: dièse
        ?: point d'interrogation
        =: égale
        &: et
        ~: tilde
        +: plus
        %: pour cent
    """),
    fractions=words("""
        2/5: deux cinquièmes
        3/5: trois cinquièmes
        4/5: quatre cinquièmes
        1/6: un sixième
        5/6: cinq sixièmes
        3/8: trois huitièmes
        5/8: cinq huitièmes
        7/8: sept huitièmes
        1/7: un septième
        1/9: un neuvième
        1/2: un demi
        1/3: un tiers
        2/3: deux tiers
        1/4: un quart
        3/4: trois quarts
        1/5: un cinquième
        1/8: un huitième
        1/10: un dixième
    """),
    over="sur",
    mixed="et",
    half="{n} et demi",
    power="puissance",
    squared="au carré",
    cubed="au cube",
    ratio="contre",
    version="version",
    hashtag="hashtag",
    money_join=" et ",
    ordinal_suffixes={"ers?": "m", "(?:res?|ères?)": "f", "(?:e|è|ème|ième|n?d)s?": "m", "n?des?": "f"},
    roman_after=(
        ("Louis|Henri|Charles|François|Philippe|Napoléon|Jean-Paul|Benoît|Pie|Léon", "{first}"),
        ("[Cc]hapitre|[Tt]ome|[Vv]olume|[Aa]cte|[Ss]cène|[Ll]ivre|[Pp]artie|[Tt]ype|[Aa]nnexe",
         "{cardinal}"),
    ),
    roman_before=(("(?:e|ème|ᵉ)(?= (?:siècles?|(?:et|ou|au|-|–) (?:le |du )?[IVX]+(?:e|ème|ᵉ) siècle))", "{ordinal}"), ("er(?= siècle)", "{ordinal}")),
)  # fmt: skip
