"""Words for what is not there: names and simple expressions that mean nothing in a scene, whoever looks.

A network that was only ever asked for what it sees answers every question with something. Here it is asked for the
cat where there is a dog and a cup; the right answer is an empty matte. Whether a thing is absent is decided by names
alone, so every doubt counts as presence. All ours.
"""

from collections.abc import Sequence

import numpy as np

from mattelier.data.expressions import ABSOLUTE, Expression, Query, word
from mattelier.data.nouns import CATEGORIES, MEMBERS, Names, imagenet_kinds
from mattelier.data.wordings import Split
from mattelier.image.colournames import COLOURS

SHARE = 0.12  # of training samples whose words mean nothing in the picture
PER_SCENE = 3  # a keyword, and simple expressions
NOBODY = -1  # the target of an absent expression
ATTEMPTS = 30
KEYWORD_SHARE = 0.5
GENERAL = frozenset(CATEGORIES.values())  # animal, object ...: too wide to be certainly absent, but for person
KINDS = frozenset(kind for table in MEMBERS.values() for kind in table)  # bird, dog, car ...
# What backgrounds, rooms, streets and people bring with them unasked: persons with what they wear, and the rest.
WORN_WORDS = (
    "person man woman boy girl child baby bride groom toddler head face hand leg foot hair eye statue doll "
    "coat jacket outwear shirt t-shirt blouse sweatshirt longsleeve sleeve undershirt top dress skirt shorts pants "
    "trousers jeans hat cap shoe shoes boot sandal loafer sneaker sock stocking stole tie suit gown uniform vest scarf "
    "glasses sunglasses sunglass watch purse bag backpack mailbag belt buckle necklace wig jersey pajama kimono"
)
AROUND_WORDS = (
    "clock chair table desk sofa couch bench bed crib lamp lampshade chandelier fan shelf bookshelf cabinet chest "
    "wardrobe drawer door window wall screen monitor television tv laptop computer keyboard mouse telephone phone "
    "cellphone printer photocopier refrigerator stove washbasin sink plate dish bowl cup mug glass bottle can pot "
    "vase pitcher jug ewer box carton crate basket bucket ashcan barrel book notebook pen ballpoint paper poster "
    "curtain rug pillow towel tub fountain pedestal pole column tower tent light candle switch sign rail bannister "
    "grille fence chain car cab taxi van minivan wagon truck bus streetcar bicycle motorcycle scooter train boat ship "
    "tree plant flower leaf leaves grass bush rose daisy fruit stone rock shell sand wood pyramid monument building "
    "house food cartoon toy"
)
WORN = frozenset(WORN_WORDS.split())
BACKDROP = WORN | frozenset(AROUND_WORDS.split())


def absent_expressions(
    pool: Sequence[Names],
    scene: Sequence[Names],
    split: Split,
    rng: np.random.Generator,
    count: int = PER_SCENE,
    unasked: frozenset[str] = BACKDROP,
) -> tuple[Expression, ...]:
    """Up to `count` texts about things of the pool that the scene certainly lacks; fewer where none is found.

    unasked: words for what may stand around in the picture.
    """
    found: dict[str, Expression] = {}
    for _ in range(ATTEMPTS if pool else 0):
        names = pool[int(rng.integers(len(pool)))]
        name = names.sure[int(rng.integers(len(names.sure)))]
        if is_absent(name, names, scene, unasked):
            expression = worded(name, split, rng)
            found.setdefault(expression.text, expression)
        if len(found) == count:
            break
    return tuple(found.values())


def is_absent(name: str, names: Names, scene: Sequence[Names], unasked: frozenset[str] = BACKDROP) -> bool:
    """Whether certainly nothing of a scene may be called `name`, which is one of the sure `names` of another thing."""
    exact = {part for sure in names.sure if sure not in GENERAL for part in (sure, *sure.split())}
    if (name in GENERAL and (name != "person" or name in unasked)) or exact & unasked:
        return False
    return not any(may_be(thing, exact, names) or (name in KINDS and is_unknown(thing, names)) for thing in scene)


def unasked_in(photos: Sequence[Names]) -> frozenset[str]:
    """What may stand around in photos of these subjects: near animals so little that it does not count.

    Things have no persons around them, nor what these wear, unless they are of that sort; vehicles stand in streets.
    """
    kinds = {next((category for category in CATEGORIES.values() if category in names.sure), "") for names in photos}
    if kinds == {"animal"}:
        return frozenset()
    is_worn = any(WORN & set(name.split()) for names in photos for name in names.sure)
    return BACKDROP if is_worn or not kinds <= {"animal", "object", "food", "plant"} else BACKDROP - WORN


def may_be(thing: Names, exact: set[str], names: Names) -> bool:
    """Whether a thing shares a name, or a word of one, or is known so little that it could be anything."""
    if thing.sure[0] == "object" or (thing.sure[0] in GENERAL - {"person"} and thing.sure[0] in names.sure):
        return True
    words = {part for each in (*thing.sure, *thing.maybe) for part in (each, *each.split())}
    return bool(exact & (words - GENERAL))


def is_unknown(thing: Names, names: Names) -> bool:
    """Whether a thing of the same category may be of any kind: nobody here knows what a redbone is."""
    known = any(name in KINDS or name in imagenet_kinds() for name in thing.sure if name not in GENERAL)
    return not known and bool(GENERAL & set(thing.sure) & set(names.sure))


def worded(name: str, split: Split, rng: np.random.Generator) -> Expression:
    """The name alone, or with a colour, a place in the picture, or both."""
    if rng.random() < KEYWORD_SHARE:
        return Expression(name, "absent", NOBODY, "keyword", Query(name))
    colour = (str(COLOURS[int(rng.integers(len(COLOURS)))]),) if rng.random() < 0.6 else ()
    place = tuple(ABSOLUTE)[int(rng.integers(len(ABSOLUTE)))] if rng.random() < 0.6 or not colour else ""
    query = Query(name, colour, place)
    text, template = word(query, split, rng)
    return Expression(text, "absent", NOBODY, f"{'absolute' if place else 'basic'}/{template}", query)
