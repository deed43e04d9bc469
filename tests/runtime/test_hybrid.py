"""GFM's test procedures against the released code's answers around a stand-in network, and by hand."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from mattelier.errors import InputError
from mattelier.image import Array
from mattelier.runtime import hybrid

PARITY = Path(__file__).parent.parent / "parity"
FIXTURE = np.load(PARITY / "gfm-hybrid.npz")
OPS = np.load(PARITY / "gfm-ops.npz")


def stand_in(x: Array, representation: str) -> dict[str, Array]:
    """Heads that any machine can compute: glance from brightness, focus from brightness and red against blue."""
    mean = x.mean(1, keepdims=True) / 255
    tilt = (x[:, :1] - x[:, 2:]) / 255
    middle = [0.35 + 0.5 * np.abs(tilt)] if representation == "tt" else []
    glance = np.concatenate([1 - mean, *middle, mean], 1)
    focus = 1 / (1 + np.exp(-(6 * (mean - 0.5) + 2 * tilt)))
    known = glance.argmax(1, keepdims=True)
    merged = {"ft": np.minimum(known + focus, 1), "bt": np.maximum(known - focus, 0)}
    merged["tt"] = np.where(known == 1, focus, known / 2)
    return {"glance": glance, "focus": focus, "alpha": merged[representation]}


def differing(found: Array, expected: Array) -> float:
    """The share of pixels off by more than 5e-3: where classes tie at a resize's border, either may win."""
    return float((np.abs(found - expected.astype(np.float32)) > 5e-3).mean())


@pytest.mark.parametrize("representation", ["tt", "ft", "bt"])
def test_procedures_equal_the_released_code(representation: str) -> None:
    def net(x: Array) -> dict[str, Array]:
        return stand_in(x, representation)

    mixed = hybrid.hybrid(net, FIXTURE["image"], representation)  # type: ignore[arg-type]
    assert differing(mixed, FIXTURE[f"{representation.upper()}_HYBRID_fusion"]) <= 0.005
    assert differing(hybrid.whole(net, FIXTURE["image"]), FIXTURE[f"{representation.upper()}_RESIZE_fusion"]) <= 0.005


def test_both_maps_of_the_hybrid_equal_the_released_code() -> None:
    rgb = FIXTURE["image"]
    hw = (rgb.shape[0], rgb.shape[1])
    coarse = stand_in(hybrid.shrunk(rgb, hybrid.GLANCE_SCALE), "tt")["glance"]
    fine = stand_in(hybrid.shrunk(rgb, hybrid.FOCUS_SCALE), "tt")["focus"]
    glance = hybrid.resize(hybrid.glance_map(coarse, "tt"), hw)
    assert differing(glance, FIXTURE["TT_HYBRID_glance"] / np.float16(255)) <= 0.005
    assert differing(hybrid.resize(fine[0, 0], hw), FIXTURE["TT_HYBRID_focus"]) <= 0.005


def test_resize_equals_scikit_image() -> None:
    down = hybrid.resize(OPS["resize_down_in"] / 255, (64, 96)) * 255
    np.testing.assert_allclose(down, OPS["resize_down_out"], rtol=1e-5)
    up = hybrid.resize(OPS["resize_up_in"] / 255, (131, 173))
    np.testing.assert_allclose(up, OPS["resize_up_out"], rtol=1e-5, atol=1e-6)
    same = hybrid.resize(OPS["alpha_u8"] / 255, (160, 192))
    np.testing.assert_allclose(same, OPS["resize_same_out"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("representation", ["TT", "FT", "BT"])
def test_merge_equals_the_network_s_own(representation: str) -> None:
    scores, focus, fusion = (OPS[f"cm_{representation}_{name}"] for name in ("glance", "focus", "fusion"))
    for i in range(2):
        name = representation.lower()
        glance = hybrid.glance_map(scores[i : i + 1], name)  # type: ignore[arg-type]
        merged = hybrid.merge(glance, focus[i, 0], name)  # type: ignore[arg-type]
        np.testing.assert_allclose(merged, fusion[i, 0], atol=1e-6)


def test_glance_maps_equal_the_released_code() -> None:
    three = hybrid.glance_map(OPS["segmap3"], "tt")
    two = hybrid.glance_map(OPS["segmap2"], "bt")
    np.testing.assert_array_equal((three * 255).round(), OPS["segmap3_trimap"])
    np.testing.assert_array_equal((two * 255).round(), OPS["segmap2_bw"])
    merged = hybrid.merge(OPS["masked_global"] / 255, OPS["masked_local"])
    np.testing.assert_allclose(merged, OPS["masked_out"], atol=1e-6)


def test_sizes() -> None:
    assert hybrid.scaled_size((230, 310), Fraction(1, 3)) == (64, 96)
    assert hybrid.scaled_size((9000, 1080), Fraction(1, 2)) == (1600, 512)
    assert hybrid.scaled_size((40, 200), Fraction(1, 2)) == (32, 96)  # the released code would ask for no rows


def test_what_mixes_out_of_range_is_clipped() -> None:
    def net(x: Array) -> dict[str, Array]:
        return {"alpha": x[:, :1] / 100 - 1}

    alpha = hybrid.rim(net, FIXTURE["image"])
    assert alpha.shape == FIXTURE["image"].shape[:2] and alpha.min() == 0 and alpha.max() == 1


def test_pictures_and_heads_of_another_kind_are_named() -> None:
    with pytest.raises(InputError, match=r"expected \(H, W, 3\) uint8"):
        hybrid.whole(lambda x: {"alpha": x}, np.zeros((4, 4), np.uint8))
    with pytest.raises(InputError, match="glance has 2 classes; the representation tt has 3"):
        hybrid.glance_map(np.zeros((1, 2, 4, 4)), "tt")
