"""Spanish: written, and as it is spoken."""

CASES = [
    (
        "Tengo 5 gatos.",
        "Tengo cinco gatos.",
    ),
    (
        "Son 21 en total.",
        "Son veintiuno en total.",
    ),
    (
        "Tengo 21 €.",
        "Tengo veintiún euros.",
    ),
    (
        "La sala 101 está libre.",
        "La sala ciento uno está libre.",
    ),
    (
        "Cuesta 1.234.567 en total.",
        "Cuesta un millón doscientos treinta y cuatro mil quinientos sesenta y siete en total.",
    ),
    (
        "Hay 21.000 casos.",
        "Hay veintiún mil casos.",
    ),
    (
        "Pi es 3,14.",
        "Pi es tres coma catorce.",
    ),
    (
        "Pi es 3,14159.",
        "Pi es tres coma uno cuatro uno cinco nueve.",
    ),
    (
        "Hace -5 fuera.",
        "Hace menos cinco fuera.",
    ),
    (
        "Hace −12,5 grados.",
        "Hace menos doce coma cinco grados.",
    ),
    (
        "Páginas 10–20.",
        "Páginas diez a veinte.",
    ),
    (
        "Vivió 1879-1955.",
        "Vivió mil ochocientos setenta y nueve a mil novecientos cincuenta y cinco.",
    ),
    (
        "Fue en 1984.",
        "Fue en mil novecientos ochenta y cuatro.",
    ),
    (
        "En 2024 también.",
        "En dos mil veinticuatro también.",
    ),
    (
        "El 1.º y la 2.ª.",
        "El primero y la segunda.",
    ),
    (
        "El 3.er piso.",
        "El tercer piso.",
    ),
    (
        "El 5º y la 13ª.",
        "El quinto y la decimotercera.",
    ),
    (
        "Cuesta 5 €.",
        "Cuesta cinco euros.",
    ),
    (
        "Cuesta 1 €.",
        "Cuesta un euro.",
    ),
    (
        "Cuesta 1.250,50 €.",
        "Cuesta mil doscientos cincuenta euros con cincuenta céntimos.",
    ),
    (
        "Cuesta 0,99 €.",
        "Cuesta noventa y nueve céntimos.",
    ),
    (
        "Un préstamo de 3 M€.",
        "Un préstamo de tres millones de euros.",
    ),
    (
        "Son 200 £.",
        "Son doscientas libras.",
    ),
    (
        "Son 21 £.",
        "Son veintiuna libras.",
    ),
    (
        "Son $20.",
        "Son veinte dólares.",
    ),
    (
        "Cuesta 10–20 €.",
        "Cuesta diez a veinte euros.",
    ),
    (
        "Queda el 5 %.",
        "Queda el cinco por ciento.",
    ),
    (
        "Queda 10–20 %.",
        "Queda diez a veinte por ciento.",
    ),
    (
        "El 2024-05-17.",
        "El diecisiete de mayo de dos mil veinticuatro.",
    ),
    (
        "El 17/05/2024.",
        "El diecisiete de mayo de dos mil veinticuatro.",
    ),
    (
        "El 17 de mayo de 2024.",
        "El diecisiete de mayo de dos mil veinticuatro.",
    ),
    (
        "El 3 sept. 2021.",
        "El tres de septiembre de dos mil veintiuno.",
    ),
    (
        "A las 14:30 en punto.",
        "A las catorce treinta en punto.",
    ),
    (
        "A las 9:00 de hoy.",
        "A las nueve en punto de hoy.",
    ),
    (
        "A las 14:00 de hoy.",
        "A las catorce horas de hoy.",
    ),
    (
        "A las 13:05 de hoy.",
        "A las trece cero cinco de hoy.",
    ),
    (
        "Correr 5 km a 12 km/h.",
        "Correr cinco kilómetros a doce kilómetros por hora.",
    ),
    (
        "Hace 20 °C.",
        "Hace veinte grados Celsius.",
    ),
    (
        "Una memoria de 16 GB.",
        "Una memoria de dieciséis gigabytes.",
    ),
    (
        "1 kg de arroz.",
        "un kilogramo de arroz.",
    ),
    (
        "1,5 l de leche.",
        "uno coma cinco litros de leche.",
    ),
    (
        "Un piso de 60 m².",
        "Un piso de sesenta metros cuadrados.",
    ),
    (
        "La versión v2.4.1 salió.",
        "La versión dos punto cuatro punto uno salió.",
    ),
    (
        "Python 3.11.7 salió.",
        "Python tres punto once punto siete salió.",
    ),
    (
        "Llama al +34 612 34 56 78.",
        "Llama al más tres cuatro, seis uno dos, tres cuatro, cinco seis, siete ocho.",
    ),
    (
        "Llama al 091 123 456.",
        "Llama al cero nueve uno, uno dos tres, cuatro cinco seis.",
    ),
    (
        "El agente 007 llegó.",
        "El agente cero cero siete llegó.",
    ),
    (
        "Añade ½ kilo.",
        "Añade medio kilo.",
    ),
    (
        "Añade 2½ kilos.",
        "Añade dos y medio kilos.",
    ),
    (
        "Solo 3/4 vinieron.",
        "Solo tres cuartos vinieron.",
    ),
    (
        "Unos 1,5e-3 segundos.",
        "Unos uno coma cinco por diez elevado a menos tres segundos.",
    ),
    (
        "Avogadro: 6×10^23.",
        "Avogadro: seis por diez elevado a veintitrés.",
    ),
    (
        "El área es x².",
        "El área es x al cuadrado.",
    ),
    (
        "2 + 2 = 4",
        "dos más dos igual a cuatro",
    ),
    (
        "A & B",
        "A y B",
    ),
    (
        "El Sr. López y la Sra. Ruiz.",
        "El señor López y la señora Ruiz.",
    ),
    (
        "Gatos, perros, etc.",
        "Gatos, perros, etcétera.",
    ),
    (
        "Ver p. ej. el núm. 5.",
        "Ver por ejemplo el número cinco.",
    ),
    (
        "Vive en EE. UU. desde ayer.",
        "Vive en Estados Unidos desde ayer.",
    ),
    (
        "En el año 50 a. C. murió.",
        "En el año cincuenta antes de Cristo murió.",
    ),
    (
        "Ver https://ejemplo.es/a-b.",
        "Ver ejemplo punto es barra a guion b.",
    ),
    (
        "Escribe a jo.ruiz@mail.es.",
        "Escribe a jo punto ruiz arroba mail punto es.",
    ),
    (
        "Pregunta a @jo por #HolaMundo.",
        "Pregunta a arroba jo por hashtag Hola Mundo.",
    ),
    (
        "**Negrita** y *cursiva* `código`.",
        "Negrita y cursiva código.",
    ),
    (
        "Ver [la página](http://x.org/y).",
        "Ver la página.",
    ),
    (
        "Felipe II y Luis XIV.",
        "Felipe segundo y Luis catorce.",
    ),
    (
        "El siglo XXI.",
        "El siglo veintiuno.",
    ),
    (
        "GPT-4 bebe H2O.",
        "GPT cuatro bebe H dos O.",
    ),
    (
        "COVID-19 y A17.",
        "COVID diecinueve y A diecisiete.",
    ),
    (
        "¿¿Qué?? ¡¡No!!",
        "¿Qué? ¡No!",
    ),
    (
        "Me gusta 😀.",
        "Me gusta, grinning face.",
    ),
    (
        "Hace 21 años, 1 día y 21 horas, 200 personas.",
        "Hace veintiún años, un día y veintiuna horas, doscientas personas.",
    ),
    (
        "El 3° piso, el 5° y los 20° de ayer, n°5 a las 14:30 h.",
        "El tercer piso, el quinto y los veinte grados de ayer, número cinco a las catorce treinta.",
    ),
    (
        "Llame al 91 234 56 78.",
        "Llame al nueve uno, dos tres cuatro, cinco seis, siete ocho.",
    ),
    (
        "Tiene 91 234 libros.",
        "Tiene noventa y un mil doscientos treinta y cuatro libros.",
    ),
]
