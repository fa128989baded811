"""French: written, and as it is spoken."""

CASES = [
    (
        "J'ai 5 chats.",
        "J'ai cinq chats.",
    ),
    (
        "Il y en a 21.",
        "Il y en a vingt et un.",
    ),
    (
        "La chambre 101 est libre.",
        "La chambre cent un est libre.",
    ),
    (
        "Cela coûte 1 234 567 en tout.",
        "Cela coûte un million deux cent trente-quatre mille cinq cent soixante-sept en tout.",
    ),
    (
        "Pi vaut 3,14.",
        "Pi vaut trois virgule quatorze.",
    ),
    (
        "Pi vaut 3,14159.",
        "Pi vaut trois virgule un quatre un cinq neuf.",
    ),
    (
        "Il fait -5 dehors.",
        "Il fait moins cinq dehors.",
    ),
    (
        "Il fait −12,5 degrés.",
        "Il fait moins douze virgule cinq degrés.",
    ),
    (
        "Lire les pages 10–20.",
        "Lire les pages dix à vingt.",
    ),
    (
        "Il vécut de 1879-1955.",
        "Il vécut de mille huit cent soixante-dix-neuf à mille neuf cent cinquante-cinq.",
    ),
    (
        "C'était en 1984.",
        "C'était en mille neuf cent quatre-vingt-quatre.",
    ),
    (
        "En 2024 aussi.",
        "En deux mille vingt-quatre aussi.",
    ),
    (
        "Elle est 1re, il est 2e.",
        "Elle est première, il est deuxième.",
    ),
    (
        "Le 1er et le 21ème.",
        "Le premier et le vingt et unième.",
    ),
    (
        "Cela coûte 5 €.",
        "Cela coûte cinq euros.",
    ),
    (
        "Cela coûte 1 250,50 €.",
        "Cela coûte mille deux cent cinquante euros et cinquante centimes.",
    ),
    (
        "Cela coûte 0,99 €.",
        "Cela coûte quatre-vingt-dix-neuf centimes.",
    ),
    (
        "Un budget de 3 M€.",
        "Un budget de trois millions d'euros.",
    ),
    (
        "Un budget de 3 millions €.",
        "Un budget de trois millions d'euros.",
    ),
    (
        "Environ 21 £.",
        "Environ vingt et une livres.",
    ),
    (
        "Le prix : 1 $.",
        "Le prix : un dollar.",
    ),
    (
        "Un prix de 10–20 €.",
        "Un prix de dix à vingt euros.",
    ),
    (
        "Reste 5 %.",
        "Reste cinq pour cent.",
    ),
    (
        "Prendre 10–20 % du total.",
        "Prendre dix à vingt pour cent du total.",
    ),
    (
        "Le 2024-05-17.",
        "Le dix-sept mai deux mille vingt-quatre.",
    ),
    (
        "Le 17/05/2024.",
        "Le dix-sept mai deux mille vingt-quatre.",
    ),
    (
        "Le 1 mai 2024.",
        "Le premier mai deux mille vingt-quatre.",
    ),
    (
        "Le 1er janvier.",
        "Le premier janvier.",
    ),
    (
        "Le 3 sept. 2021.",
        "Le trois septembre deux mille vingt et un.",
    ),
    (
        "À 14h30 précises.",
        "À quatorze heures trente précises.",
    ),
    (
        "À 14:05 précises.",
        "À quatorze heures cinq précises.",
    ),
    (
        "À 1h du matin.",
        "À une heure du matin.",
    ),
    (
        "À 1h15 du matin.",
        "À une heure quinze du matin.",
    ),
    (
        "Il reste 21 h.",
        "Il reste vingt et une heures.",
    ),
    (
        "Courir 5 km à 12 km/h.",
        "Courir cinq kilomètres à douze kilomètres à l'heure.",
    ),
    (
        "Il fait 20 °C.",
        "Il fait vingt degrés Celsius.",
    ),
    (
        "Une clé de 16 Go.",
        "Une clé de seize gigaoctets.",
    ),
    (
        "1 kg de riz.",
        "un kilogramme de riz.",
    ),
    (
        "1,5 l de lait.",
        "un virgule cinq litre de lait.",
    ),
    (
        "Un studio de 60 m².",
        "Un studio de soixante mètres carrés.",
    ),
    (
        "La version v2.4.1 est là.",
        "La version deux point quatre point un est là.",
    ),
    (
        "Python 3.11.7 est sorti.",
        "Python trois point onze point sept est sorti.",
    ),
    (
        "Appelez le 06 12 34 56 78.",
        "Appelez le zéro six, douze, trente-quatre, cinquante-six, soixante-dix-huit.",
    ),
    (
        "Appelez +33 6 12 34 56 78.",
        "Appelez plus trente-trois, six, douze, trente-quatre, cinquante-six, soixante-dix-huit.",
    ),
    (
        "L'agent 007 arrive.",
        "L'agent zéro zéro sept arrive.",
    ),
    (
        "Ajouter ½ litre.",
        "Ajouter un demi litre.",
    ),
    (
        "Ajouter 2½ litres.",
        "Ajouter deux et demi litres.",
    ),
    (
        "Seuls 3/4 sont venus.",
        "Seuls trois quarts sont venus.",
    ),
    (
        "Environ 1,5e-3 secondes.",
        "Environ un virgule cinq fois dix puissance moins trois secondes.",
    ),
    (
        "Avogadro : 6×10^23.",
        "Avogadro : six fois dix puissance vingt-trois.",
    ),
    (
        "L'aire est x².",
        "L'aire est x au carré.",
    ),
    (
        "2 + 2 = 4",
        "deux plus deux égale quatre",
    ),
    (
        "A & B",
        "A et B",
    ),
    (
        "M. Dupont et Mme Durand.",
        "monsieur Dupont et madame Durand.",
    ),
    (
        "Des chats, des chiens, etc.",
        "Des chats, des chiens, et cetera.",
    ),
    (
        "Voir p. ex. le n° 5.",
        "Voir par exemple le numéro cinq.",
    ),
    (
        "Né en 50 av. J.-C. à Rome.",
        "Né en cinquante avant Jésus-Christ à Rome.",
    ),
    (
        "Voir https://exemple.fr/a-b.",
        "Voir exemple point fr slash a tiret b.",
    ),
    (
        "Écrire à jo.petit@mail.fr.",
        "Écrire à jo point petit arobase mail point fr.",
    ),
    (
        "Demander à @jo sur #BonjourMonde.",
        "Demander à arobase jo sur hashtag Bonjour Monde.",
    ),
    (
        "**Gras** et *italique* `code`.",
        "Gras et italique code.",
    ),
    (
        "Voir [la page](http://x.org/y).",
        "Voir la page.",
    ),
    (
        "Louis XIV et François Ier.",
        "Louis quatorze et François premier.",
    ),
    (
        "Le XIXe siècle.",
        "Le dix-neuvième siècle.",
    ),
    (
        "Le chapitre IV.",
        "Le chapitre quatre.",
    ),
    (
        "GPT-4 boit H2O.",
        "GPT quatre boit H deux O.",
    ),
    (
        "COVID-19 et A17.",
        "COVID dix-neuf et A dix-sept.",
    ),
    (
        "Quoi ?!! Non !!!",
        "Quoi ?! Non!",
    ),
    (
        "J'aime 😀 !",
        "J'aime, grinning face!",
    ),
    (
        "Attendez 1 heure, 21 minutes et 1 fois 1 jour.",
        "Attendez une heure, vingt et une minutes et une fois un jour.",
    ),
    (
        "Le N°5 de l'art. 3.",
        "Le Numéro cinq de l'article trois.",
    ),
    (
        "Tél. : 01.23.45.67.89.",
        "Téléphone : zéro un, vingt-trois, quarante-cinq, soixante-sept, quatre-vingt-neuf.",
    ),
    (
        "Ouvert 10h30-11h30.",
        "Ouvert dix heures trente à onze heures trente.",
    ),
]
