"""What customers of Corner & Co. write, put together from sentences of our own."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Final

from governance.decisions.asking import HandOver, Turn

_GREETINGS: Final = {
    "en": ("Hello,", "Hi there,", "Good morning,", "Dear team,", "Hey,", ""),
    "de": ("Hallo,", "Guten Tag,", "Liebes Team,", "Moin,", "Sehr geehrte Damen und Herren,", ""),
}

_CLOSINGS: Final = {
    "en": ("Thanks!", "Many thanks", "Please let me know.", "Best wishes", "", "", "Cheers"),
    "de": ("Danke!", "Vielen Dank", "Bitte um kurze Antwort.", "Viele Grüße", "", "", "LG"),
}

_SLOTS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "en": {
        "thing": (
            "espresso machine",
            "grinder",
            "kettle",
            "milk frother",
            "moka pot",
            "drip scale",
        ),
        "small": ("beans", "filters", "cups", "descaler", "cold brew bottle", "gift card"),
        "day": ("Monday", "Tuesday", "Thursday", "Friday", "Saturday"),
        "span": ("two days", "a week", "ten days", "three weeks", "nearly a month"),
        "place": (
            "a neighbour",
            "the parcel shop",
            "the wrong floor",
            "my old address",
            "the depot",
        ),
    },
    "de": {
        "thing": ("Espressomaschine", "Kaffeemühle", "Herdkanne", "Feinwaage"),
        "small": ("Bohnen", "Filter", "Tassen", "Geschenkkarten"),
        "day": ("Montag", "Dienstag", "Donnerstag", "Freitag", "Samstag"),
        "span": ("zwei Tagen", "einer Woche", "zehn Tagen", "drei Wochen", "fast einem Monat"),
        "place": (
            "einem Nachbarn",
            "der Packstation",
            "meiner alten Adresse",
            "der falschen Etage",
        ),
    },
}

_SENTENCES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "delivery": {
        "en": (
            "my {small} should have been here on {day}, and the tracking has not moved for {span}.",
            "the parcel with the {thing} was left with {place}. Can you find out where it is?",
            "I ordered {small} {span} ago and have heard nothing since. When do they arrive?",
            "can I still change the delivery address of order {number}? I am moving on {day}.",
            "order {number} says delivered on {day}, but nothing was at my door.",
            "only half of the order came: the {small} are missing from the box.",
        ),
        "de": (
            "meine {small} sollten am {day} da sein, und die Sendungsverfolgung steht seit {span} still.",
            "das Paket mit der {thing} liegt angeblich bei {place}. Können Sie nachforschen?",
            "kann ich bei Bestellung {number} die Lieferadresse noch ändern? Ich ziehe um.",
            "Bestellung {number} ist angeblich zugestellt, aber hier kam nichts an.",
        ),
    },
    "returns": {
        "en": (
            "the {thing} is louder than I thought, and I would like to send it back.",
            "I got two sets of {small} instead of one. How do I return the second?",
            "please send me a return label for order {number}; it was a present and they have one already.",
            "the colour of the {thing} is not the one in the picture. Can I swap it for the black one?",
            "I sent the {thing} back {span} ago. When do I get my money?",
        ),
        "de": (
            "die {thing} ist mir zu laut, ich möchte sie zurückschicken.",
            "bitte schicken Sie mir ein Rücksendeetikett für Bestellung {number}.",
            "ich habe die {thing} vor {span} zurückgeschickt. Wann kommt mein Geld?",
            "die Farbe der {thing} stimmt nicht mit dem Bild überein. Kann ich tauschen?",
        ),
    },
    "repairs": {
        "en": (
            "the {thing} stopped working on {day}: the light blinks red and nothing happens.",
            "my {thing} leaks at the bottom since {day}. It is {span} out of warranty. What does a repair cost?",
            "there is a grinding noise when I switch the {thing} on. Should I send it in?",
            "the {thing} does not get hot any more. I have descaled it twice.",
            "do you have a new seal for the {thing}? Mine is worn out after {span} of heavy use.",
        ),
        "de": (
            "die {thing} geht seit {day} nicht mehr an, das Licht blinkt nur noch rot.",
            "die {thing} tropft seit {span}. Was kostet eine Reparatur?",
            "die {thing} wird nicht mehr heiß, entkalkt habe ich sie schon zweimal.",
            "haben Sie eine neue Dichtung für die {thing}?",
        ),
    },
    "billing": {
        "en": (
            "I was charged twice for order {number}. Please have a look.",
            "the invoice for the {thing} has the wrong company on it. Can you issue a new one?",
            "why is my subscription two euros more since {day}?",
            "I used a voucher for the {small}, but it was not taken off the bill.",
            "my card was declined on {day}, yet the money is gone. What now?",
        ),
        "de": (
            "für Bestellung {number} wurde zweimal abgebucht. Bitte prüfen Sie das.",
            "auf der Rechnung für die {thing} steht die falsche Firma. Bekomme ich eine neue?",
            "warum kostet mein Abo plötzlich zwei Euro mehr?",
            "der Gutschein für die {small} wurde nicht abgezogen.",
        ),
    },
    "front-desk": {
        "en": (
            "are you open on {day}? I would like to try the {thing} before I buy it.",
            "do you give barista courses for beginners? Two of us would come on a {day}.",
            "which {small} go with a {thing}? I am new to this.",
            "I love the new {small}! Just wanted to say it.",
            "can I pause my subscription for {span} while I am away?",
        ),
        "de": (
            "haben Sie am Samstag geöffnet? Ich würde die {thing} gern ausprobieren.",
            "geben Sie Barista-Kurse für Anfänger?",
            "welche {small} passen zu einer {thing}? Ich fange gerade erst an.",
            "kann ich mein Abo für ein paar Wochen pausieren?",
        ),
    },
}

#: Sentences after which a person decides who answers; see the policy ``ticket-routing``.
_GRAVE: Final[Mapping[str, tuple[str, ...]]] = {
    "en": (
        "My {thing} was smoking this morning, and I pulled the plug.",
        "When I touched the {thing} I got an electric shock. It is not safe!",
        "The handle came off and the hot water burned my hand.",
        "If nothing happens by {day}, my lawyer will write to you.",
    ),
    "de": (
        "Die {thing} qualmt, seit ich sie am {day} eingeschaltet habe.",
        "Meine Tochter hat sich an der {thing} die Hand verbrannt.",
        "Wenn bis nächste Woche nichts passiert, schreibt Ihnen mein Anwalt.",
    ),
}

TEAMS: Final = tuple(_SENTENCES)


def write(random: Random, *, team: str, language: str, grave: bool = False) -> str:
    """Write a ticket for a team; a grave one says that somebody may be hurt, or names a lawyer."""
    sentences = [random.choice(_SENTENCES[team][language])]
    if grave:
        sentences.insert(random.randrange(2), random.choice(_GRAVE[language]))
    greeting = random.choice(_GREETINGS[language])
    text = " ".join(filter(None, [greeting, *sentences, random.choice(_CLOSINGS[language])]))
    slots = {name: random.choice(words) for name, words in _SLOTS[language].items()}
    text = text.format(number=random.randrange(10_000, 99_999), **slots)
    return text if greeting else text[0].upper() + text[1:]


_CHAT: Final = {
    "en": (
        "I can help with orders and parcels. What is it about?",
        "I am not sure that I understood. Is it about a parcel, an invoice or a machine?",
        "Can I talk to a person, please?",
        "Asked what it is about, twice.",
        "The customer asked for a person.",
        "Thank you for your message. We look into it and write to you.",
    ),
    "de": (
        "Ich helfe bei Bestellungen und Paketen. Worum geht es?",
        "Das habe ich nicht sicher verstanden. Geht es um ein Paket, eine Rechnung oder eine Maschine?",
        "Kann ich bitte mit einem Menschen sprechen?",
        "Zweimal gefragt, worum es geht.",
        "Es wurde nach einem Menschen gefragt.",
        "Danke für Ihre Nachricht. Wir sehen uns das an und schreiben Ihnen.",
    ),
}


def handed_over(text: str, language: str) -> HandOver:
    """Return what the shop's chat hands over of somebody who wrote this in it."""
    greets, asks_again, wants_a_person, tried, stopped, draft = _CHAT[language]
    return HandOver(
        transcript=(
            Turn(sender="bot", text=greets),
            Turn(sender="customer", text=text),
            Turn(sender="bot", text=asks_again),
            Turn(sender="customer", text=wants_a_person),
        ),
        tried=(tried,),
        stopped_because=stopped,
        draft=draft,
    )
