"""From a free description of a cut-out ("A red headed cep.") to the nouns that may call it.

Descriptions come from other people's manifests and are often sentences about something else; what does not look like a
short noun phrase is dropped, and the word of the category stands in.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from mattelier.models.wordlists import class_lines

CATEGORIES = {  # manifest category -> the noun of one of them
    "people": "person",
    "person": "person",
    "human": "person",
    "animals": "animal",
    "animal": "animal",
    "plants": "plant",
    "plant": "plant",
    "vehicles": "vehicle",
    "vehicle": "vehicle",
    "food": "food",
    "objects": "object",
    "object": "object",
}
# A duck is a bird: "the bird" must not be said where both are. Only words met in common cut-out sets, under the
# category in which they mean that: a crane among vehicles is no bird.
MEMBERS: dict[str, dict[str, str]] = {
    "animal": {
        "bird": "bittern bustard chickadee chicken cock cockatoo crane crow duck eagle emu finch flamingo fowl goose "
        "gull hen heron hornbill hummingbird ibis jacamar jay kingfisher lark lorikeet macaw merganser ostrich ouzel "
        "owl parrot partridge peacock peahen pelican penguin pigeon rhea robin rooster sparrow spoonbill swan "
        "toucan turkey vulture",
        "dog": "airedale doberman entlebucher leonberg lhasa pembroke rottweiler basenji borzoi boxer bullterrier "
        "collie corgi dalmatian deerhound groenendael hound husky kuvasz mastiff pinscher poodle pug puppy retriever "
        "schipperke schnauzer setter spaniel terrier vizsla shepherd beagle chihuahua dhole",
        "cat": "kitten lynx tabby",
        "cow": "bull ox zebu yak buffalo",
        "bear": "panda",
        "monkey": "baboon langur patas tamarin chimpanzee gorilla orangutan macaque",
        "fish": "coho eel gar puffer shark stingray sturgeon tench goldfish seahorse",
        "snake": "cobra viper python boa",
        "turtle": "hawksbill terrapin tortoise",
        "lizard": "agama iguana gecko chameleon eft",
        "insect": "admiral ant bee beetle butterfly dragonfly fly grasshopper hoverfly ladybug mantis",
        "antelope": "blackbuck gazelle gerenuk gnu ibex impala",
        "pig": "boar warthog",
        "rabbit": "hare",
        "wolf": "husky dhole",
        "goat": "ibex mountaingoat bighorn",
        "horse": "pony zebra",
    },
    "vehicle": {
        "car": "cab jeep limousine minivan pickup racer taxi",
        "truck": "dumper snowplow tractor pickup",
        "bus": "minibus",
        "boat": "canoe catamaran ferry ketch sailboat schooner lifeboat ship speedboat yawl",
    },
    "plant": {
        "mushroom": "agaric bolete cep fungus gyromitra hen-of-the-woods",
        "flower": "lily lotus sunflower anemone anthurium balsam dandelion daisy hibiscus lavender rose tulip",
        "fruit": "apple apricot banana cherry fig lemon orange pineapple strawberry",
    },
    "food": {"fruit": "apple apricot avocado banana cherry fig lemon orange pineapple pomegranate strawberry"},
    "object": {
        "shoe": "boot sandal shoes sneaker",
        "shirt": "t-shirt blouse",
        "toy": "doll plushie robot",
    },
    "person": {"person": "baby boy bride child diver fireman girl groom man paratrooper woman"},
}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ARTICLE = re.compile(r"^(?:an?|the)\s+", re.IGNORECASE)
WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*$")
# what pixels say, or what nobody can check; never part of a noun
DROPPED = _words(
    "red orange yellow green blue purple pink brown black white grey gray golden beige colorful colourful albino big "
    "small huge little large tiny tall long short two three pair salient tough fast"
)
# signs of a sentence or of several things
REFUSED = _words(
    "is are was were has have with from of in on for to and or lets called resembles remember remembers you we it that "
    "this two three pair our"
)
LONGEST_WORDS = 3
# the last word of these is another thing
FALSE_HEADS = frozenset(
    (
        *("sea lion", "guinea pig", "hot dog", "hot pot", "custard apple", "mud puppy", "water lily", "ice cream"),
        *("red panda", "lesser panda", "electric ray", "sea cucumber", "sea urchin", "sea horse", "prairie dog"),
        *("buddha statue", "toilet paper", "flying fox", "teddy bear", "dutch oven", "crock pot", "nautilus shell"),
    )
)


@dataclass(frozen=True)
class Names:
    """What a thing may be called: `sure` words are true, of `maybe` words a reader could doubt."""

    sure: tuple[str, ...]  # most exact first
    maybe: frozenset[str]


def names_of(description: str, category: str) -> Names:
    """The nouns of a thing: its own phrase, the phrase's head, broader words, the word of its category.

    "A race car.", "vehicles" -> race car, car, vehicle.  "Boom!!!", "objects" -> object.
    """
    general = CATEGORIES.get(category.strip().lower(), category.strip().lower()) or "object"
    said = phrase_of(description)
    # a person whom a list of objects calls "ski" or "trombone" is a person with one
    phrase = said if general != "person" or (said and is_person(said.split()[-1])) else ""
    head = phrase.split()[-1] if phrase and phrase not in FALSE_HEADS else ""
    broader = tuple(dict.fromkeys((*broader_than(head, general), *broader_than(phrase, general))))
    higher = tuple(word for lower in broader for word in broader_than(lower, general))
    sure = tuple(dict.fromkeys(word for word in (phrase, head, *broader, *higher, general) if word))
    # "object" fits anything a person can pick up, and a toy duck is no duck to some
    maybe = {"object", "thing", said, *said.split()} - {""}
    maybe |= {
        word for part in said.split() for kinds in MEMBERS.values() for word in kinds if part in kinds[word].split()
    }
    maybe |= {word for part in (said, *said.split()) for word in imagenet_kinds().get(part, ())}
    return Names(sure, frozenset(maybe - set(sure)))


@lru_cache(maxsize=1)
def imagenet_kinds() -> dict[str, frozenset[str]]:
    """Of every name in ImageNet's list of classes the broader ones behind it: quail -> bird, animal.

    The last word of a name that is none itself has them too: redshank, of the common redshank.
    """
    found: dict[str, frozenset[str]] = {}
    for line in class_lines():
        names = [name.strip() for name in line.lower().split(",")]
        for place, name in enumerate(names):
            found[name] = found.get(name, frozenset()) | frozenset(names[place + 1 :])
    heads: dict[str, frozenset[str]] = {}
    for name in found.keys() - FALSE_HEADS:
        head = name.split()[-1]
        heads[head] = heads.get(head, frozenset()) | found[name]
    return heads | found


def broader_than(noun: str, general: str) -> tuple[str, ...]:
    """The words a noun falls under among the things of a category: gnu, animal -> antelope."""
    kinds = imagenet_kinds().get(noun, frozenset())
    table = MEMBERS.get(general, {})
    return tuple(broad for broad, members in table.items() if noun in members.split() or broad in kinds - {noun})


def phrase_of(description: str) -> str:
    """The lower-case noun phrase of a description without article, colour and size; empty where there is none."""
    first = re.split(r"[.,(!?:;—]", description.strip())[0]
    words = ARTICLE.sub("", first.strip()).lower().split()
    if not words or REFUSED & set(words):
        return ""
    words = [word for word in words if word not in DROPPED]
    return " ".join(words) if 0 < len(words) <= LONGEST_WORDS and all(map(WORD.match, words)) else ""


def is_person(noun: str) -> bool:
    return noun == "person" or noun in MEMBERS["person"]["person"].split()
