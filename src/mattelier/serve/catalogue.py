"""What GET /api/models says: every card, and which of the six systems run here. A new card shows up by itself."""

from typing import Any

from mattelier import weights
from mattelier.errors import WeightsError
from mattelier.models import list_models
from mattelier.models.cards import Card
from mattelier.runtime.cascade import unsure_head

SYSTEMS = (  # in the order of the page's story
    ("dim", "Deep Image Matting"),
    ("fba", "F, B, Alpha Matting"),
    ("gfm", "Bridging Composite and Real: Towards End-to-end Deep Image Matting"),
    ("modnet", "MODNet: Real-Time Trimap-Free Portrait Matting via Objective Decomposition"),
    ("matteformer", "MatteFormer: Transformer-Based Image Matting via Prior-Tokens"),
    ("clipmat", "Referring Image Matting"),
)


def listing() -> dict[str, Any]:
    """The cards, best first, and the six systems in order; `ready` where the weights are installed."""
    models = [describe(card) for card in list_models()]
    systems = []
    for system, title in SYSTEMS:
        own = [model for model in models if model["system"] == system]
        ready = any(model["ready"] for model in own)
        systems.append({"system": system, "title": title, "ready": ready, "models": [model["name"] for model in own]})
    return {"models": models, "systems": systems}


def describe(card: Card) -> dict[str, Any]:
    """One card, as far as a client can use it."""
    return {
        "name": card.name,
        "pinned": weights.pin(card),
        "system": card.system,
        "needs": needs(card),
        "ready": is_ready(card),
        "licence": card.weights.licence,
        "size_bytes": card.weights.size_bytes,
        "paper": card.paper,
        "link": card.link,
        "metrics": card.metrics,
        "limits": [limit for limit in card.limits.split("; ") if limit],
        "training": card.training,
    }


def needs(card: Card) -> list[str]:
    """What a request must bring."""
    hints = {"trimap": card.contract.trimap == "required", "words": "tokens" in card.contract.inputs}
    return ["image", *(hint for hint, is_needed in hints.items() if is_needed)]


def glancing() -> Card | None:
    """The first card that glances and whose weights are here: it can make the trimap that nobody painted."""
    return next((card for card in list_models() if unsure_head(card) == "glance" and is_ready(card)), None)


def is_ready(card: Card) -> bool:
    """Whether its weight file is here; that it is the right one is checked when it is loaded."""
    try:
        weights.find(card.weights)
    except WeightsError:
        return False
    return True
