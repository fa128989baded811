"""Spanish: long scale (mil millones), feminine hundreds."""

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

# The library writes "veintiuno mil" and "décimoprimero" or "décimo tercero".
_REPAIRS = (
    (r"\bveintiuno(?= mil| \w*ill)", "veintiún"),
    (r"\buno(?= mil| \w*ill)", "un"),
)
_FORMS = {
    "m": ((r"\bveintiuno$", "veintiún"), (r"\buno$", "un")),
    "f": (
        (r"uno$", "una"),
        (r"cientos\b(?!.*ill)", "cientas"),
        (r"\bquinientos\b(?!.*ill)", "quinientas"),
    ),
}
_ORDINAL_REPAIRS = (
    (r"\bdécimo(?=\w)", "decimo"),
    (r"\bdécimo (tercer|cuart|quint|sext|séptim|noven)o", r"decimo\1o"),
    (r"\bdécimo octavo", "decimoctavo"),
    (r"\bquadra", "cuadra"),
    (r"\b(oct|sept|cuadr)igent", r"\1ingent"),
)
_ORDINALS = {"f": ((r"o\b", "a"),), "short": ((r"\b(prim|terc)ero$", r"\1er"),)}
_cardinal = library("es", "cardinal", _REPAIRS, _FORMS)

MONTHS = (
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
).split()

LANGUAGE = Language(
    code="es",
    cardinal=_cardinal,
    ordinal=library("es", "ordinal", _ORDINAL_REPAIRS, _ORDINALS),
    plural=one_or_other,
    year=lambda year: _cardinal(year, ""),
    decimal=",",
    group=".",
    point="coma",
    minus="menos",
    plus="más",
    to="a",
    dot="punto",
    fraction_as_number=True,
    dates=Dates(
        months=tuple(MONTHS),
        short=month_numbers(MONTHS) | {"sept": 9},
        template="{day} de {month} de {year}",
        no_year="{day} de {month}",
    ),
    times=Times(
        full="{h} en punto",
        late="{h} horas",
        minutes="{h} {m}",
        duration="{hours}, {minutes} y {seconds}",
        hour_form="f",
        small="cero",
        after="h",
        before_noon="de la mañana",
        after_noon="de la tarde",
    ),
    late=((r"\b(ocho|nueve|diez|once)((?: \p{L}+){0,4}) de la tarde\b", r"\1\2 de la noche"),),
    currencies=nouns("""
        USD: dólar|dólares|m
        EUR: euro|euros|m
        GBP: libra|libras|f
        JPY: yen|yenes|m
        INR: rupia|rupias|f
        CHF: franco suizo|francos suizos|m
        CNY: yuan|yuanes|m
        BRL: real|reales|m
        KRW: won|wones|m
        RUB: rublo|rublos|m
        SAR: riyal saudí|riyales saudíes|m
        AED: dírham|dírhams|m
        EGP: libra egipcia|libras egipcias|f
    """),
    cents=nouns("""
        USD: centavo|centavos|m
        EUR: céntimo|céntimos|m
        GBP: penique|peniques|m
        INR: paisa|paisas|f
        CHF: céntimo|céntimos|m
        BRL: centavo|centavos|m
        RUB: kopek|kopeks|m
        SAR: halala|halalas|m
        AED: fil|fils|m
        EGP: piastra|piastras|f
    """),
    units=nouns("""
        rpm: revolución por minuto|revoluciones por minuto|f
        mm: milímetro|milímetros|m
        cm Cm CM: centímetro|centímetros|m
        m: metro|metros|m
        km Km KM: kilómetro|kilómetros|m
        mg: miligramo|miligramos|m
        g: gramo|gramos|m
        kg Kg KG: kilogramo|kilogramos|m
        t: tonelada|toneladas|f
        ml mL: mililitro|mililitros|m
        cl: centilitro|centilitros|m
        l L: litro|litros|m
        cm² cm2: centímetro cuadrado|centímetros cuadrados|m
        mm² mm2: milímetro cuadrado|milímetros cuadrados|m
        m² m2: metro cuadrado|metros cuadrados|m
        km² km2: kilómetro cuadrado|kilómetros cuadrados|m
        m³ m3: metro cúbico|metros cúbicos|m
        ha: hectárea|hectáreas|f
        ms: milisegundo|milisegundos|m
        s seg: segundo|segundos|m
        min: minuto|minutos|m
        h: hora|horas|f
        km/h: kilómetro por hora|kilómetros por hora|m
        m/s: metro por segundo|metros por segundo|m
        °C ℃: grado Celsius|grados Celsius|m
        °F ℉: grado Fahrenheit|grados Fahrenheit|m
        °: grado|grados|m
        W: vatio|vatios|m
        kW: kilovatio|kilovatios|m
        MW: megavatio|megavatios|m
        kWh: kilovatio hora|kilovatios hora|m
        GWh: gigavatio hora|gigavatios hora|m
        MWh: megavatio hora|megavatios hora|m
        V: voltio|voltios|m
        mAh: miliamperio hora|miliamperios hora|m
        Hz: hercio|hercios|m
        kHz: kilohercio|kilohercios|m
        MHz: megahercio|megahercios|m
        GHz: gigahercio|gigahercios|m
        kB KB: kilobyte|kilobytes|m
        MB: megabyte|megabytes|m
        GB: gigabyte|gigabytes|m
        TB: terabyte|terabytes|m
        kbit/s: kilobit por segundo|kilobits por segundo|m
        Mbps Mbit/s: megabit por segundo|megabits por segundo|m
        Gbps Gbit/s: gigabit por segundo|gigabits por segundo|m
        dB: decibelio|decibelios|m
        hPa: hectopascal|hectopascales|m
        kJ: kilojulio|kilojulios|m
        kcal: kilocaloría|kilocalorías|f
        px: píxel|píxeles|m
        %: por ciento
        ‰: por mil
    """),
    counted=nouns("""
        day: día|días|m
        week: semana|semanas|f
        month: mes|meses|m
        year: año|años|m
        night: noche|noches|f
        person: persona|personas|f
        woman: mujer|mujeres|f
        house: casa|casas|f
        time: vez|veces|f
        page: página|páginas|f
    """),
    magnitudes=magnitudes("""
        k K mil: 3 mil
        M millón millones: 6 millón|millones|m
        mM: 9 mil millones
        billón billones: 12 billón|billones|m
    """),
    of_million=" de ",
    abbreviations=words("""
        Sr. sr.: señor
        Sra. sra.: señora
        Srta. srta.: señorita
        Sres. sres.: señores
        Dr. dr.: doctor
        Dra. dra.: doctora
        D.^: don
        Dña. Dª: doña
        Cap.^: capitán
        Cnel.: coronel
        Mons.: monseñor
        Hno.: hermano
        Fdo.: firmado
        Prof.: profesor
        Profa.: profesora
        Ud. Vd.: usted
        Uds. Vds.: ustedes
        Lic.: licenciado
        Ing.: ingeniero
        Gral.: general
        Sto.: santo
        Sta.: santa
        Avda. Av.: avenida
        C/: calle
        pág.: página
        págs.: páginas
        p.#: página
        pp.#: páginas
        Pág.: Página
        Art.#: Artículo
        Fig.#: Figura
        Aprox.: Aproximadamente
        cap.: capítulo
        vol.: volumen
        fig.: figura
        art.: artículo
        ed.: edición
        núm. n.º nº n°: número
        Núm. N.º Nº N°: Número
        tel.: teléfono
        Tel.: Teléfono
        aprox.: aproximadamente
        etc.: etcétera
        p.ej.: por ejemplo
        a.C.: antes de Cristo
        d.C.: después de Cristo
        EE.UU.: Estados Unidos
        S.A.: sociedad anónima
        máx.: máximo
        mín.: mínimo
        vs.: contra
    """),
    phone=r"9\d \d{3} \d\d \d\d|[679]\d\d(?: \d\d){3}",  # other groups may be a large number
    ending=frozenset({"etc.", "a.C.", "d.C.", "EE.UU.", "S.A.", "Ud.", "Uds.", "Vd.", "Vds."}),
    signs=words("""
        &: y
        +: más
        =: igual a
        ≠: distinto de
        ≈: aproximadamente
        <: menor que
        >: mayor que
        ≤: menor o igual que
        ≥: mayor o igual que
        ±: más menos
        ×: por
        ÷: dividido entre
        √: raíz cuadrada de
        ∞: infinito
        π: pi
        §: sección
        ©: copyright
        ®: marca registrada
        ™: marca comercial
        °: grados
        №: número
        @: arroba
        #: almohadilla
        *: asterisco
        ~: aproximadamente
        ^: elevado a
        _: guion bajo
        |: barra vertical
        \\: barra invertida
        /: barra
        %: por ciento
        ‰: por mil
        µ μ: micro
        $: dólar
        €: euro
        £: libra
        ¥: yen
        →: a
    """),
    web=words("""
        @: arroba
        .: punto
        /: barra
        :: dos puntos
        -: guion
        _: guion bajo
        #: almohadilla
        ?: signo de interrogación
        =: igual
        &: y
        ~: virgulilla
        +: más
        %: por ciento
    """),
    fractions=words("""
        2/5: dos quintos
        3/5: tres quintos
        4/5: cuatro quintos
        1/6: un sexto
        5/6: cinco sextos
        3/8: tres octavos
        5/8: cinco octavos
        7/8: siete octavos
        1/7: un séptimo
        1/9: un noveno
        1/2: medio
        1/3: un tercio
        2/3: dos tercios
        1/4: un cuarto
        3/4: tres cuartos
        1/5: un quinto
        1/8: un octavo
        1/10: un décimo
    """),
    over="sobre",
    mixed="y",
    half="{n} y medio",
    power="elevado a",
    squared="al cuadrado",
    cubed="al cubo",
    ratio="a",
    version="versión",
    hashtag="hashtag",
    money_join=" con ",
    early=(
        (r"(?<![\d.,:])([01]?\d|2[0-4])\.([0-5]\d)(?=\s?h\b)", r"\1:\2"),
        (r"\bs\.(?=\s[IVX]+\b)", "siglo"),
        (r"\bS\.(?=\s[IVX]{2,}\b)", "Siglo"),
        (r"\bss\.(?=\s[IVX]+\b)", "siglos"),
        (r"\b24/7\b", "24 7"),
        (r"(?<=\b(?:[Ee]l|al|del|un)\s[13])°(?=\s(?!de|en|y)\p{Ll})", ".er"),
        (r"(?<=\b(?:[Ee]l|al|del|un)\s\d{1,3})°(?=\s\p{Ll})", "º"),  # "los 20°" are degrees
    ),
    before_number=r"\b[sS]{1,2}\.",
    decade_mark="s",
    ordinal_suffixes={
        r"\.?(?:er|ᵉʳ)": "short",
        r"\.?(?:º|o|ro|do|to|mo|vo|no)": "",
        r"\.?(?:ª|a|ra|da|ta|ma|va|na)": "f",
    },
    digitwise=r"(?<=\b(?:[Ll]lam\w{1,5} al|[Mm]arc\w{1,4} el|[Tt]eléfono)\s)(?:112|911|091|061|080|016|062)",
    day_month=r"[Ee]l|[Dd]el|[Aa]l|día",
    one=(
        (r"(?<![\w.,:/+−-])(?<=(?:^|[.!?:;,(¿¡]\s?|\b(?:[Cc]on|[Dd]e|[Ee]n|[Pp]or|[Pp]ara|[Yy]|[Oo]|[Hh]ay|[Tt]iene|[Tt]engo|[Ss]olo|[Ss]ólo|[Ss]in|[Qq]ueda|[Cc]ada|[Ee]s|[Ff]altan?)\s))1"
         r"(?=\s(?!(?:día|mapa|problema|tema|programa|sistema|clima|idioma|poeta|planeta)\b)(?:\p{Ll}{2,}(?:a|ción|sión|dad|tad|tud)|mano|noche|mujer|vez|tarde)\b)", "una"),
        (r"(?<![\w.,:/+−-])(?<=(?:^|[.!?:;,(¿¡]\s?|\b(?:[Cc]on|[Dd]e|[Ee]n|[Pp]or|[Pp]ara|[Yy]|[Oo]|[Hh]ay|[Tt]iene|[Tt]engo|[Ss]olo|[Ss]ólo|[Ss]in|[Qq]ueda|[Cc]ada|[Ee]s|[Ff]altan?)\s))1"
         r"(?=\s(?!(?:por|con|para|que|del|los|las|más|menos|punto|sobre|entre|hasta|desde|como|son|está)\b)\p{Ll}{3})", "un"),
    ),
    roman_after=(
        ("[Ss]iglos?|[Cc]apítulo|[Tt]omo|[Vv]olumen|[Aa]cto|[Ee]scena|[Ll]ibro|[Pp]arte|"
         "[Tt]ipo|[Aa]nexo", "{cardinal}"),
        ("Felipe|Carlos|Isabel|Fernando|Enrique|Juan Pablo|Alfonso|Sancho|Pedro|Luis|Benedicto|León|Pío|"
         "Juan|Jorge|Eduardo|Ramiro|Napoleón", "{ten}"),
    ),
)  # fmt: skip
