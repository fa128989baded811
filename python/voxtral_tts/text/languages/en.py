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

_SMALL = "[Tt]wo|[Tt]hree|[Ff]our|[Ff]ive|[Ss]ix|[Ss]even|[Ee]ight|[Nn]ine|[Tt]en"

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
        duration="{hours}, {minutes} and {seconds}",
        seconds=" and {s} seconds",
        at="[Aa]t|[Bb]y|[Uu]ntil|[Ss]ince",
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
        rpm: revolution per minute|revolutions per minute
        mm: millimetre|millimetres
        cm Cm CM: centimetre|centimetres
        m: metre|metres
        km Km KM: kilometre|kilometres
        mi: mile|miles
        ft: foot|feet
        yd: yard|yards
        mg: milligram|milligrams
        g: gram|grams
        kg Kg KG: kilogram|kilograms
        t: tonne|tonnes
        lb lbs: pound|pounds
        oz: ounce|ounces
        ml mL: millilitre|millilitres
        cl: centilitre|centilitres
        l L: litre|litres
        cm² cm2: square centimetre|square centimetres
        mm² mm2: square millimetre|square millimetres
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
        GWh: gigawatt hour|gigawatt hours
        MWh: megawatt hour|megawatt hours
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
        B b bn billion: 9 billion
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
        Maj.: Major
        Cmdr.: Commander
        Adm.: Admiral
        Cpl.: Corporal
        Pvt.: Private
        Pres.: President
        Supt.: Superintendent
        Insp.: Inspector
        Rep.^: Representative
        Messrs.: Messrs
        al.: al
        Apt.#: Apartment
        Ste.#: Suite
        Rm.#: Room
        para.#: paragraph
        Eq.#: Equation
        eq.#: equation
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
        2/5: two fifths
        3/5: three fifths
        4/5: four fifths
        1/6: one sixth
        5/6: five sixths
        3/8: three eighths
        5/8: five eighths
        7/8: seven eighths
        1/7: one seventh
        1/9: one ninth
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
        (r"(?<![\w.,'′’°])(\d{1,2})['′’]\s?(\d{1,2})[\"″”]", r"\1 ft \2 inches"),
        (r"\b(?<=ft )1 inches\b", "1 inch"),
        (r"(?<![\d.,:])(1[0-2]|0?[1-9])\.([0-5]\d)(?=\s?[aApP]\.?[mM]\b)", r"\1:\2"),
        (r"\b24/7\b", "24 7"),
        (r"\b9/11\b", "9 11"),
        (r"(\b(?:19|20)?[2-9]0s)[-–](?=(?:19|20)?[2-9]0s\b)", r"\1 to "),
    ),
    ordinal_suffixes={"(?i:st|nd|rd|th)": ""},
    digitwise=r"(?<=\b(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|"
    r"S[CD]|T[NX]|UT|V[AT]|W[AIVY])\s)\d{5}(?:-\d{4})?"
    r"|(?<=\b(?:[Cc]all|[Dd]ial|[Rr]ing|[Pp]hone)(?:ed|ing|s|led)?\s)(?:911|999|112|110|119|000|988|311|411)"
    r"|(?<=\b(?:a|the)\s)911(?=\s(?:call|operator|dispatch))",
    day_month=r"[Oo]n",
    attributive=(
        r"(?<!\w)(?:[Aa]n?|[Tt]he|[Mm]y|[Yy]our|[Hh]is|[Hh]er|[Oo]ur|[Tt]heir|[Tt]his|[Tt]hat|[Ee]very|[Ee]ach)\s$",
        r"\s(?!(?:of|in|and|or|to|is|was|are|were|wide|long|high|deep|thick|tall|below|above|away|apart|from|at|per|"
        r"for|with|on|by|than|as|but|that|which|more|less|later|earlier|before|after|faster|slower)\b)\p{Ll}{3}",
    ),
    roman_after=(
        ("Henry|Louis|Elizabeth|Charles|George|James|Edward|William|Richard|Philip|Pius|Leo|"
         "John Paul|Benedict|Napoleon|Alexander|Nicholas|Catherine|Frederick", "the {ordinal}"),
        ("(?i:chapter|part|volume|act|scene|book|section)|World Wars?|"
         "Super Bowl|[Tt]ype|[Pp]hase|[Cc]lass|[Aa]ppendix", "{cardinal}"),
    ),
    decades=((r"y$", "ies"), (r"x$", "xes"), (r"(?<!ies|xes)$", "s")),
    decade_mark="'?s",
    things=rf"(?<=\b(?:{_SMALL}|[Tt]he|[Tt]hese|[Tt]hose|[Ss]ome|[Mm]any|[Ff]ew|[Ss]everal|of)\s)",
    short_decade=r"(?<=['’‘])|(?<=\b(?:[Tt]he|[Hh]is|[Hh]er|[Tt]heir|[Mm]y|[Yy]our|[Oo]ur|[Ii]ts|[Ll]ow|[Hh]igh)"
    r" (?:(?:early|mid|late|low|high|upper)[ -])?)|(?<=(?:early|mid|late)[ -])|(?<=\ds to )",
)  # fmt: skip
