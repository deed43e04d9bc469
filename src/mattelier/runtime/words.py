"""Words for a network that reads: what is typed -> tokens, and whether the answer is what was meant."""

import numpy as np

from mattelier.errors import InputError, NoSubject
from mattelier.image import Array, Float
from mattelier.models import tokenizer
from mattelier.models.cards import Card
from mattelier.models.tokenizer import CONTEXT, Prompts, Tokenizer
from mattelier.runtime.subject import LIKELY, LIKELY_SHARE, SURE_SHARE, shares

INPUTS = ("image", "tokens", "mask")
SHOWN = 60  # characters of a prompt in a sentence about it
# The mean certainty, over what a network keeps, that it is no background. Chosen for clipmat-lite on 80 scenes of split
# val: of texts for what is not there 70 % are refused, of the others 10 %; with 0.55 56 and 6 %, with 0.65 80 and 13 %.
MEANT = 0.6


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
    text = tokenizer.phrase(prompt)
    room = reader.length - 2 - CONTEXT  # beside the two marks and the learned vectors
    length = len(reader.encode(text))
    notes = (f"The prompt has {length} pieces of words; the first {room} were read.",) if length > room else ()
    return reader.prompts([text]), notes


def require_meant(alpha: Float, scores: Array, prompt: str) -> None:
    """Raises NoSubject when words found nothing, or something of which the network is not sure that it is meant.

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


def subject_chance(scores: Array) -> Float:
    """(1, 3, h, w) scores -> (h, w) in [0, 1], the softmax of transition and foreground together."""
    powers = np.exp(scores[0] - scores[0].max(0), dtype=np.float32)
    chance: Float = 1 - powers[0] / powers.sum(0)
    return chance


def shown(prompt: str) -> str:
    """A prompt in a sentence: quoted, and cut off where it is long."""
    return repr(prompt if len(prompt) <= SHOWN else prompt[: SHOWN - 1] + "…")
