"""Words for a network that reads: what is typed -> tokens, and whether the answer is what was meant."""

from dataclasses import dataclass

import numpy as np

from mattelier.errors import InputError, NoSubject
from mattelier.image import Array, Float
from mattelier.image.geometry import resize
from mattelier.image.regions import FAINT, connected
from mattelier.models import tokenizer
from mattelier.models.cards import Card
from mattelier.models.tokenizer import CONTEXT, Prompts, Tokenizer
from mattelier.runtime.kinds import understood
from mattelier.runtime.sentences import Said, fitting, thing_of
from mattelier.runtime.subject import LIKELY, LIKELY_SHARE, SURE_SHARE, shares

INPUTS = ("image", "tokens", "mask")
SHOWN = 60  # characters of a prompt in a sentence about it
# The mean certainty, over what a network keeps, that it is no background. Chosen for clipmat-lite on 198 scenes of val:
# of 294 names for what is not there 71 % are refused, of 383 others 5 %; with 0.6 57 and 3 %, with 0.7 78 and 10 %.
# On 200 scenes of things that it was never shown 72 and 8 %; with 0.6 62 and 5 %, with 0.7 81 and 10 %.
MEANT = 0.65
# Below this it is kept and said to be doubtful: 99 % of the former are refused or doubted then and 38 % of the latter
# (with 0.85 92 and 28 %); of val's photos, alone and in pairs, with the weights before, 96 and 14 % (95 and 10 %).
SURE = 0.9
# How far below the strongest part's mean another's may be, of 0.05 to 0.3 and of means and maxima; and how much of the
# largest part's area a part must have to be the strongest. Chosen there, and on 76 pairs of val's photos side by side.
NEARLY, CRUMB = 0.1, 0.02
# The same where looks or a place decide between the parts, so that all of that name should be among them: of 0.1 to
# 0.8, chosen on 526 sentences of val's scenes. And the area of a part that may be chosen, beside the largest.
LOOSELY, SCRAP = 0.3, 0.05


def reads(card: Card) -> bool:
    """Whether the card's network is told in words what to keep."""
    return "tokens" in card.contract.inputs


def tokenizer_of(card: Card) -> Tokenizer:
    return tokenizer.lite() if card.config.get("lite") else tokenizer.clip()


def require_word(prompt: str) -> None:
    """Raises InputError for a prompt in which there is neither a letter nor a digit."""
    if not any(char.isalnum() for char in prompt):
        raise InputError(
            f"the prompt {shown(prompt)} has no word; expected what to keep, as in: the cat; say it in a few words"
        )


def read_prompt(card: Card, prompt: str) -> tuple[Prompts, tuple[str, ...]]:
    """tokens and mask, and sentences that the user should see."""
    reader = tokenizer_of(card)
    asked = understood(prompt) if card.config.get("lite") else prompt
    text = tokenizer.phrase(asked)
    room = reader.length - 2 - CONTEXT  # beside the two marks and the learned vectors
    length = len(reader.encode(text))
    notes = []
    if length > room:
        notes.append(f"The prompt has {length} pieces of words; the first {room} were read.")
    if asked != prompt:
        notes.append(f"It has not learned {shown(prompt)}, and looked for {shown(asked)}: please look.")
    return reader.prompts([text]), tuple(notes)


def require_meant(alpha: Float, scores: Array, prompt: str) -> tuple[str, ...]:
    """Raises NoSubject when words found nothing, or something of which the network is not sure that it is meant.

    Returns a sentence where it is little sure, none where it is sure.

    alpha: (h, w), the network's; scores: (1, 3, h, w) before the softmax: background, transition, foreground.
    """
    likely, sure = shares(alpha)
    if likely < LIKELY_SHARE or sure < SURE_SHARE:
        raise NoSubject(
            f"no subject found for {shown(prompt)}: {100 * likely:.2f} % of the picture looks like it "
            f"({100 * sure:.2f} % surely); expected {100 * LIKELY_SHARE:.2f} % ({100 * SURE_SHARE:.2f} %); use other "
            "words, or a model that needs none"
        )
    certainty = float(subject_chance(scores)[alpha > LIKELY].mean())
    if certainty < MEANT:
        raise NoSubject(
            f"no subject found for {shown(prompt)}: what comes nearest is meant by {100 * certainty:.0f} % only; "
            f"expected {100 * MEANT:.0f} %; use other words, or a model that needs none"
        )
    if certainty < SURE:
        return (f"It is only {100 * certainty:.0f} % sure that {shown(prompt)} means what is kept: please look.",)
    return ()


@dataclass(frozen=True, eq=False)
class Parts:
    """What of an alpha hangs together.

    alpha: (h, w).  labels: (h, w), the number of each place's part from 1, 0 where there is nothing.  strength, area:
    of every part, how much the words point at it, a mean in [0, 1], and how many pixels it has.
    """

    alpha: Float
    labels: Array
    strength: Array
    area: Array

    def pointed_at(self, step: float) -> Array:
        """The numbers of those that the words point at nearly as much as at the strongest that is no crumb."""
        strongest = self.strength[self.large(CRUMB)].max()
        return np.flatnonzero(self.strength >= strongest - step) + 1

    def large(self, share: float) -> Array:
        """Whether each has this share of the largest one's area."""
        large: Array = self.area >= share * self.area.max()
        return large

    def only(self, numbers: Array) -> Float:
        """The alpha of some of them, with the haze that hangs together with them."""
        kept = np.isin(self.labels, numbers)
        other = (self.labels > 0) & ~kept
        return np.where(connected(kept, (self.alpha > FAINT) & ~other), self.alpha, np.float32(0))


def parts_of(alpha: Float, pointing: Array) -> Parts:
    """alpha: (h, w).  pointing: (1, 1, any size), how much each place is meant, in [0, 1]."""
    from scipy import ndimage  # here: it loads slowly, and only words need it

    labels, count = ndimage.label(alpha > LIKELY, np.ones((3, 3)))
    numbers = np.arange(1, count + 1)
    places = resize(np.ascontiguousarray(pointing[0, 0], np.float32), alpha.shape)
    strength, area = ndimage.mean(places, labels, numbers), ndimage.sum_labels(labels > 0, labels, numbers)
    return Parts(alpha, labels, np.asarray(strength), np.asarray(area))


def meant_parts(parts: Parts) -> Float:
    """Alpha (h, w) of those parts alone that the words point at nearly as much as at the strongest.

    Something large beside what was asked for is often kept too, as a part of its own; two of what was asked for are
    both meant.
    """
    return parts.alpha if len(parts.area) < 2 else parts.only(parts.pointed_at(NEARLY))


def is_choice(found: Parts) -> bool:
    """Whether there are several things for a sentence to choose between."""
    return len(things_of(found)) > 1


def things_of(found: Parts) -> Array:
    """The numbers of parts that may be what a name means; none of nothing."""
    if not len(found.area):
        return np.zeros(0, np.intp)
    return np.intersect1d(found.pointed_at(LOOSELY), np.flatnonzero(found.large(SCRAP)) + 1)


def said_part(found: Parts, said: Said, pixels: Array, beside: Parts | None = None) -> Float | None:
    """The alpha of the part that a sentence means, of what its name found; None where nothing is left to choose from.

    pixels: (h, w, 3) uint8 sRGB.  beside: what the words found of which the sentence says that it is beside.
    """
    if beside is not None and not len(beside.area):
        return None
    other = None if beside is None else thing_of(beside.labels == largest_of(beside))
    chosen = fitting([thing_of(found.labels == number) for number in things_of(found)], said, pixels, other)
    return None if chosen is None else found.only(found.labels[chosen.mask][:1])


def largest_of(parts: Parts) -> int:
    """The number of the largest part of those that the words point at."""
    numbers = parts.pointed_at(NEARLY)
    return int(numbers[np.argmax(parts.area[numbers - 1])])


def subject_chance(scores: Array) -> Float:
    """(1, 3, h, w) scores -> (h, w) in [0, 1], the softmax of transition and foreground together."""
    powers = np.exp(scores[0] - scores[0].max(0), dtype=np.float32)
    chance: Float = 1 - powers[0] / powers.sum(0)
    return chance


def shown(prompt: str) -> str:
    """A prompt in a sentence: quoted, and cut off where it is long."""
    return repr(prompt if len(prompt) <= SHOWN else prompt[: SHOWN - 1] + "…")
