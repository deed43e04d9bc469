"""CLIP against the fixture of the released layout, its published sizes, and positions on other grids."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from mattelier.backbones.clip import CLIP, CONFIGS, CLIPConfig, config_of, load, positions, read, taps
from mattelier.errors import WeightsError
from parity import deterministic

PARITY = Path(__file__).parent.parent / "parity"
FIXTURE = np.load(PARITY / "clip-tiny.npz")
KEYS = json.loads((PARITY / "clip-tiny.keys.json").read_text())
TOLERANCE = 1e-5  # parity/README
TINY = CLIPConfig(
    joint=48,
    patch=16,
    grid=4,
    vision_width=128,
    vision_layers=4,
    text_width=64,
    text_layers=3,
    length=20,
    vocabulary=600,
)


@pytest.fixture(scope="module")
def net() -> CLIP:
    made = CLIP(TINY)
    deterministic.fill_(made, int(FIXTURE["seed"]), float(FIXTURE["gain"]))
    return made.eval()


def test_names_and_order_are_the_released_ones(net: CLIP) -> None:
    table = deterministic.key_table(net)
    assert list(table.items()) == list(KEYS.items())


def test_the_sizes_are_found_in_the_file(net: CLIP) -> None:
    assert config_of(net.state_dict()) == TINY


@pytest.mark.parametrize("block", range(4))
def test_every_vision_block_equals_the_released_network(net: CLIP, block: int) -> None:
    with torch.no_grad():
        outputs = net.visual(torch.from_numpy(FIXTURE["image"]))
    np.testing.assert_allclose(outputs[block], FIXTURE[f"vision_block{block}"], rtol=0, atol=TOLERANCE)


def test_vectors_equal_the_released_network(net: CLIP) -> None:
    image, tokens = torch.from_numpy(FIXTURE["image"]), torch.from_numpy(FIXTURE["tokens"])
    with torch.no_grad():
        found = {
            "image_features": net.image_features(image),
            "text_tokens_ln_final": net.text_tokens(tokens),
            "text_features": net.text_features(tokens),
        }
    for key, value in found.items():
        np.testing.assert_allclose(value, FIXTURE[key], rtol=0, atol=TOLERANCE, err_msg=key)


@pytest.mark.parametrize(("name", "whole", "vision"), [
    ("vit_b16", 149_620_737, 86_192_640),
    ("vit_l14", 427_616_513, 303_966_208),
])  # fmt: skip
def test_published_sizes_have_the_published_numbers_of_parameters(name: str, whole: int, vision: int) -> None:
    with torch.device("meta"):
        made = CLIP(CONFIGS[name])
    assert sum(p.numel() for p in made.parameters()) == whole
    assert sum(p.numel() for p in made.visual.parameters()) == vision
    assert config_of(made.state_dict()) == CONFIGS[name]


def test_learned_vectors_stand_where_their_numbers_do(net: CLIP) -> None:
    tokens = torch.tensor([[598, 5, 600, 601, 599] + 15 * [0]])
    seen: list[Tensor] = []
    hook = net.transformer.register_forward_pre_hook(lambda _m, inputs: seen.append(inputs[0]))
    context = torch.randn(2, 64)
    with torch.no_grad():
        net.text_tokens(tokens, context)
    hook.remove()
    inner = seen[0][0] - net.positional_embedding
    torch.testing.assert_close(inner[2:4], context)
    torch.testing.assert_close(inner[[0, 1, 4]], net.token_embedding.weight[torch.tensor([598, 5, 599])])


def test_no_token_sees_a_later_one(net: CLIP) -> None:
    tokens = torch.from_numpy(FIXTURE["tokens"])
    changed = tokens.clone()
    changed[:, 8:] = 7
    with torch.no_grad():
        one, two = net.text_tokens(tokens), net.text_tokens(changed)
    assert torch.equal(one[:, :8], two[:, :8]) and not torch.equal(one[:, 8:], two[:, 8:])


def test_positions_on_their_own_grid_stay_and_on_another_follow() -> None:
    trained = torch.cat((torch.full((1, 2), 9.0), torch.arange(16.0)[:, None].expand(16, 2)))
    assert positions(trained, 4, 4) is trained
    wide = positions(trained, 4, 8)
    assert wide.shape == (33, 2) and torch.equal(wide[0], trained[0])
    rows = wide[1:, 0].reshape(4, 8).mean(1)
    torch.testing.assert_close(rows, torch.tensor([1.5, 5.5, 9.5, 13.5]), atol=0.1, rtol=0)


def test_taps_are_the_quarters() -> None:
    assert [list(taps(layers)) for layers in (12, 24, 4)] == [[2, 5, 8, 11], [5, 11, 17, 23], [0, 1, 2, 3]]


def test_half_precision_and_the_archives_own_numbers_are_taken(net: CLIP) -> None:
    state = {key: value.half() for key, value in net.state_dict().items()}
    state["input_resolution"] = torch.tensor(64)
    made = CLIP(TINY)
    load(made, state)
    assert made.visual.conv1.weight.dtype == torch.float32
    torch.testing.assert_close(made.visual.proj, net.visual.proj, atol=1e-3, rtol=1e-3)


def test_other_files_are_refused_by_what_they_lack(net: CLIP, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"no visual\.conv1\.weight \(it begins with head\.weight\)"):
        config_of({"head.weight": torch.zeros(1)})
    short = dict(list(net.state_dict().items())[:-2]) | {"extra": torch.zeros(1)}
    with pytest.raises(WeightsError, match="2 tensors missing, 1 unknown, 0 of another shape"):
        load(CLIP(TINY), short)
    torch.save(net.state_dict(), tmp_path / "clip.pt")
    stored = read(tmp_path / "clip.pt")
    assert all(torch.equal(value, stored[key]) for key, value in net.state_dict().items())
