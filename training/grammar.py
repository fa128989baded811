"""Everyday English as a grammar: name -> alternatives, one per "|"; {name} is another rule.

`sentence` is the start. Rules are data: what they can say is all that the model will know well,
so every word should occur in several of them.
"""

from __future__ import annotations

RULES: dict[str, str] = {
    "sentence": (
        "{greeting}|{time}|{numbers}|{weather}|{weather}|{directions}|{directions}|"
        "{food}|{food}|{family}|{travel}|{travel}|{work}|{home}|{home}|{shopping}|{opinion}|"
        "{request}|{request}|{story}|{story}|{story}|{nature}|{machine}|{plan}|{plan}|{question}"
    ),
    "greeting": (
        "Hello, how are you today?|Hello.|Good {daypart}.|Good {daypart}, how are you?|"
        "Hello, my name is {name}.|My name is {name}.|Hello {name}, welcome {back}.|"
        "Good {daypart}, {name}.|Nice to meet you, {name}.|How are you {today}?|"
        "Welcome to our {place}.|Goodbye, see you {later}.|Thank you very much.|"
        "Thank you for {gift}.|See you {later}, {name}.|I am {fine}, thank you.|"
        "You are welcome, {name}.|Please come in and sit down.|Have a nice {daypart}.|"
        "It is good to see you {later}."
    ),
    "back": "home|back|to the {place}",
    "gift": "the {food_item}|your help|the {object}|calling me|coming {today}|the good news",
    "fine": "fine|very well|very happy|a little tired|quite busy|ready",
    "daypart": "morning|evening|afternoon|day|night",
    "today": "today|this morning|this evening|now",
    "later": "again|tomorrow|later|soon|next week|on {day}|at {hour} o'clock|tonight",
    "name": "Anna|Peter|John|Mary|David|Susan|Tom|Helen|Paul|Laura|Mark|Emma",
    "day": "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday",
    "month": (
        "January|February|March|April|May|June|July|August|September|October|November|December"
    ),
    "season": "spring|summer|autumn|winter",
    "hour": "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve",
    "digit": "one|two|three|four|five|six|seven|eight|nine",
    "teen": ("ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"),
    "tens": "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety",
    "number": "{digit}|{teen}|{tens}|{tens} {digit}|{digit} hundred|{digit} thousand",
    "minutes": "five|ten|twenty|twenty five",
    "many": "two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|a few|many|some",
    "ordinal": "first|second|third|fourth|fifth|last|next",
    "time": (
        "It is {hour} o'clock.|It is {minutes} past {hour}.|It is {minutes} to {hour}.|"
        "It is half past {hour}.|The time is half past {hour}.|What time is it {today}?|"
        "The train leaves at {hour} {thirty}.|We open at {hour} in the {daypart}.|"
        "The meeting is on {day} at {hour}.|Today is {day}.|Tomorrow is {day}.|"
        "Today is the {ordinal} day of {month}.|My birthday is in {month}.|"
        "The {shop} closes at {hour} o'clock.|I will be back in {minutes} minutes.|"
        "The bus comes every {minutes} minutes.|We waited for {many} hours."
    ),
    "thirty": "thirty|fifteen|forty five|o'clock",
    "numbers": (
        "The number is {number}.|My number is {digit} {digit} {digit} {digit}.|"
        "{count_line}|I have {number} {things}.|There are {number} {things} here.|"
        "It costs {number} dollars.|That makes {number} dollars.|You need {number} points.|"
        "Page {number}, line {digit}.|The answer is {number}.|The room number is {number}.|"
        "{digit_up} and {digit} is {number}.|She is {number} years old."
    ),
    "count_line": "One, two, three, four, five.|Three, two, one, go.|Six, seven, eight, nine, ten.",
    "digit_up": "One|Two|Three|Four|Five|Six|Seven|Eight|Nine",
    "things": "books|cars|apples|letters|birds|cups|houses|friends|pictures|questions|keys|boxes",
    "weather": (
        "The weather is {weather_word} {today}.|It is {weather_word} {outside}.|"
        "It will be {weather_word} tomorrow.|It will rain {later}.|It is raining {outside}.|"
        "It was very {weather_word} on {day}.|The sun is shining {today}.|"
        "There is snow on the {land}.|The wind is {strong} {today}.|"
        "The sky is {sky} {today}.|Take a coat, it is {weather_word} {outside}.|"
        "In {season} it is often {weather_word}.|I like the {season} because it is {weather_word}.|"
        "It is {number} degrees {outside}.|The {season} was {weather_word} and {weather_word}.|"
        "How is the weather in {city}?|After the rain the {land} is wet."
    ),
    "weather_word": "warm|cold|hot|cool|sunny|cloudy|windy|dry|wet|dark|nice|bad",
    "outside": "outside|here|in {city}|by the {land}|today|again",
    "strong": "strong|very strong|cold|weak|warm",
    "sky": "blue|grey|clear|dark|full of clouds",
    "city": (
        "London|Paris|Boston|Berlin|the city|the village|town|the mountains|the north|the south"
    ),
    "land": "mountain|river|lake|road|field|garden|sea|island|forest|bridge",
    "directions": (
        "Turn {side} at the {place}.|Turn {side} and then go straight.|Go straight to the {place}.|"
        "Go straight for {number} meters.|The {place} is on the {side}.|"
        "The {place} is {near} the {place}.|Take the {ordinal} street on the {side}.|"
        "Where is the {place}?|How do I get to the {place}?|Walk {along} the {land}.|"
        "Walk past the {place} and turn {side}.|Cross the {land} and go {side}.|"
        "It is {far} from here.|You can walk to the {place} in {minutes} minutes.|"
        "Follow the road to the {place}.|The {place} is behind the {place}.|"
        "Take the bus to the {place}.|Stop {near} the {place}."
    ),
    "side": "left|right",
    "near": "near|next to|across from|behind|in front of",
    "along": "along|around|across|up to|down to",
    "far": "far|not far|two miles|very far|a short walk|ten minutes",
    "place": (
        "station|school|bank|church|park|library|hospital|market|hotel|museum|office|airport|"
        "bridge|corner|square|theater|post office|house|restaurant|harbor"
    ),
    "shop": "shop|store|bank|market|library|museum|restaurant|post office|office",
    "food": (
        "I would like {food_item}, please.|We would like {food_item} and {food_item}.|"
        "Do you want {food_item} or {food_item}?|The {dish} is {taste}.|"
        "The {dish} was very {taste}.|I eat {food_item} for {meal}.|"
        "She drinks {drink} in the {daypart}.|He cooks {dish} on {day}.|"
        "{meal_up} is ready.|Can I have {food_item}?|A cup of {drink}, please.|"
        "There is {food_item} on the table.|We need {food_item} from the {shop}.|"
        "I do not like {dish}.|Would you like some {drink}?|They had {dish} for {meal}.|"
        "Bring me {food_item} and a glass of {drink}.|The {drink} is too {taste}."
    ),
    "food_item": (
        "bread|some bread|an apple|some cheese|a cake|some rice|an egg|two eggs|some fish|soup|"
        "a banana|an orange|some butter|some fruit|{dish}|{drink}"
    ),
    "dish": "soup|fish|chicken|rice|salad|cake|meat|bread|cheese|fruit",
    "drink": "coffee|tea|water|milk|juice|wine|cold water|black coffee|green tea",
    "taste": "good|hot|cold|sweet|fresh|salty|bad|ready|great|warm",
    "meal": "breakfast|lunch|dinner",
    "meal_up": "Breakfast|Lunch|Dinner|The soup|The coffee|The tea|The cake",
    "person": (
        "my mother|my father|my sister|my brother|my friend|our teacher|the doctor|{name}|"
        "the boy|the girl|the old man|the young woman|her son|his daughter|my uncle|the driver"
    ),
    "person_up": (
        "My mother|My father|My sister|My brother|My friend|Our teacher|The doctor|{name}|"
        "The boy|The girl|The old man|The young woman|Her son|His daughter|My uncle|The driver"
    ),
    "family": (
        "{person_up} is {feeling}.|{person_up} lives in {city}.|{person_up} is {number} years old.|"
        "This is {person}.|Do you know {person}?|I have {many} children.|"
        "{person_up} has a {animal}.|{person_up} works in a {place}.|"
        "We visited {person} on {day}.|{person_up} is coming {later}.|"
        "{person_up} and {person} are friends.|The children are {feeling}.|"
        "{person_up} called {person} {today}."
    ),
    "feeling": "happy|tired|sad|sick|busy|hungry|angry|at home|asleep|late|well|ready|alone",
    "animal": "dog|cat|horse|bird|cow|sheep|fish|mouse|duck|rabbit",
    "animals": "dogs|cats|horses|birds|cows|sheep|ducks|rabbits",
    "travel": (
        "The train to {city} is {late}.|The {vehicle} leaves {when}.|I am going to {city} {later}.|"
        "We went to {city} by {vehicle}.|A ticket to {city}, please.|"
        "{many_up} tickets to {city}, please.|The {vehicle} arrives at {hour} o'clock.|"
        "My {vehicle} is {color}.|The {vehicle} is {late}.|Please fasten your seat belt.|"
        "Where does the {vehicle} stop?|Our plane leaves from gate {number}.|"
        "They drove {along} the {land}.|She lost her {object} on the {vehicle}.|"
        "The road to {city} is {closed}.|How far is it to {city}?|Have a good trip."
    ),
    "many_up": "Two|Three|Four|Five",
    "vehicle": "train|bus|car|boat|plane|ship|bicycle|taxi",
    "late": "late|on time|very late|full|early|ready|slow|here",
    "when": "now|at {hour}|at {hour} {thirty}|in {minutes} minutes|on {day}|tomorrow|soon",
    "closed": "closed|open|long|narrow|clear|wet|busy",
    "color": "red|blue|green|white|black|yellow|brown|new|old|very old|too small",
    "work": (
        "I work in a {place}.|She starts work at {hour}.|We have a meeting {later}.|"
        "Please send me the {paper}.|Did you read the {paper}?|I will write a {paper} {later}.|"
        "The {paper} is on the desk.|He is {busy}.|Can you help me with the {paper}?|"
        "The work is {done}.|We need more {needs}.|Call me at {hour} o'clock.|"
        "They sold {number} {things} last year.|Our office is on the {ordinal} floor."
    ),
    "paper": "letter|report|book|paper|message|list|plan|story|page|newspaper",
    "busy": "busy|on the phone|in a meeting|not here|at lunch|working|the boss",
    "done": "done|hard|easy|important|almost done|finished|too slow",
    "needs": "time|money|help|water|light|people|space|paper",
    "home": (
        "{do} the {thing}, please.|Please {do_low} the {thing}.|The {thing} is {state}.|"
        "The {object} is {where}.|Where is my {object}?|I cannot find my {object}.|"
        "Put the {object} {where}.|There is a {object} {where}.|The {room} is {state}.|"
        "We bought a {color} {furniture}.|The {furniture} is {color}.|"
        "{person_up} is in the {room}.|Clean the {room}, please.|"
        "Turn {on} the light in the {room}.|The {furniture} in the {room} is {color}."
    ),
    "do": "Open|Close|Clean|Shut|Lock|Check",
    "do_low": "open|close|clean|shut|lock|check",
    "thing": "door|window|box|gate|bag|kitchen|shop",
    "state": "open|closed|clean|dirty|broken|empty|ready|cold|warm|small|large",
    "object": "key|book|phone|bag|coat|hat|cup|clock|lamp|picture|ball|knife|box|umbrella|watch",
    "where": (
        "on the table|in the {room}|under the {furniture}|near the window|in the box|"
        "behind the door|in my bag|on the {furniture}|over there|in the car"
    ),
    "room": "kitchen|bedroom|garden|bathroom|hall|garage|room|living room",
    "furniture": "table|chair|bed|desk|sofa|lamp|shelf",
    "on": "on|off",
    "shopping": (
        "How much is the {object}?|How much does it cost?|"
        "The {color} {object} costs {number} dollars.|"
        "I would like to buy a {object}.|Do you have a {color} {object}?|"
        "This {object} is too {expensive}.|Can I pay by card?|We sell {things} and {things}.|"
        "I need a new {object}.|The {shop} is {closed_shop}.|Here is your change.|"
        "She bought {many} {things}."
    ),
    "expensive": "expensive|small|big|heavy|old|cheap|long",
    "closed_shop": "open|closed|open on {day}|closed today|near the {place}|very big",
    "opinion": (
        "I think it is {quality}.|That is a {quality} idea.|This is {quality}.|"
        "It is not {quality}.|"
        "I like this {paper}.|She does not like {animals}.|He loves {music}.|"
        "We like to {activity} in the {daypart}.|I want to {activity} {later}.|"
        "The {paper} was {quality}.|Do you like {music}?|Yes, I think so.|No, I do not know.|"
        "Yes, of course.|No, thank you.|Maybe {later}.|I am sure it is {quality}."
    ),
    "quality": (
        "good|very good|great|bad|wonderful|important|easy|difficult|beautiful|interesting|true|"
        "wrong|right|strange|useful"
    ),
    "music": "music|this song|old songs|to sing|to dance|football|good books|the sea|the summer",
    "activity": (
        "walk|swim|read|sing|dance|play football|go home|sleep|write a letter|learn English|"
        "cook dinner|listen to music|watch the birds|talk to you|drive to {city}"
    ),
    "request": (
        "Please {activity} with me.|Can you {help_me}?|Could you {help_me}, please?|"
        "Please wait {wait}.|Please speak {slowly}.|Please do not {forbidden}.|"
        "Do not {forbidden}.|Tell me about the {land}.|Show me the {paper}, please.|"
        "Give me the {object}.|Let me see the {object}.|Say it again, please.|"
        "Come here, {name}.|Listen to me.|Look at the {animal}.|Write your name here.|"
        "Remember the {object}.|Please bring the {object} to {person}.|Ask {person} {later}."
    ),
    "help_me": (
        "help me|open the {thing}|close the {thing}|call {person}|say that again|hear me|"
        "come {later}|wait a moment|find my {object}|carry the {object}|tell me the time"
    ),
    "wait": "here|a moment|for me|outside|near the {place}|{minutes} minutes",
    "slowly": "slowly|more slowly|loudly|clearly|English|to me",
    "forbidden": "run|worry|be late|forget the {object}|touch the {object}|open the {thing}|stop",
    "story": (
        "{person_up} {past} {later_past}.|{person_up} {past} the {object} {where}.|"
        "The {animal} {animal_past} {around}.|{person_up} saw a {color} {animal}.|"
        "{person_up} went to the {place} {later_past}.|{person_up} found a {object} {around}.|"
        "{person_up} was {feeling} {later_past}.|The {color} {animal} {animal_past} {around}.|"
        "Last {day} {person} went to {city}.|{person_up} gave me a {object}.|"
        "{person_up} could not find the {place}.|{person_up} said it was {quality}.|"
        "Once there was a {animal} in the {land_story}.|{person_up} walked {along} the {land}.|"
        "In the {daypart} {person} {past} the {object}.|We heard the {animals} {around}."
    ),
    "past": "lost|found|took|bought|left|broke|wanted|opened|forgot|washed|carried|saw",
    "later_past": "yesterday|last night|last week|on {day}|in {month}|this morning|before {meal}",
    "animal_past": "ran|slept|sat|jumped|walked|played|waited|hid",
    "around": (
        "near the {land}|in the {room}|under the table|by the {land}|behind the {place}|"
        "across the {land}|in the garden|on the road"
    ),
    "land_story": "forest|garden|field|river|house|village|mountain",
    "nature": (
        "The {animals} are in the {land_story}.|The {land} is {land_word}.|"
        "The {land} near {city} is {land_word}.|The moon is {sky_word} tonight.|"
        "The stars are bright tonight.|There are {many} {animals} {around}.|"
        "The trees are {tree} in {season}.|Flowers grow {around}.|"
        "A {color} bird sang in the garden.|The {animal} is {animal_word}."
    ),
    "land_word": "long|deep|wide|quiet|beautiful|green|high|dark|wet|far away",
    "sky_word": "full|bright|yellow|big|beautiful",
    "tree": "green|red|white|bare|beautiful|full of fruit|yellow",
    "animal_word": "small|big|hungry|asleep|fast|slow|brown|white|black|old|young",
    "machine": (
        "The computer is {machine_word}.|The phone is {machine_word}.|Press the {color} button.|"
        "This is a small voice.|I am a small model that can speak.|The battery is {battery}.|"
        "Please enter your number.|You have {number} new messages.|The test was {quality}.|"
        "Speech is made one frame after the other.|The machine is {machine_word}.|"
        "This is a test of the {machine_part}.|The {machine_part} is {machine_word}."
    ),
    "machine_word": "ready|broken|slow|fast|new|off|on|too old|working|not working",
    "machine_part": "computer|phone|voice|radio|machine|system|light|clock",
    "battery": "low|full|empty|almost empty|new",
    "plan": (
        "I will {activity} {later}.|We will {activity} {later}.|They want to {activity}.|"
        "{person_up} will {activity} {later}.|I have to {activity} {today}.|"
        "We can {activity} after {meal}.|Let us {activity} {later}.|"
        "Next {season} we will go to {city}.|On {day} I {activity_habit}.|"
        "{person_up} wants to {activity}.|I hope to see {person} {later}.|"
        "If it is {weather_word}, we will {activity}."
    ),
    "activity_habit": "walk|swim|read|sleep|work|go to school|stay at home|play with the {animal}",
    "question": (
        "Can you {activity}?|Do you {activity_habit} on {day}?|Where are the {things}?|"
        "Who is {person}?|What is the name of the {land}?|When does the {shop} open?|"
        "Why is {person} {feeling}?|How many {things} do you have?|How old is {person}?|"
        "Is {person} at home?|Are you {feeling}?|What did {person} say?|Did you see the {animal}?|"
        "Is the {thing} {state}?|Which {object} is yours?|Have you been to {city}?|"
        "Do you speak English?|What is your name?|Where do you live?|May I ask a question?"
    ),
}
