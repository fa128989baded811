"""English: written, and as it is spoken."""

CASES = [
    (
        "I have 5 cats.",
        "I have five cats.",
    ),
    (
        "There are 21 of them.",
        "There are twenty-one of them.",
    ),
    (
        "Room 101 is free.",
        "Room one hundred and one is free.",
    ),
    (
        "It cost 1,234,567 in all.",
        "It cost one million two hundred and thirty-four thousand five hundred and sixty-seven in all.",
    ),
    (
        "Pi is 3.14159.",
        "Pi is three point one four one five nine.",
    ),
    (
        "It is -5 outside.",
        "It is minus five outside.",
    ),
    (
        "It fell to −12.5 today.",
        "It fell to minus twelve point five today.",
    ),
    (
        "Read pages 10–20.",
        "Read pages ten to twenty.",
    ),
    (
        "He lived 1879-1955.",
        "He lived eighteen seventy-nine to nineteen fifty-five.",
    ),
    (
        "It was 1984.",
        "It was nineteen eighty-four.",
    ),
    (
        "In 2005 and 2024.",
        "In two thousand and five and twenty twenty-four.",
    ),
    (
        "The 1980s were loud.",
        "The nineteen eighties were loud.",
    ),
    (
        "She came 1st, he came 22nd.",
        "She came first, he came twenty-second.",
    ),
    (
        "It costs $5.",
        "It costs five dollars.",
    ),
    (
        "It costs $1,250.50.",
        "It costs one thousand two hundred and fifty dollars and fifty cents.",
    ),
    (
        "It costs $0.99.",
        "It costs ninety-nine cents.",
    ),
    (
        "They raised $3.5M.",
        "They raised three point five million dollars.",
    ),
    (
        "About €5k is left.",
        "About five thousand euros is left.",
    ),
    (
        "It costs £20–£30.",
        "It costs twenty to thirty pounds.",
    ),
    (
        "The fee is USD 200.",
        "The fee is two hundred dollars.",
    ),
    (
        "It cost $3 million.",
        "It cost three million dollars.",
    ),
    (
        "Only 5% remain.",
        "Only five percent remain.",
    ),
    (
        "Take 10–20 % of it.",
        "Take ten to twenty percent of it.",
    ),
    (
        "It was 2024-05-17.",
        "It was May seventeenth, twenty twenty-four.",
    ),
    (
        "Due 5/17/2024.",
        "Due May seventeenth, twenty twenty-four.",
    ),
    (
        "On May 17, 2024 it rained.",
        "On May seventeenth, twenty twenty-four it rained.",
    ),
    (
        "On Dec. 25th we rest.",
        "On December twenty-fifth we rest.",
    ),
    (
        "At 14:30 sharp.",
        "At fourteen thirty sharp.",
    ),
    (
        "At 9:00 we start.",
        "At nine o'clock we start.",
    ),
    (
        "Meet at 3:05 pm.",
        "Meet at three oh five p.m.",
    ),
    (
        "Open until 10pm.",
        "Open until ten p.m.",
    ),
    (
        "Run 5 km at 12 km/h.",
        "Run five kilometres at twelve kilometres per hour.",
    ),
    (
        "It is 20 °C.",
        "It is twenty degrees Celsius.",
    ),
    (
        "It has 16GB.",
        "It has sixteen gigabytes.",
    ),
    (
        "1 kg of rice.",
        "one kilogram of rice.",
    ),
    (
        "2.5 l of milk.",
        "two point five litres of milk.",
    ),
    (
        "It has 60 m².",
        "It has sixty square metres.",
    ),
    (
        "Use v2.4.1 now.",
        "Use version two point four point one now.",
    ),
    (
        "Python 3.11.7 is out.",
        "Python three point eleven point seven is out.",
    ),
    (
        "Call +1 (415) 555-1234.",
        "Call plus one, four one five, five five five, one two three four.",
    ),
    (
        "Call 555-123-4567.",
        "Call five five five, one two three, four five six seven.",
    ),
    (
        "Agent 007 is here.",
        "Agent zero zero seven is here.",
    ),
    (
        "Order 4155551234567 shipped.",
        "Order four one five five five five one two three four five six seven shipped.",
    ),
    (
        "Add ½ cup.",
        "Add one half cup.",
    ),
    (
        "Add 2½ cups.",
        "Add two and a half cups.",
    ),
    (
        "Only 3/4 came.",
        "Only three quarters came.",
    ),
    (
        "About 1.5e-3 seconds.",
        "About one point five times ten to the power of minus three seconds.",
    ),
    (
        "Avogadro is 6×10^23.",
        "Avogadro is six times ten to the power of twenty-three.",
    ),
    (
        "The area is x².",
        "The area is x squared.",
    ),
    (
        "2 + 2 = 4",
        "two plus two equals four",
    ),
    (
        "A & B",
        "A and B",
    ),
    (
        "Dr. Smith met Mrs. Jones.",
        "Doctor Smith met Missus Jones.",
    ),
    (
        "Cats, dogs, etc. are pets.",
        "Cats, dogs, et cetera are pets.",
    ),
    (
        "See e.g. No. 5.",
        "See for example Number five.",
    ),
    (
        "Go to https://example.com/a-b.",
        "Go to example dot com slash a dash b.",
    ),
    (
        "Write to jo.smith@mail.org.",
        "Write to jo dot smith at mail dot org.",
    ),
    (
        "Ask @jo_99 about #MakeItSo.",
        "Ask at jo underscore ninety-nine about hashtag Make It So.",
    ),
    (
        "**Bold** and *soft* `code`.",
        "Bold and soft code.",
    ),
    (
        "See [the page](http://x.org/y).",
        "See the page.",
    ),
    (
        "## A heading",
        "A heading",
    ),
    (
        "- an item",
        "an item",
    ),
    (
        "Fish &amp; chips &lt;3",
        "Fish and chips is less than three",
    ),
    (
        "zero\u200bwidth and soft\u00adhyphen",
        "zerowidth and softhyphen",
    ),
    (
        "I like it 😀!",
        "I like it, grinning face!",
    ),
    (
        "GPT-4 drinks H2O.",
        "GPT four drinks H two O.",
    ),
    (
        "COVID-19 and A17.",
        "COVID nineteen and A seventeen.",
    ),
    (
        "Louis XIV and World War II.",
        "Louis the fourteenth and World War two.",
    ),
    (
        "The part I like.",
        "The part I like.",
    ),
    (
        "What?!! No!!!",
        "What?! No!",
    ),
    (
        "A 16:9 screen.",
        "A sixteen to nine screen.",
    ),
    (
        "8 x 4 is 32.",
        "eight times four is thirty-two.",
    ),
    (
        "See pp. 3-5 at 5 - 3 = 2.",
        "See pages three to five at five minus three equals two.",
    ),
    (
        "The parts cost -$5 and 5 - 3.",
        "The parts cost minus five dollars and five minus three.",
    ),
    (
        "3 x 100 m at 1920x1080.",
        "three times one hundred metres at nineteen twenty times one thousand and eighty.",
    ),
    (
        "It began 2024-05-17T14:30:15Z.",
        "It began May seventeenth, twenty twenty-four fourteen thirty and fifteen seconds UTC.",
    ),
    (
        "A 5 ft. tall fence, 12 lb. of nails.",
        "A five feet tall fence, twelve pounds of nails.",
    ),
    (
        "He is 5'11\" and she 6' 1\".",
        "He is five feet eleven inches and she six feet one inch.",
    ),
    (
        "Open 24/7, or till 9.30pm.",
        "Open twenty-four seven, or till nine thirty p.m.",
    ),
    (
        "The '80s, the early 90s, 90s of sleep.",
        "The eighties, the early nineties, ninety seconds of sleep.",
    ),
    (
        "Dial 1-800-555-1234.",
        "Dial one, eight zero zero, five five five, one two three four.",
    ),
    (
        "Call tel. 030 1234567 now.",
        "Call telephone zero three zero, one two three four five six seven now.",
    ),
    (
        "Open 9:00 am - 5:30 pm or 10:30-11:30.",
        "Open nine a.m. to five thirty p.m. or ten thirty to eleven thirty.",
    ),
    (
        "ISBN 978-3-16-148410-0.",
        "ISBN nine seven eight, three, one six, one four eight four one zero, zero.",
    ),
    (
        "At 5:30 pm, we ate.",
        "At five thirty p.m., we ate.",
    ),
]
