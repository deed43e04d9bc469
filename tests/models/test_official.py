"""What is known of released checkpoints: a name and options for every variant, and `build` knows the options."""

import pytest
import torch

from mattelier.models import SYSTEMS, build
from mattelier.models.official import OFFICIAL

GFM = [(b, r) for b in ("r34", "r34_2b", "r101", "d121") for r in ("tt", "ft", "bt", "rim")]
VARIANTS = [
    ("fba", {"legacy_ws": True}, {"legacy_ws": True}, "r50"),
    ("fba", {}, {}, "r50"),
    ("modnet", {}, {}, "mobilenetv2"),
    *(("gfm", {"backbone": b, "representation": r}, {}, f"{b}-{r}") for b, r in GFM),
    ("matteformer", {}, {}, "swint"),
    ("dim", {"skip": True, "refine": True, "conv6_kernel": 3}, {}, "vgg16"),
    ("dim", {"skip": False, "refine": False, "conv6_kernel": 3}, {"skip": False}, "vgg16-noskip-coarse"),
    ("dim", {"skip": False, "refine": True, "conv6_kernel": 1}, {"skip": False}, "vgg16-noskip-conv6k1"),
    ("dim", {"batch_norm": True}, {}, "vgg16bn"),
]


@pytest.mark.parametrize(("system", "config", "options", "name"), VARIANTS)
def test_a_network_tells_its_name_and_how_it_is_built(
    system: str, config: dict[str, object], options: dict[str, object], name: str
) -> None:
    with torch.device("cpu" if system == "matteformer" else "meta"):  # shapes alone, where a constructor reads none
        assert OFFICIAL[system].variant(build(system, **config), options) == (name, config)  # type: ignore[arg-type]


@pytest.mark.parametrize("system", OFFICIAL)
def test_every_entry_says_its_terms(system: str) -> None:
    official = OFFICIAL[system]
    assert system in SYSTEMS and official.link.startswith("https://") and official.licence and official.training
    assert official.contract.outputs[0] == "alpha"
    assert (official.commercial == "no") is official.licence.startswith("non-commercial")
