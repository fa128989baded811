"""German: written, and as it is spoken."""

CASES = [
    (
        "Ich habe 5 Katzen.",
        "Ich habe fünf Katzen.",
    ),
    (
        "Es sind 21.",
        "Es sind einundzwanzig.",
    ),
    (
        "Zimmer 101 ist frei.",
        "Zimmer einhunderteins ist frei.",
    ),
    (
        "Es sind 1.234.567 Menschen.",
        "Es sind eine Million zweihundertvierunddreißigtausendfünfhundertsiebenundsechzig Menschen.",
    ),
    (
        "Es sind 601.000 Menschen.",
        "Es sind sechshunderteintausend Menschen.",
    ),
    (
        "Pi ist 3,14159.",
        "Pi ist drei Komma eins vier eins fünf neun.",
    ),
    (
        "Es sind -5 draußen.",
        "Es sind minus fünf draußen.",
    ),
    (
        "Es sind −12,5 Grad.",
        "Es sind minus zwölf Komma fünf Grad.",
    ),
    (
        "Seiten 10–20.",
        "Seiten zehn bis zwanzig.",
    ),
    (
        "Er lebte 1879-1955.",
        "Er lebte achtzehnhundertneunundsiebzig bis neunzehnhundertfünfundfünfzig.",
    ),
    (
        "Es war 1984.",
        "Es war neunzehnhundertvierundachtzig.",
    ),
    (
        "Im Jahr 2024.",
        "Im Jahr zweitausendvierundzwanzig.",
    ),
    (
        "Die 1980er waren laut.",
        "Die neunzehnhundertachtziger waren laut.",
    ),
    (
        "Am 3. Mai kam er.",
        "Am dritten Mai kam er.",
    ),
    (
        "Der 3. Mai ist frei.",
        "Der dritte Mai ist frei.",
    ),
    (
        "Es war sein 2. Sieg.",
        "Es war sein zweiter Sieg.",
    ),
    (
        "Im 19. Jahrhundert.",
        "Im neunzehnten Jahrhundert.",
    ),
    (
        "Kapitel 3. Danach ist Schluss.",
        "Kapitel drei. Danach ist Schluss.",
    ),
    (
        "Es kostet 5 €.",
        "Es kostet fünf Euro.",
    ),
    (
        "Es kostet 1 €.",
        "Es kostet ein Euro.",
    ),
    (
        "Es kostet 1.250,50 €.",
        "Es kostet eintausendzweihundertfünfzig Euro und fünfzig Cent.",
    ),
    (
        "Es kostet 0,99 €.",
        "Es kostet neunundneunzig Cent.",
    ),
    (
        "Es kostet 3 Mio. €.",
        "Es kostet drei Millionen Euro.",
    ),
    (
        "Es sind 2,5 Mrd. Euro.",
        "Es sind zwei Komma fünf Milliarden Euro.",
    ),
    (
        "Für 21 £.",
        "Für einundzwanzig Pfund.",
    ),
    (
        "Für $20.",
        "Für zwanzig Dollar.",
    ),
    (
        "Für 10–20 €.",
        "Für zehn bis zwanzig Euro.",
    ),
    (
        "Nur 5 % bleiben.",
        "Nur fünf Prozent bleiben.",
    ),
    (
        "Etwa 10–20 % davon.",
        "Etwa zehn bis zwanzig Prozent davon.",
    ),
    (
        "Am 2024-05-17.",
        "Am siebzehnten Mai zweitausendvierundzwanzig.",
    ),
    (
        "Am 17.05.2024.",
        "Am siebzehnten Mai zweitausendvierundzwanzig.",
    ),
    (
        "Am 17.05. ist Schluss.",
        "Am siebzehnten Mai ist Schluss.",
    ),
    (
        "Am 17. Mai 2024.",
        "Am siebzehnten Mai zweitausendvierundzwanzig.",
    ),
    (
        "Um 14:30 Uhr.",
        "Um vierzehn Uhr dreißig.",
    ),
    (
        "Um 9:00 Uhr.",
        "Um neun Uhr.",
    ),
    (
        "Um 1:05 geht es los.",
        "Um ein Uhr fünf geht es los.",
    ),
    (
        "5 km, also 12 km/h.",
        "fünf Kilometer, also zwölf Kilometer pro Stunde.",
    ),
    (
        "Es sind 20 °C.",
        "Es sind zwanzig Grad Celsius.",
    ),
    (
        "Ein Stick mit 16 GB.",
        "Ein Stick mit sechzehn Gigabyte.",
    ),
    (
        "1 kg Reis.",
        "ein Kilogramm Reis.",
    ),
    (
        "1 h Zeit.",
        "eine Stunde Zeit.",
    ),
    (
        "1,5 l Milch.",
        "eins Komma fünf Liter Milch.",
    ),
    (
        "Die Wohnung hat 60 m².",
        "Die Wohnung hat sechzig Quadratmeter.",
    ),
    (
        "Nutze v2.4.1 jetzt.",
        "Nutze Version zwei Punkt vier Punkt eins jetzt.",
    ),
    (
        "Python 3.11.7 ist da.",
        "Python drei Punkt elf Punkt sieben ist da.",
    ),
    (
        "Ruf +49 171 2345678 an.",
        "Ruf plus vier neun, eins sieben eins, zwei drei vier fünf sechs sieben acht an.",
    ),
    (
        "Ruf 0171 2345678 an.",
        "Ruf null eins sieben eins, zwei drei vier fünf sechs sieben acht an.",
    ),
    (
        "Agent 007 kommt.",
        "Agent null null sieben kommt.",
    ),
    (
        "Nimm ½ Liter.",
        "Nimm ein halb Liter.",
    ),
    (
        "Nimm 2½ Liter.",
        "Nimm zweieinhalb Liter.",
    ),
    (
        "Nur 3/4 kamen.",
        "Nur drei Viertel kamen.",
    ),
    (
        "Etwa 1,5e-3 Sekunden.",
        "Etwa eins Komma fünf mal zehn hoch minus drei Sekunden.",
    ),
    (
        "Avogadro: 6×10^23.",
        "Avogadro: sechs mal zehn hoch dreiundzwanzig.",
    ),
    (
        "Die Fläche ist x².",
        "Die Fläche ist x hoch zwei.",
    ),
    (
        "2 + 2 = 4",
        "zwei plus zwei gleich vier",
    ),
    (
        "A & B",
        "A und B",
    ),
    (
        "Dr. Meier und Hr. Schmidt.",
        "Doktor Meier und Herr Schmidt.",
    ),
    (
        "Katzen, Hunde usw. sind da.",
        "Katzen, Hunde und so weiter sind da.",
    ),
    (
        "Siehe z. B. Nr. 5 auf S. 12.",
        "Siehe zum Beispiel Nummer fünf auf Seite zwölf.",
    ),
    (
        "Das kostet ca. 3 Tsd. Euro.",
        "Das kostet circa drei tausend Euro.",
    ),
    (
        "Er starb 50 v. Chr. in Rom.",
        "Er starb fünfzig vor Christus in Rom.",
    ),
    (
        "Siehe https://beispiel.de/a-b.",
        "Siehe beispiel Punkt de Schrägstrich a Bindestrich b.",
    ),
    (
        "Schreib an jo.meier@mail.de.",
        "Schreib an jo Punkt meier at mail Punkt de.",
    ),
    (
        "Frag @jo nach #HalloWelt.",
        "Frag at jo nach Hashtag Hallo Welt.",
    ),
    (
        "**Fett** und *kursiv* `code`.",
        "Fett und kursiv code.",
    ),
    (
        "Siehe [die Seite](http://x.org/y).",
        "Siehe die Seite.",
    ),
    (
        "Ludwig XIV. war König.",
        "Ludwig der vierzehnte war König.",
    ),
    (
        "Kapitel IV beginnt.",
        "Kapitel vier beginnt.",
    ),
    (
        "GPT-4 trinkt H2O.",
        "GPT vier trinkt H zwei O.",
    ),
    (
        "COVID-19 und A17.",
        "COVID neunzehn und A siebzehn.",
    ),
    (
        "Was?!! Nein!!!",
        "Was?! Nein!",
    ),
    (
        "Schön 😀.",
        "Schön, grinning face.",
    ),
    (
        "3 x 100 ist 300.",
        "drei mal einhundert ist dreihundert.",
    ),
    (
        "1. Mai ist frei.",
        "erster Mai ist frei.",
    ),
    (
        "Es dauert 1 Stunde, 1 Tag und 21 Jahre.",
        "Es dauert eine Stunde, ein Tag und einundzwanzig Jahre.",
    ),
    (
        "Nur 5,- € im Monat.",
        "Nur fünf Euro im Monat.",
    ),
    (
        "Um 1 Uhr oder von 10.30 bis 14.30 Uhr.",
        "Um ein Uhr oder von zehn Uhr dreißig bis vierzehn Uhr dreißig.",
    ),
    (
        "Vom 5.–7. Mai, mind. 3 Tage.",
        "Vom fünften bis siebten Mai, mindestens drei Tage.",
    ),
    (
        "Die 90er waren laut.",
        "Die neunziger waren laut.",
    ),
    (
        "In der Hauptstr. 5 um 8:15h.",
        "In der Hauptstraße fünf um acht Uhr fünfzehn.",
    ),
    (
        "Um 10:30-11:30 Uhr.",
        "Um zehn Uhr dreißig bis elf Uhr dreißig.",
    ),
]
