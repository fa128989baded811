"""Hindi: lakhs and crores, CLDR's number words, the danda."""

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
from voxtral_tts.text.spellers import cldr, year_in_pairs

_cardinal = cldr("hi", {"": "spellout-cardinal"})
# CLDR's feminine and oblique lack the nasal sign that वाँ has: -वीं, -वें.
_ordinal = cldr(
    "hi",
    {"": "spellout-ordinal-masculine", "f": "spellout-ordinal-feminine"},
    ((r"वी$", "वीं"),),
)


def _ordinal_in(number: int, form: str = "") -> str:
    text = _ordinal(number, "f" if form == "f" else "")
    if form == "oblique":
        text = text.removesuffix("वाँ") + "वें" if text.endswith("वाँ") else text[:-1] + "े"
    return text


MONTHS = ("जनवरी फ़रवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर").split()

LANGUAGE = Language(
    code="hi",
    cardinal=_cardinal,
    ordinal=_ordinal_in,
    plural=below_two,
    year=year_in_pairs(_cardinal, "सौ"),
    decimal=".",
    group=",",
    point="दशमलव",
    minus="ऋण",
    plus="प्लस",
    to="से",
    dot="पॉइंट",
    dates=Dates(
        months=tuple(MONTHS),
        short={name: i for i, name in enumerate(MONTHS, 1)} | {"फरवरी": 2, "सितम्बर": 9},
        template="{day} {month} {year}",
    ),
    times=Times(
        full="{h} बजे",
        minutes="{h} बजकर {m} मिनट",
        duration="{hours} {minutes} {seconds}",
        after="बजे",
    ),
    currencies=nouns("""
        USD: डॉलर
        EUR: यूरो
        GBP: पाउंड
        JPY: येन
        INR: रुपया|रुपये
        CHF: स्विस फ़्रैंक
        CNY: युआन
        BRL: रियाल
        KRW: वोन
        RUB: रूबल
        SAR: सऊदी रियाल
        AED: दिरहम
        EGP: मिस्री पाउंड
    """),
    cents=nouns("""
        USD EUR: सेंट
        GBP: पेंस
        INR: पैसा|पैसे
        CHF: सेंटीम
        BRL: सेंटावो
        RUB: कोपेक
        SAR: हलाला
        AED: फ़िल्स
        EGP: पियास्टर
    """),
    units=nouns("""
        rpm: चक्कर प्रति मिनट
        mm मिमी: मिलीमीटर
        cm Cm CM सेमी: सेंटीमीटर
        m मी: मीटर
        km Km KM किमी: किलोमीटर
        mg: मिलीग्राम
        g ग्रा: ग्राम
        kg Kg KG किग्रा: किलोग्राम
        t: टन
        ml mL: मिलीलीटर
        cl: सेंटीलीटर
        l L ली: लीटर
        cm² cm2: वर्ग सेंटीमीटर
        mm² mm2: वर्ग मिलीमीटर
        m² m2: वर्ग मीटर
        km² km2: वर्ग किलोमीटर
        m³ m3: घन मीटर
        ha: हेक्टेयर
        ms: मिलीसेकंड
        s sec: सेकंड
        min: मिनट
        h: घंटा|घंटे
        km/h किमी/घंटा: किलोमीटर प्रति घंटा
        m/s: मीटर प्रति सेकंड
        °C ℃: डिग्री सेल्सियस
        °F ℉: डिग्री फ़ारेनहाइट
        °: डिग्री
        W: वाट
        kW: किलोवाट
        MW: मेगावाट
        kWh: किलोवाट घंटा|किलोवाट घंटे
        GWh: गीगावाट घंटा|गीगावाट घंटे
        MWh: मेगावाट घंटा|मेगावाट घंटे
        V: वोल्ट
        mAh: मिलीएम्पियर घंटा|मिलीएम्पियर घंटे
        Hz: हर्ट्ज़
        kHz: किलोहर्ट्ज़
        MHz: मेगाहर्ट्ज़
        GHz: गीगाहर्ट्ज़
        kB KB: किलोबाइट
        MB: मेगाबाइट
        GB: गीगाबाइट
        TB: टेराबाइट
        kbit/s: किलोबिट प्रति सेकंड
        Mbps Mbit/s: मेगाबिट प्रति सेकंड
        Gbps Gbit/s: गीगाबिट प्रति सेकंड
        dB: डेसिबल
        hPa: हेक्टोपास्कल
        kJ: किलोजूल
        kcal: किलोकैलोरी
        px: पिक्सेल
        %: प्रतिशत
        ‰: प्रति हज़ार
    """),
    magnitudes=magnitudes("""
        k K हज़ार हजार: 3 हज़ार
        लाख: 5 लाख
        M मिलियन: 6 मिलियन
        Cr करोड़: 7 करोड़
        B अरब: 9 अरब
        खरब: 11 खरब
    """),
    abbreviations=words("""
        डॉ.: डॉक्टर
        डा.: डॉक्टर
        प्रो.: प्रोफ़ेसर
        श्री.: श्री
        सु.: सुश्री
        कु.: कुमारी
        स्व.: स्वर्गीय
        पं.: पंडित
        इं.: इंजीनियर
        सं.: संख्या
        क्र.: क्रमांक
        पृ.: पृष्ठ
        ई.: ईस्वी
        ई.पू.: ईसा पूर्व
        कि.मी.: किलोमीटर
        कि.ग्रा.: किलोग्राम
        से.मी.: सेंटीमीटर
        मि.मी.: मिलीमीटर
        आदि.: आदि
        उदा.: उदाहरण
        लि.: लिमिटेड
        प्रा.लि.: प्राइवेट लिमिटेड
        Dr.: डॉक्टर
        Mr.: मिस्टर
        Mrs.: मिसेज़
        Prof.: प्रोफ़ेसर
        No.#: नंबर
        etc.: आदि
        vs.: बनाम
    """),
    ending=frozenset({"ई.", "ई.पू.", "आदि.", "लि.", "etc.", "कि.मी.", "कि.ग्रा."}),
    signs=words("""
        &: और
        +: प्लस
        =: बराबर
        ≠: बराबर नहीं
        ≈: लगभग
        <: से कम
        >: से अधिक
        ≤: से कम या बराबर
        ≥: से अधिक या बराबर
        ±: धन या ऋण
        ×: गुणा
        ÷: भागा
        √: वर्गमूल
        ∞: अनंत
        π: पाई
        §: धारा
        ©: कॉपीराइट
        ®: पंजीकृत
        ™: ट्रेडमार्क
        °: डिग्री
        №: संख्या
        @: ऐट
        #: हैश
        *: तारांकन
        ~: लगभग
        ^: की घात
        _: अंडरस्कोर
        |: खड़ी रेखा
        \\: बैकस्लैश
        /: स्लैश
        %: प्रतिशत
        ‰: प्रति हज़ार
        µ μ: माइक्रो
        $: डॉलर
        €: यूरो
        £: पाउंड
        ¥: येन
        →: से
    """),
    web=words("""
        @: ऐट
        .: डॉट
        /: स्लैश
        :: कोलन
        -: डैश
        _: अंडरस्कोर
        #: हैश
        ?: प्रश्न चिह्न
        =: बराबर
        &: और
        ~: टिल्ड
        +: प्लस
        %: प्रतिशत
    """),
    fractions=words("""
        2/5: दो पाँचवें
        3/5: तीन पाँचवें
        4/5: चार पाँचवें
        1/6: एक छठा
        5/6: पाँच छठे
        3/8: तीन आठवें
        5/8: पाँच आठवें
        7/8: सात आठवें
        1/7: एक सातवाँ
        1/9: एक नौवाँ
        1/2: आधा
        1/3: एक तिहाई
        2/3: दो तिहाई
        1/4: एक चौथाई
        3/4: तीन चौथाई
        1/5: एक पाँचवाँ
        1/8: एक आठवाँ
        1/10: एक दसवाँ
    """),
    over="बटा",
    mixed="और",
    half="साढ़े {n}",
    halves={"1": "डेढ़", "2": "ढाई"},
    power="की घात",
    squared="का वर्ग",
    cubed="का घन",
    ratio="अनुपात",
    version="संस्करण",
    hashtag="हैशटैग",
    money_join=" और ",
    ordinal_suffixes={
        "(?:वाँ|वां|ला|रा|था|ठा)": "",
        "(?:वीं|वी|ली|री|थी|ठी)": "f",
        "(?:वें|वे|ले|रे|थे|ठे)": "oblique",
        "(?i:st|nd|rd|th)": "",
    },
    roman_after=(("अध्याय|भाग|खंड|प्रकार", "{cardinal}"),),
    full_stop="।",
    decade_mark="s",
    early=((r"(?<![\d.,])1ली(?![\w\p{M}])", "पहली"), (r"\b24/7\b", "24 7")),
    digitwise=r"(?<=(?:पिन(?:\s?कोड)?|PIN)\s?:?\s?)\d{6}"
    r"|(?<=(?:डायल|नंबर|कॉल|फ़ोन|फोन)\s(?:करें\s)?)(?:100|101|102|108|112|911)",
)  # fmt: skip
