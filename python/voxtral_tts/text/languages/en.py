"""English: dates month first, as in the United States; the rest is common to both."""

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

_NO_COMMAS = ((",", ""),)
_year = library("en", "year", ((r"\boh-", "oh "),))

MONTHS = (
    "January February March April May June July August September October November December"
).split()

LANGUAGE = Language(
    code="en",
    cardinal=library("en", "cardinal", _NO_COMMAS),
    ordinal=library("en", "ordinal", _NO_COMMAS),
    plural=one_or_other,
    year=lambda year: _year(year, ""),
    decimal=".",
    group=",",
    point="point",
    minus="minus",
    plus="plus",
    to="to",
    dot="point",
    dates=Dates(
        months=tuple(MONTHS),
        short=month_numbers(MONTHS) | {"sept": 9},
        template="{month} {day}, {year}",
        no_year="{month} {day}",
        month_first=True,
        ordinal_day=True,
    ),
    times=Times(
        full="{h} o'clock",
        late="{h} hundred hours",
        minutes="{h} {m}",
        seconds=" and {s} seconds",
        small="oh",
        before_noon="a.m.",
        after_noon="p.m.",
    ),
    currencies=nouns("""
        USD: dollar|dollars
        EUR: euro|euros
        GBP: pound|pounds
        JPY: yen
        INR: rupee|rupees
        CHF: Swiss franc|Swiss francs
        CNY: yuan
        BRL: real|reais
        KRW: won
        RUB: rouble|roubles
        SAR: Saudi riyal|Saudi riyals
        AED: dirham|dirhams
        EGP: Egyptian pound|Egyptian pounds
    """),
    cents=nouns("""
        USD EUR: cent|cents
        GBP: penny|pence
        INR: paisa|paise
        CHF: centime|centimes
        BRL: centavo|centavos
        RUB: kopeck|kopecks
        SAR: halala|halalas
        AED: fils
        EGP: piastre|piastres
    """),
    units=nouns("""
        mm: millimetre|millimetres
        cm: centimetre|centimetres
        m: metre|metres
        km: kilometre|kilometres
        mi: mile|miles
        ft: foot|feet
        yd: yard|yards
        mg: milligram|milligrams
        g: gram|grams
        kg: kilogram|kilograms
        t: tonne|tonnes
        lb lbs: pound|pounds
        oz: ounce|ounces
        ml mL: millilitre|millilitres
        cl: centilitre|centilitres
        l L: litre|litres
        cm² cm2: square centimetre|square centimetres
        m² m2: square metre|square metres
        km² km2: square kilometre|square kilometres
        m³ m3: cubic metre|cubic metres
        ha: hectare|hectares
        ms: millisecond|milliseconds
        s sec: second|seconds
        min mins: minute|minutes
        h hr hrs: hour|hours
        km/h kmh kph: kilometre per hour|kilometres per hour
        m/s: metre per second|metres per second
        mph: mile per hour|miles per hour
        °C ℃: degree Celsius|degrees Celsius
        °F ℉: degree Fahrenheit|degrees Fahrenheit
        °: degree|degrees
        W: watt|watts
        kW: kilowatt|kilowatts
        MW: megawatt|megawatts
        kWh: kilowatt hour|kilowatt hours
        V: volt|volts
        mAh: milliampere hour|milliampere hours
        Hz: hertz
        kHz: kilohertz
        MHz: megahertz
        GHz: gigahertz
        kB KB: kilobyte|kilobytes
        MB: megabyte|megabytes
        GB: gigabyte|gigabytes
        TB: terabyte|terabytes
        kbps kbit/s: kilobit per second|kilobits per second
        Mbps Mbit/s: megabit per second|megabits per second
        Gbps Gbit/s: gigabit per second|gigabits per second
        dB: decibel|decibels
        hPa: hectopascal|hectopascals
        kJ: kilojoule|kilojoules
        kcal: kilocalorie|kilocalories
        px: pixel|pixels
        %: percent
        ‰: per mille
    """),
    magnitudes=magnitudes("""
        k K thousand: 3 thousand
        m M mn million: 6 million
        B bn billion: 9 billion
        tn trillion: 12 trillion
    """),
    abbreviations=words("""
        Dr.: Doctor
        Mr.: Mister
        Mrs.: Missus
        Ms.: Ms
        Prof.: Professor
        Jr.: Junior
        Sr.: Senior
        Gen.: General
        Col.: Colonel
        Capt.: Captain
        Lt.: Lieutenant
        Sgt.: Sergeant
        Rev.: Reverend
        Gov.: Governor
        Sen.: Senator
        Hon.: Honourable
        St.: Saint
        Ave.: Avenue
        Blvd.: Boulevard
        Rd.: Road
        Mt.: Mount
        vs. vs: versus
        e.g.: for example
        i.e.: that is
        etc.: et cetera
        approx.: approximately
        tel.: telephone
        Tel.: Telephone
        dept.: department
        Dept.: Department
        est.: estimated
        Inc.: Incorporated
        Ltd.: Limited
        Corp.: Corporation
        Co.: Company
        Bros.: Brothers
        Fig.: Figure
        fig.: figure
        Vol.: Volume
        vol.: volume
        Ch.: Chapter
        ch.: chapter
        Sec.: Section
        Art.#: Article
        art.#: article
        Mon.#: Monday
        Tue.# Tues.#: Tuesday
        Wed.#: Wednesday
        Thu.# Thur.# Thurs.#: Thursday
        Fri.#: Friday
        Sat.#: Saturday
        Sun.#: Sunday
        pp.#: pages
        p.#: page
        ed.: edition
        Nos.: Numbers
        No.#: Number
        no.#: number
        a.k.a.: also known as
        w/o: without
        w/: with
    """),
    ending=frozenset("etc. Inc. Ltd. Corp. Co. Jr. Sr. a.m. p.m. Ave.".split()),
    signs=words("""
        &: and
        +: plus
        =: equals
        ≠: is not equal to
        ≈: is about
        <: is less than
        >: is greater than
        ≤: is at most
        ≥: is at least
        ±: plus or minus
        ×: times
        ÷: divided by
        √: square root of
        ∞: infinity
        π: pi
        §: section
        ©: copyright
        ®: registered
        ™: trademark
        °: degrees
        №: number
        @: at
        #: hash
        *: asterisk
        ~: about
        ^: to the power of
        _: underscore
        |: bar
        \\: backslash
        /: slash
        %: percent
        ‰: per mille
        µ μ: micro
        $: dollar
        €: euro
        £: pound
        ¥: yen
        →: to
    """),
    web=words("""
        @: at
        .: dot
        /: slash
        :: colon
        -: dash
        _: underscore
        #: hash
        ?: question mark
        =: equals
        &: and
        ~: tilde
        +: plus
        %: percent
    """),
    fractions=words("""
        1/2: one half
        1/3: one third
        2/3: two thirds
        1/4: one quarter
        3/4: three quarters
        1/5: one fifth
        1/8: one eighth
        1/10: one tenth
    """),
    over="over",
    mixed="and",
    half="{n} and a half",
    power="to the power of",
    squared="squared",
    cubed="cubed",
    ratio="to",
    version="version",
    hashtag="hashtag",
    money_join=" and ",
    early=(
        (r"(?<=\b\p{Lu}\w{1,20} )St\.(?!\s\p{Lu}\w+\s\p{Lu})", "Street"),
        (r"(?<![\w.,'′’])(\d{1,2})['′’]\s?(\d{1,2})[\"″”]", r"\1 ft \2 inches"),
        (r"\b(?<=ft )1 inches\b", "1 inch"),
        (r"(?<![\d.,:])(1[0-2]|0?[1-9])\.([0-5]\d)(?=\s?[aApP]\.?[mM]\b)", r"\1:\2"),
        (r"\b24/7\b", "24 7"),
    ),
    ordinal_suffixes={"(?i:st|nd|rd|th)": ""},
    roman_after=(
        ("Henry|Louis|Elizabeth|Charles|George|James|Edward|William|Richard|Philip|Pius|Leo|"
         "John Paul|Benedict|Napoleon|Alexander|Nicholas|Catherine|Frederick", "the {ordinal}"),
        ("[Cc]hapter|[Pp]art|[Vv]olume|[Aa]ct|[Ss]cene|[Bb]ook|[Ss]ection|World War|"
         "Super Bowl|[Tt]ype|[Pp]hase|[Cc]lass|[Aa]ppendix", "{cardinal}"),
    ),
    decades=((r"y$", "ies"), (r"(?<!ies)$", "s")),
    decade_mark="'?s",
    short_decade=r"(?<=['’‘])|(?<=\b[Tt]he (?:(?:early|mid|late)[ -])?)",
)  # fmt: skip
