"""Italian: written, and as it is spoken."""

CASES = [
    (
        "Ho 5 gatti.",
        "Ho cinque gatti.",
    ),
    (
        "Sono 21.",
        "Sono ventuno.",
    ),
    (
        "Sono 23.",
        "Sono ventitré.",
    ),
    (
        "La stanza 101 è libera.",
        "La stanza centouno è libera.",
    ),
    (
        "Costa 1.234.567 in tutto.",
        "Costa un milione duecentotrentaquattromilacinquecentosessantasette in tutto.",
    ),
    (
        "Pi è 3,14.",
        "Pi è tre virgola quattordici.",
    ),
    (
        "Pi è 3,14159.",
        "Pi è tre virgola uno quattro uno cinque nove.",
    ),
    (
        "Fa -5 fuori.",
        "Fa meno cinque fuori.",
    ),
    (
        "Fa −12,5 gradi.",
        "Fa meno dodici virgola cinque gradi.",
    ),
    (
        "Pagine 10–20.",
        "Pagine dieci a venti.",
    ),
    (
        "Visse 1879-1955.",
        "Visse milleottocentosettantanove a millenovecentocinquantacinque.",
    ),
    (
        "Era il 1984.",
        "Era il millenovecentottantaquattro.",
    ),
    (
        "Nel 2024 anche.",
        "Nel duemilaventiquattro anche.",
    ),
    (
        "Il 1º e la 2ª.",
        "Il primo e la seconda.",
    ),
    (
        "Il 13º giorno.",
        "Il tredicesimo giorno.",
    ),
    (
        "Costa 5 €.",
        "Costa cinque euro.",
    ),
    (
        "Costa 1 €.",
        "Costa un euro.",
    ),
    (
        "Costa 1.250,50 €.",
        "Costa milleduecentocinquanta euro e cinquanta centesimi.",
    ),
    (
        "Costa 0,99 €.",
        "Costa novantanove centesimi.",
    ),
    (
        "Un prestito di 3 mln €.",
        "Un prestito di tre milioni di euro.",
    ),
    (
        "Sono 200 £.",
        "Sono duecento sterline.",
    ),
    (
        "È 1 £.",
        "È una sterlina.",
    ),
    (
        "Sono $20.",
        "Sono venti dollari.",
    ),
    (
        "Costa 10–20 €.",
        "Costa dieci a venti euro.",
    ),
    (
        "Resta il 5 %.",
        "Resta il cinque per cento.",
    ),
    (
        "Resta 10–20 %.",
        "Resta dieci a venti per cento.",
    ),
    (
        "Il 2024-05-17.",
        "Il diciassette maggio duemilaventiquattro.",
    ),
    (
        "Il 17/05/2024.",
        "Il diciassette maggio duemilaventiquattro.",
    ),
    (
        "Il 1 maggio 2024.",
        "Il primo maggio duemilaventiquattro.",
    ),
    (
        "Il 17 maggio 2024.",
        "Il diciassette maggio duemilaventiquattro.",
    ),
    (
        "Il 3 sett. 2021.",
        "Il tre settembre duemilaventuno.",
    ),
    (
        "Alle 14:30 in punto.",
        "Alle quattordici e trenta in punto.",
    ),
    (
        "Alle 9:00 di oggi.",
        "Alle nove in punto di oggi.",
    ),
    (
        "Alle 9:05 di oggi.",
        "Alle nove e cinque di oggi.",
    ),
    (
        "All'1:05 di oggi.",
        "All'una e cinque di oggi.",
    ),
    (
        "Correre 5 km a 12 km/h.",
        "Correre cinque chilometri a dodici chilometri all'ora.",
    ),
    (
        "Ci sono 20 °C.",
        "Ci sono venti gradi Celsius.",
    ),
    (
        "Una memoria da 16 GB.",
        "Una memoria da sedici gigabyte.",
    ),
    (
        "1 kg di riso.",
        "un chilogrammo di riso.",
    ),
    (
        "1 h di tempo.",
        "un'ora di tempo.",
    ),
    (
        "1,5 l di latte.",
        "uno virgola cinque litri di latte.",
    ),
    (
        "Una casa di 60 m².",
        "Una casa di sessanta metri quadrati.",
    ),
    (
        "La versione v2.4.1 è uscita.",
        "La versione due punto quattro punto uno è uscita.",
    ),
    (
        "Python 3.11.7 è uscito.",
        "Python tre punto undici punto sette è uscito.",
    ),
    (
        "Chiama +39 347 123 4567.",
        "Chiama più tre nove, tre quattro sette, uno due tre, quattro cinque sei sette.",
    ),
    (
        "Chiama 06 1234567.",
        "Chiama zero sei, uno due tre quattro cinque sei sette.",
    ),
    (
        "L'agente 007 arriva.",
        "L'agente zero zero sette arriva.",
    ),
    (
        "Aggiungi ½ chilo.",
        "Aggiungi mezzo chilo.",
    ),
    (
        "Aggiungi 2½ chili.",
        "Aggiungi due e mezzo chili.",
    ),
    (
        "Solo 3/4 sono venuti.",
        "Solo tre quarti sono venuti.",
    ),
    (
        "Circa 1,5e-3 secondi.",
        "Circa uno virgola cinque per dieci elevato a meno tre secondi.",
    ),
    (
        "Avogadro: 6×10^23.",
        "Avogadro: sei per dieci elevato a ventitré.",
    ),
    (
        "L'area è x².",
        "L'area è x al quadrato.",
    ),
    (
        "2 + 2 = 4",
        "due più due uguale quattro",
    ),
    (
        "A & B",
        "A e B",
    ),
    (
        "Il Sig. Rossi e il Dott. Bianchi.",
        "Il signor Rossi e il dottor Bianchi.",
    ),
    (
        "Gatti, cani, ecc.",
        "Gatti, cani, eccetera.",
    ),
    (
        "Vedi p. es. il n. 5.",
        "Vedi per esempio il numero cinque.",
    ),
    (
        "Nato nel 50 a.C. a Roma.",
        "Nato nel cinquanta avanti Cristo a Roma.",
    ),
    (
        "Vedi https://esempio.it/a-b.",
        "Vedi esempio punto it barra a trattino b.",
    ),
    (
        "Scrivi a jo.rossi@mail.it.",
        "Scrivi a jo punto rossi chiocciola mail punto it.",
    ),
    (
        "Chiedi a @jo di #CiaoMondo.",
        "Chiedi a chiocciola jo di hashtag Ciao Mondo.",
    ),
    (
        "**Grassetto** e *corsivo* `codice`.",
        "Grassetto e corsivo codice.",
    ),
    (
        "Vedi [la pagina](http://x.org/y).",
        "Vedi la pagina.",
    ),
    (
        "Luigi XIV e Pio IX.",
        "Luigi quattordicesimo e Pio nono.",
    ),
    (
        "Il XXI secolo.",
        "Il ventunesimo secolo.",
    ),
    (
        "Il secolo XX.",
        "Il secolo ventesimo.",
    ),
    (
        "GPT-4 beve H2O.",
        "GPT quattro beve H due O.",
    ),
    (
        "COVID-19 e A17.",
        "COVID diciannove e A diciassette.",
    ),
    (
        "Cosa?!! No!!!",
        "Cosa?! No!",
    ),
    (
        "Mi piace 😀.",
        "Mi piace, grinning face.",
    ),
    (
        "Tra 1 ora, 1 giorno e 1 settimana.",
        "Tra un'ora, un giorno e una settimana.",
    ),
    (
        "Il 1° maggio alle 14.30, l'8° posto, gli anni '90 e i 20° di ieri.",
        "Il primo maggio alle quattordici e trenta, l'ottavo posto, gli anni novanta e i venti gradi di ieri.",
    ),
    (
        "Il n° 5 e il N°7.",
        "Il numero cinque e il numero sette.",
    ),
]
