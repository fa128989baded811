"""Dutch: written, and as it is spoken."""

CASES = [
    (
        "Ik heb 5 katten.",
        "Ik heb vijf katten.",
    ),
    (
        "Het zijn er 21.",
        "Het zijn er eenentwintig.",
    ),
    (
        "Er is er 1.",
        "Er is er één.",
    ),
    (
        "Kamer 101 is vrij.",
        "Kamer honderdeen is vrij.",
    ),
    (
        "Het kost 1.234.567 in totaal.",
        "Het kost een miljoen tweehonderdvierendertigduizendvijfhonderdzevenenzestig in totaal.",
    ),
    (
        "Pi is 3,14.",
        "Pi is drie komma veertien.",
    ),
    (
        "Pi is 3,14159.",
        "Pi is drie komma één vier één vijf negen.",
    ),
    (
        "Het is -5 buiten.",
        "Het is min vijf buiten.",
    ),
    (
        "Het is −12,5 graden.",
        "Het is min twaalf komma vijf graden.",
    ),
    (
        "Pagina 10–20.",
        "Pagina tien tot twintig.",
    ),
    (
        "Hij leefde 1879-1955.",
        "Hij leefde achttienhonderdnegenenzeventig tot negentienhonderdvijfenvijftig.",
    ),
    (
        "Het was 1984.",
        "Het was negentienhonderdvierentachtig.",
    ),
    (
        "In 2024 ook.",
        "In tweeduizendvierentwintig ook.",
    ),
    (
        "De 1e en de 2de.",
        "De eerste en de tweede.",
    ),
    (
        "De 8ste dag.",
        "De achtste dag.",
    ),
    (
        "De 21ste eeuw.",
        "De eenentwintigste eeuw.",
    ),
    (
        "Het kost 5 €.",
        "Het kost vijf euro.",
    ),
    (
        "Het kost € 1.",
        "Het kost één euro.",
    ),
    (
        "Het kost € 1.250,50.",
        "Het kost duizendtweehonderdvijftig euro en vijftig cent.",
    ),
    (
        "Het kost € 0,99.",
        "Het kost negenennegentig cent.",
    ),
    (
        "Een lening van € 3 mln.",
        "Een lening van drie miljoen euro.",
    ),
    (
        "Een lening van 2,5 miljard euro.",
        "Een lening van twee komma vijf miljard euro.",
    ),
    (
        "Het is £ 200.",
        "Het is tweehonderd pond.",
    ),
    (
        "Het is $20.",
        "Het is twintig dollar.",
    ),
    (
        "Prijs: € 10–20.",
        "Prijs: tien tot twintig euro.",
    ),
    (
        "Nog 5 % over.",
        "Nog vijf procent over.",
    ),
    (
        "Nog 10–20 %.",
        "Nog tien tot twintig procent.",
    ),
    (
        "Op 2024-05-17.",
        "Op zeventien mei tweeduizendvierentwintig.",
    ),
    (
        "Op 17-05-2024.",
        "Op zeventien mei tweeduizendvierentwintig.",
    ),
    (
        "Op 17/05/2024.",
        "Op zeventien mei tweeduizendvierentwintig.",
    ),
    (
        "Op 17 mei 2024.",
        "Op zeventien mei tweeduizendvierentwintig.",
    ),
    (
        "Op 3 sept. 2021.",
        "Op drie september tweeduizendeenentwintig.",
    ),
    (
        "Om 14:30 uur.",
        "Om veertien uur dertig.",
    ),
    (
        "Om 9:00 uur.",
        "Om negen uur.",
    ),
    (
        "Om 9:05 precies.",
        "Om negen uur vijf precies.",
    ),
    (
        "Loop 5 km met 12 km/u.",
        "Loop vijf kilometer met twaalf kilometer per uur.",
    ),
    (
        "Het is 20 °C.",
        "Het is twintig graden Celsius.",
    ),
    (
        "Een stick van 16 GB.",
        "Een stick van zestien gigabyte.",
    ),
    (
        "1 kg rijst.",
        "één kilogram rijst.",
    ),
    (
        "2 h tijd.",
        "twee uur tijd.",
    ),
    (
        "1,5 l melk.",
        "één komma vijf liter melk.",
    ),
    (
        "Een huis van 60 m².",
        "Een huis van zestig vierkante meter.",
    ),
    (
        "Gebruik v2.4.1 nu.",
        "Gebruik versie twee punt vier punt één nu.",
    ),
    (
        "Python 3.11.7 is er.",
        "Python drie punt elf punt zeven is er.",
    ),
    (
        "Bel +31 6 12345678.",
        "Bel plus drie één, zes, één twee drie vier vijf zes zeven acht.",
    ),
    (
        "Bel 020 1234567.",
        "Bel nul twee nul, één twee drie vier vijf zes zeven.",
    ),
    (
        "Agent 007 komt.",
        "Agent nul nul zeven komt.",
    ),
    (
        "Voeg ½ kop toe.",
        "Voeg een half kop toe.",
    ),
    (
        "Voeg 2½ kop toe.",
        "Voeg twee en een half kop toe.",
    ),
    (
        "Maar 3/4 kwam.",
        "Maar drie kwart kwam.",
    ),
    (
        "Ongeveer 1,5e-3 seconden.",
        "Ongeveer één komma vijf keer tien tot de macht min drie seconden.",
    ),
    (
        "Avogadro: 6×10^23.",
        "Avogadro: zes keer tien tot de macht drieëntwintig.",
    ),
    (
        "De oppervlakte is x².",
        "De oppervlakte is x kwadraat.",
    ),
    (
        "2 + 2 = 4",
        "twee plus twee is gelijk aan vier",
    ),
    (
        "A & B",
        "A en B",
    ),
    (
        "Dhr. Jansen en mevr. De Vries.",
        "De heer Jansen en mevrouw De Vries.",
    ),
    (
        "Katten, honden, enz.",
        "Katten, honden, enzovoort.",
    ),
    (
        "Zie bijv. nr. 5 op blz. 12.",
        "Zie bijvoorbeeld nummer vijf op bladzijde twaalf.",
    ),
    (
        "Dat is o.a. zo.",
        "Dat is onder andere zo.",
    ),
    (
        "Hij stierf 50 v.Chr. in Rome.",
        "Hij stierf vijftig voor Christus in Rome.",
    ),
    (
        "Zie https://voorbeeld.nl/a-b.",
        "Zie voorbeeld punt nl schuine streep a streepje b.",
    ),
    (
        "Schrijf naar jo.jansen@mail.nl.",
        "Schrijf naar jo punt jansen apenstaartje mail punt nl.",
    ),
    (
        "Vraag @jo naar #HalloWereld.",
        "Vraag apenstaartje jo naar hashtag Hallo Wereld.",
    ),
    (
        "**Vet** en *cursief* `code`.",
        "Vet en cursief code.",
    ),
    (
        "Zie [de pagina](http://x.org/y).",
        "Zie de pagina.",
    ),
    (
        "Lodewijk XIV was koning.",
        "Lodewijk de veertiende was koning.",
    ),
    (
        "Hoofdstuk IV begint.",
        "Hoofdstuk vier begint.",
    ),
    (
        "GPT-4 drinkt H2O.",
        "GPT vier drinkt H twee O.",
    ),
    (
        "COVID-19 en A17.",
        "COVID negentien en A zeventien.",
    ),
    (
        "Wat?!! Nee!!!",
        "Wat?! Nee!",
    ),
    (
        "Mooi 😀.",
        "Mooi, grinning face.",
    ),
    (
        "Het kost € 5,- per stuk.",
        "Het kost vijf euro per stuk.",
    ),
    (
        "Om 14.30 uur in de jaren '80.",
        "Om veertien uur dertig in de jaren tachtig.",
    ),
    (
        "Kerkstr. 5, Tel. 020 123 4567.",
        "Kerkstraat vijf, Telefoon nul twee nul, één twee drie, vier vijf zes zeven.",
    ),
]
