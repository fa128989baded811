"""Portuguese: written, and as it is spoken."""

CASES = [
    (
        "Tenho 5 gatos.",
        "Tenho cinco gatos.",
    ),
    (
        "São 21.",
        "São vinte e um.",
    ),
    (
        "São 16.",
        "São dezesseis.",
    ),
    (
        "A sala 101 está livre.",
        "A sala cento e um está livre.",
    ),
    (
        "Custa 1.234.567 no total.",
        "Custa um milhão duzentos e trinta e quatro mil quinhentos e sessenta e sete no total.",
    ),
    (
        "Pi é 3,14.",
        "Pi é três vírgula catorze.",
    ),
    (
        "Pi é 3,14159.",
        "Pi é três vírgula um quatro um cinco nove.",
    ),
    (
        "Faz -5 lá fora.",
        "Faz menos cinco lá fora.",
    ),
    (
        "Faz −12,5 graus.",
        "Faz menos doze vírgula cinco graus.",
    ),
    (
        "Páginas 10–20.",
        "Páginas dez a vinte.",
    ),
    (
        "Viveu 1879-1955.",
        "Viveu mil oitocentos e setenta e nove a mil novecentos e cinquenta e cinco.",
    ),
    (
        "Foi em 1984.",
        "Foi em mil novecentos e oitenta e quatro.",
    ),
    (
        "Em 2024 também.",
        "Em dois mil e vinte e quatro também.",
    ),
    (
        "O 1º e a 2ª.",
        "O primeiro e a segunda.",
    ),
    (
        "O 13º dia.",
        "O décimo terceiro dia.",
    ),
    (
        "Custa R$ 5.",
        "Custa cinco reais.",
    ),
    (
        "Custa R$ 1.",
        "Custa um real.",
    ),
    (
        "Custa R$ 1.250,50.",
        "Custa mil duzentos e cinquenta reais e cinquenta centavos.",
    ),
    (
        "Custa R$ 0,99.",
        "Custa noventa e nove centavos.",
    ),
    (
        "Um empréstimo de R$ 3 milhões.",
        "Um empréstimo de três milhões de reais.",
    ),
    (
        "São 200 £.",
        "São duzentas libras.",
    ),
    (
        "São 2 £.",
        "São duas libras.",
    ),
    (
        "São 5 €.",
        "São cinco euros.",
    ),
    (
        "Custa 10–20 €.",
        "Custa dez a vinte euros.",
    ),
    (
        "Resta 5 %.",
        "Resta cinco por cento.",
    ),
    (
        "Resta 10–20 %.",
        "Resta dez a vinte por cento.",
    ),
    (
        "Em 2024-05-17.",
        "Em dezessete de maio de dois mil e vinte e quatro.",
    ),
    (
        "Em 17/05/2024.",
        "Em dezessete de maio de dois mil e vinte e quatro.",
    ),
    (
        "Em 1 de maio de 2024.",
        "Em primeiro de maio de dois mil e vinte e quatro.",
    ),
    (
        "Em 17 de maio de 2024.",
        "Em dezessete de maio de dois mil e vinte e quatro.",
    ),
    (
        "Às 14h30 em ponto.",
        "Às catorze e trinta em ponto.",
    ),
    (
        "Às 14:30 em ponto.",
        "Às catorze e trinta em ponto.",
    ),
    (
        "Às 9:00 de hoje.",
        "Às nove horas de hoje.",
    ),
    (
        "À 1:30 de hoje.",
        "À uma hora e trinta de hoje.",
    ),
    (
        "À 1h de hoje.",
        "À uma hora de hoje.",
    ),
    (
        "Às 2h de hoje.",
        "Às duas horas de hoje.",
    ),
    (
        "Correr 5 km a 12 km/h.",
        "Correr cinco quilômetros a doze quilômetros por hora.",
    ),
    (
        "Faz 20 °C.",
        "Faz vinte graus Celsius.",
    ),
    (
        "Um pen drive de 16 GB.",
        "Um pen drive de dezesseis gigabytes.",
    ),
    (
        "1 kg de arroz.",
        "um quilograma de arroz.",
    ),
    (
        "2 h de aula.",
        "duas horas de aula.",
    ),
    (
        "1,5 l de leite.",
        "um vírgula cinco litros de leite.",
    ),
    (
        "Um apartamento de 60 m².",
        "Um apartamento de sessenta metros quadrados.",
    ),
    (
        "A versão v2.4.1 saiu.",
        "A versão dois ponto quatro ponto um saiu.",
    ),
    (
        "O Python 3.11.7 saiu.",
        "O Python três ponto onze ponto sete saiu.",
    ),
    (
        "Ligue para +55 11 91234-5678.",
        "Ligue para mais cinco cinco, um um, nove um dois três quatro, cinco seis sete oito.",
    ),
    (
        "Ligue para (11) 91234-5678.",
        "Ligue para um um, nove um dois três quatro, cinco seis sete oito.",
    ),
    (
        "O agente 007 chegou.",
        "O agente zero zero sete chegou.",
    ),
    (
        "Adicione ½ quilo.",
        "Adicione meio quilo.",
    ),
    (
        "Adicione 2½ quilos.",
        "Adicione dois e meio quilos.",
    ),
    (
        "Só 3/4 vieram.",
        "Só três quartos vieram.",
    ),
    (
        "Cerca de 1,5e-3 segundos.",
        "Cerca de um vírgula cinco vezes dez elevado a menos três segundos.",
    ),
    (
        "Avogadro: 6×10^23.",
        "Avogadro: seis vezes dez elevado a vinte e três.",
    ),
    (
        "A área é x².",
        "A área é x ao quadrado.",
    ),
    (
        "2 + 2 = 4",
        "dois mais dois igual a quatro",
    ),
    (
        "A & B",
        "A e B",
    ),
    (
        "O Sr. Silva e a Dra. Souza.",
        "O senhor Silva e a doutora Souza.",
    ),
    (
        "Gatos, cães, etc.",
        "Gatos, cães, et cetera.",
    ),
    (
        "Veja p. ex. o nº 5.",
        "Veja por exemplo o número cinco.",
    ),
    (
        "Morreu em 50 a.C. em Roma.",
        "Morreu em cinquenta antes de Cristo em Roma.",
    ),
    (
        "Veja https://exemplo.br/a-b.",
        "Veja exemplo ponto br barra a hífen b.",
    ),
    (
        "Escreva a jo.silva@mail.br.",
        "Escreva a jo ponto silva arroba mail ponto br.",
    ),
    (
        "Pergunte a @jo sobre #OlaMundo.",
        "Pergunte a arroba jo sobre hashtag Ola Mundo.",
    ),
    (
        "**Negrito** e *itálico* `código`.",
        "Negrito e itálico código.",
    ),
    (
        "Veja [a página](http://x.org/y).",
        "Veja a página.",
    ),
    (
        "Dom Pedro II e Luís XIV.",
        "Dom Pedro segundo e Luís catorze.",
    ),
    (
        "O século XXI.",
        "O século vinte e um.",
    ),
    (
        "GPT-4 bebe H2O.",
        "GPT quatro bebe H dois O.",
    ),
    (
        "COVID-19 e A17.",
        "COVID dezenove e A dezessete.",
    ),
    (
        "O quê?!! Não!!!",
        "O quê?! Não!",
    ),
    (
        "Gostei 😀.",
        "Gostei, grinning face.",
    ),
    (
        "Saiu às 14h30min.",
        "Saiu às catorze e trinta min.",
    ),
    (
        "De 2 a 3 horas, 21 casas e -2 pessoas.",
        "De duas a três horas, vinte e uma casas e menos duas pessoas.",
    ),
    (
        "O 3° andar, n° 5, em 1° de maio.",
        "O terceiro andar, número cinco, em primeiro de maio.",
    ),
]
