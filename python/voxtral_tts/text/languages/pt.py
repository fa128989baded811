"""Portuguese, as in Brazil (CLDR's "pt"): dezesseis, bilhão."""

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
    "f": (
        (r"um$", "uma"),
        (r"\bdois(?= mil\b|$)", "duas"),
        (r"entos\b(?!.*ilh)", "entas"),
    ),
}
_ORDINALS = {"f": ((r"o\b", "a"),)}
# The library puts a comma after thousands and misspells three hundredths.
_cardinal = library("pt_BR", "cardinal", ((",", ""),), _FORMS)
_HUNDREDTHS = ((r"\b(oct|sept|quadr)igent", r"\1ingent"), (",", ""))

MONTHS = (
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro"
).split()

LANGUAGE = Language(
    code="pt",
    cardinal=_cardinal,
    ordinal=library("pt_BR", "ordinal", _HUNDREDTHS, _ORDINALS),
    plural=one_or_other,
    year=lambda year: _cardinal(year, ""),
    decimal=",",
    group=".",
    point="vírgula",
    minus="menos",
    plus="mais",
    to="a",
    dot="ponto",
    fraction_as_number=True,
    dates=Dates(
        months=tuple(MONTHS),
        short=month_numbers(MONTHS),
        template="{day} de {month} de {year}",
        no_year="{day} de {month}",
        first_day="primeiro",
    ),
    times=Times(
        full="{h} horas",
        one="uma hora",
        one_minutes="uma hora e {m}",
        minutes="{h} e {m}",
        duration="{hours}, {minutes} e {seconds}",
        hour_form="f",
        marks=":hH",
    ),
    currencies=nouns("""
        USD: dólar|dólares|m
        EUR: euro|euros|m
        GBP: libra|libras|f
        JPY: iene|ienes|m
        INR: rupia|rupias|f
        CHF: franco suíço|francos suíços|m
        CNY: yuan|yuans|m
        BRL: real|reais|m
        KRW: won|wons|m
        RUB: rublo|rublos|m
        SAR: rial saudita|riais sauditas|m
        AED: dirham|dirhams|m
        EGP: libra egípcia|libras egípcias|f
    """),
    cents=nouns("""
        USD: centavo|centavos|m
        EUR: centavo|centavos|m
        GBP: pêni|pence|m
        INR: paisa|paisas|f
        CHF: cêntimo|cêntimos|m
        BRL: centavo|centavos|m
        RUB: copeque|copeques|m
        SAR: halala|halalas|m
        AED: fil|fils|m
        EGP: piastra|piastras|f
    """),
    units=nouns("""
        rpm: rotação por minuto|rotações por minuto|f
        mm: milímetro|milímetros|m
        cm Cm CM: centímetro|centímetros|m
        m: metro|metros|m
        km Km KM: quilômetro|quilômetros|m
        mg: miligrama|miligramas|m
        g: grama|gramas|m
        kg Kg KG: quilograma|quilogramas|m
        t: tonelada|toneladas|f
        ml mL: mililitro|mililitros|m
        cl: centilitro|centilitros|m
        l L: litro|litros|m
        cm² cm2: centímetro quadrado|centímetros quadrados|m
        mm² mm2: milímetro quadrado|milímetros quadrados|m
        m² m2: metro quadrado|metros quadrados|m
        km² km2: quilômetro quadrado|quilômetros quadrados|m
        m³ m3: metro cúbico|metros cúbicos|m
        ha: hectare|hectares|m
        ms: milissegundo|milissegundos|m
        s seg: segundo|segundos|m
        min: minuto|minutos|m
        h: hora|horas|f
        km/h: quilômetro por hora|quilômetros por hora|m
        m/s: metro por segundo|metros por segundo|m
        °C ℃: grau Celsius|graus Celsius|m
        °F ℉: grau Fahrenheit|graus Fahrenheit|m
        °: grau|graus|m
        W: watt|watts|m
        kW: quilowatt|quilowatts|m
        MW: megawatt|megawatts|m
        kWh: quilowatt-hora|quilowatts-hora|m
        GWh: gigawatt-hora|gigawatts-hora|m
        MWh: megawatt-hora|megawatts-hora|m
        V: volt|volts|m
        mAh: miliampere-hora|miliamperes-hora|m
        Hz: hertz|hertz|m
        kHz: quilohertz|quilohertz|m
        MHz: megahertz|megahertz|m
        GHz: gigahertz|gigahertz|m
        kB KB: quilobyte|quilobytes|m
        MB: megabyte|megabytes|m
        GB: gigabyte|gigabytes|m
        TB: terabyte|terabytes|m
        kbit/s: quilobit por segundo|quilobits por segundo|m
        Mbps Mbit/s: megabit por segundo|megabits por segundo|m
        Gbps Gbit/s: gigabit por segundo|gigabits por segundo|m
        dB: decibel|decibéis|m
        hPa: hectopascal|hectopascais|m
        kJ: quilojoule|quilojoules|m
        kcal: quilocaloria|quilocalorias|f
        px: pixel|pixels|m
        %: por cento
        ‰: por mil
    """),
    counted=nouns("""
        week: semana|semanas|f
        night: noite|noites|f
        person: pessoa|pessoas|f
        woman: mulher|mulheres|f
        house: casa|casas|f
        time: vez|vezes|f
        page: página|páginas|f
    """),
    magnitudes=magnitudes("""
        k K mil: 3 mil
        M mi milhão milhões: 6 milhão|milhões|m
        B bi bilhão bilhões: 9 bilhão|bilhões|m
        tri trilhão trilhões: 12 trilhão|trilhões|m
    """),
    of_million=" de ",
    abbreviations=words("""
        Sr. sr.: senhor
        Sra. sra.: senhora
        Srta. srta.: senhorita
        Srs. srs.: senhores
        Dr. dr.: doutor
        Dra. dra.: doutora
        D.^: dom
        Prof. prof.: professor
        Profa. profa. Prof.ª: professora
        Cel.: coronel
        Cap.^: capitão
        séc.: século
        sécs.: séculos
        Séc.: Século
        Eng.: engenheiro
        Gen.: general
        Sto.: santo
        Sta.: santa
        Av.: avenida
        R.^: rua
        pág. p.#: página
        Art.: Artigo
        Fig.: Figura
        Aprox.: Aproximadamente
        Pág.: Página
        págs. pp.: páginas
        cap.: capítulo
        vol.: volume
        fig.: figura
        art.: artigo
        ed.: edição
        nº n.º n°: número
        Nº N.º N°: Número
        tel.: telefone
        Tel.: Telefone
        aprox.: aproximadamente
        etc.: et cetera
        p.ex.: por exemplo
        ex.: exemplo
        a.C.: antes de Cristo
        d.C.: depois de Cristo
        Ltda.: limitada
        S.A.: sociedade anônima
        Cia.: companhia
        máx.: máximo
        mín.: mínimo
        obs.: observação
        vs.: versus
    """),
    ending=frozenset({"etc.", "a.C.", "d.C.", "Ltda.", "S.A.", "Cia."}),
    signs=words("""
        &: e
        +: mais
        =: igual a
        ≠: diferente de
        ≈: aproximadamente
        <: menor que
        >: maior que
        ≤: menor ou igual a
        ≥: maior ou igual a
        ±: mais ou menos
        ×: vezes
        ÷: dividido por
        √: raiz quadrada de
        ∞: infinito
        π: pi
        §: parágrafo
        ©: copyright
        ®: marca registrada
        ™: marca comercial
        °: graus
        №: número
        @: arroba
        #: cerquilha
        *: asterisco
        ~: aproximadamente
        ^: elevado a
        _: sublinhado
        |: barra vertical
        \\: barra invertida
        /: barra
        %: por cento
        ‰: por mil
        µ μ: micro
        $: dólar
        €: euro
        £: libra
        ¥: iene
        →: para
    """),
    web=words("""
        @: arroba
        .: ponto
        /: barra
        :: dois-pontos
        -: hífen
        _: sublinhado
        #: cerquilha
        ?: ponto de interrogação
        =: igual
        &: e
        ~: til
        +: mais
        %: por cento
    """),
    fractions=words("""
        2/5: dois quintos
        3/5: três quintos
        4/5: quatro quintos
        1/6: um sexto
        5/6: cinco sextos
        3/8: três oitavos
        5/8: cinco oitavos
        7/8: sete oitavos
        1/7: um sétimo
        1/9: um nono
        1/2: meio
        1/3: um terço
        2/3: dois terços
        1/4: um quarto
        3/4: três quartos
        1/5: um quinto
        1/8: um oitavo
        1/10: um décimo
    """),
    over="sobre",
    mixed="e",
    half="{n} e meio",
    power="elevado a",
    squared="ao quadrado",
    cubed="ao cubo",
    ratio="a",
    version="versão",
    hashtag="hashtag",
    money_join=" e ",
    early=((r"(?<=\b(?:[Oo]|ao|do|no|um)\s\d{1,3})°(?=\s\p{Ll})", "º"), (r"\b24/7\b", "24 7")),  # "os 20°" are degrees
    decade_mark="s",
    ordinal_suffixes={r"\.?(?:º|o)": "", r"\.?(?:ª|a)": "f"},
    digitwise=r"\d{3}\.\d{3}\.\d{3}-\d{2}|(?<=\bCEP\s)\d{5}-?\d{3}"
    r"|(?<=\b(?:[Ll]ig\w{1,3} (?:para o|para)|[Dd]isque(?: o)?|[Cc]hame o)\s)(?:190|192|193|112|911|180|188)",
    day_month=r"[Ee]m|[Nn]o dia|[Dd]ia|[Dd]e",
    one=(
        (r"(?<![\w.,:/+−-])(?<=(?:^|[.!?:;,(]\s?|\b(?:[Cc]om|[Dd]e|[Ee]m|[Pp]or|[Pp]ara|[Ee]|[Oo]u|[Hh]á|[Tt]em|[Tt]enho|[Ss]ó|[Ss]em|[Cc]ada|é)\s))1"
         r"(?=\s(?!(?:dia|mapa|problema|tema|programa|sistema|clima|idioma|planeta)\b)(?:\p{Ll}{2,}(?:a|ção|são|dade|tude|agem)|mão|noite|mulher|vez|tarde)\b)", "uma"),
        (r"(?<![\w.,:/+−-])(?<=(?:^|[.!?:;,(]\s?|\b(?:[Cc]om|[Dd]e|[Ee]m|[Pp]or|[Pp]ara|[Ee]|[Oo]u|[Hh]á|[Tt]em|[Tt]enho|[Ss]ó|[Ss]em|[Cc]ada|é)\s))1"
         r"(?=\s(?!(?:por|com|para|que|dos|das|mais|menos|ponto|sobre|entre|até|desde|como|são|está)\b)\p{Ll}{3})", "um"),
    ),
    roman_after=(
        ("[Cc]apítulo|[Tt]omo|[Vv]olume|[Aa]to|[Cc]ena|[Ll]ivro|[Pp]arte|[Tt]ipo|"
         "[Aa]nexo", "{cardinal}"),
        ("[Ss]éculos?|Luís|Bento|Leão|José|Jorge|Fernando", "{ten}"),
        ("[Pp]edro|João|João Paulo|Carlos|Filipe|Henrique|Manuel|Afonso|Isabel|Pio", "{ten}"),
    ),
)  # fmt: skip
