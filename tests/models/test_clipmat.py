"""CLIPMat: CLIP's fixture through from_official, its own modules against the paper's equations worked in numpy."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mattelier.backbones.clip import CLIP, CONFIGS, CLIPConfig
from mattelier.errors import InputError, WeightsError
from mattelier.models import build, from_official
from mattelier.models.clipmat import (
    Attention,
    ClassNames,
    CLIPMat,
    CLIPMatBase,
    CLIPMatLite,
    DetailsExtractor,
    SemanticPopUp,
    coarse_trimap,
    fuse,
    placed,
    refine,
    waves,
)
from mattelier.models.wordlists import class_lines
from parity import deterministic

FIXTURE = np.load(Path(__file__).parent.parent / "parity" / "clip-tiny.npz")
TINY = CLIPConfig(48, 16, 4, 128, 4, 64, 3, length=20, vocabulary=600)
TOLERANCE = 1e-5  # parity/README


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    """A released CLIP, shrunken."""
    return deterministic.fill_(CLIP(TINY), int(FIXTURE["seed"]), float(FIXTURE["gain"])).state_dict()


@pytest.fixture(scope="module")
def net(state: dict[str, Tensor]) -> CLIPMat:
    torch.manual_seed(0)
    made = from_official("clipmat", state)
    assert isinstance(made, CLIPMat) and not made.training
    return made


@pytest.fixture(scope="module")
def lite() -> CLIPMatLite:
    torch.manual_seed(0)
    made = build("clipmat", lite=True).eval()
    assert isinstance(made, CLIPMatLite)
    return made


def words(net: CLIPMat) -> tuple[Tensor, Tensor]:
    """Two prompts of the shrunken vocabulary: start 598, words, eight learned vectors, end 599, padding."""
    rows = [[598, 5, *range(600, 608), 599], [598, 7, 9, 11, *range(600, 608), 599]]
    tokens = torch.tensor([row + [0] * (20 - len(row)) for row in rows])
    mask = torch.tensor([[1.0] * len(row) + [0.0] * (20 - len(row)) for row in rows])
    return tokens, mask


def pair_of(network: CLIPMatBase) -> tuple[Tensor, Tensor]:
    """tokens and mask of two prompts, in the network's own vocabulary."""
    return words(network) if isinstance(network, CLIPMat) else network.prompts(["the dog", "the red car on the left"])


@torch.no_grad()
def test_the_encoders_equal_the_released_network(net: CLIPMat) -> None:
    image, tokens = torch.from_numpy(FIXTURE["image"]), torch.from_numpy(FIXTURE["tokens"])
    found = {f"vision_block{i}": block for i, block in enumerate(net.encoder.visual(image))}
    found["image_features"] = net.encoder.image_features(image)
    found["text_tokens_ln_final"] = net.encoder.text_tokens(tokens, net.context)
    found["text_features"] = net.encoder.text_features(tokens)
    for key, value in found.items():
        np.testing.assert_allclose(value, FIXTURE[key], rtol=0, atol=TOLERANCE, err_msg=key)


def test_the_picture_reaches_the_encoder_as_clip_normalises_it(net: CLIPMat) -> None:
    seen: list[Tensor] = []
    hook = net.encoder.visual.register_forward_pre_hook(lambda _m, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        net(torch.ones(2, 3, 64, 64), *words(net))
    hook.remove()
    expected = [(1 - 0.48145466) / 0.26862954, (1 - 0.4578275) / 0.26130258, (1 - 0.40821073) / 0.27577711]
    np.testing.assert_allclose(seen[0][0, :, 0, 0], expected, rtol=1e-6)


def test_outputs_by_name_shape_and_range(net: CLIPMat) -> None:
    with torch.no_grad():
        outputs = net(torch.rand(2, 3, 64, 96), *words(net))
    assert {name: tuple(value.shape) for name, value in outputs.items()} == {
        "alpha": (2, 1, 64, 96),
        "trimap": (2, 3, 64, 96),
        "detail": (2, 1, 64, 96),
        "pointing": (2, 1, 4, 6),
    }
    for name in ("alpha", "detail", "pointing"):
        assert outputs[name].min() >= 0 and outputs[name].max() <= 1
    assert torch.equal(outputs["alpha"], fuse(outputs["trimap"], outputs["detail"]))


@pytest.mark.parametrize("encoder", CONFIGS)
def test_published_shapes_at_512(encoder: str) -> None:
    config = CONFIGS[encoder]
    shapes: dict[str, list[tuple[int, ...]]] = {}

    def note(name: str) -> Callable[[nn.Module, object, Sequence[Tensor]], None]:
        def remember(_module: nn.Module, _inputs: object, outputs: Sequence[Tensor]) -> None:
            shapes[name] = [tuple(output.shape) for output in outputs]

        return remember

    with torch.device("meta"):
        made = build("clipmat", encoder=encoder)
        assert isinstance(made, CLIPMat)
        for name in ("encoder.visual", "popup", "details.extract"):
            made.get_submodule(name).register_forward_hook(note(name))
        tokens, mask = torch.zeros(1, 77, dtype=torch.int64), torch.ones(1, 77)
        outputs = made(torch.rand(1, 3, 512, 512), tokens, mask)
    assert shapes["encoder.visual"] == [(1, 1025, config.vision_width)] * config.vision_layers
    assert shapes["popup"] == [(1, 1025, config.joint), (1, 1025, 77)]
    assert shapes["details.extract"] == [(1, 64, 256, 256), (1, 128, 128, 128), (1, 256, 64, 64), (1, 512, 32, 32)]
    assert outputs["trimap"].shape == (1, 3, 512, 512) and outputs["detail"].shape == (1, 1, 512, 512)
    assert made.context.shape == (8, config.text_width)


@torch.no_grad()
def test_pop_up_is_the_papers_equations() -> None:
    # F = softmax(V_q T_k' / sqrt(d)) T_v;  F' = F + SA(F);  out = MLP(LN(F')), with two heads, worked in float64
    torch.manual_seed(0)
    module = SemanticPopUp(visual=6, text=5, width=4, layers=1, residual=False, heads=2).double()
    v, t, mask = torch.randn(1, 3, 6).double(), torch.randn(1, 4, 5).double(), torch.tensor([[1.0, 1, 1, 0]])
    found, attention = module(v, t, mask)
    layer = module.layers[0]
    vn = linear(module.norm_image[1], norm(module.norm_image[0], v[0].numpy()))
    tn = linear(module.norm_text[1], norm(module.norm_text[0], t[0].numpy()))
    f, weights = attend(layer.cross, vn, tn[:3])
    f = f + attend(layer.itself, f, f)[0]
    hidden = linear(layer.mlp[0], norm(layer.norm, f))
    gelu = torch.nn.functional.gelu(torch.from_numpy(hidden)).numpy()
    np.testing.assert_allclose(found[0], linear(layer.mlp[2], gelu), rtol=0, atol=1e-9)
    np.testing.assert_allclose(attention[0, :, :3], weights, rtol=0, atol=1e-9)
    assert attention[0, :, 3].max() == 0.0  # padding says nothing


def attend(module: Attention, asking: np.ndarray, asked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two heads written out."""
    q, k, v = linear(module.q, asking), linear(module.k, asked), linear(module.v, asked)
    answers, all_weights = [], []
    for head in (slice(0, 2), slice(2, 4)):
        scores = np.exp(q[:, head] @ k[:, head].T / np.sqrt(2))
        weights = scores / scores.sum(1, keepdims=True)
        answers.append(weights @ v[:, head])
        all_weights.append(weights)
    return linear(module.out, np.concatenate(answers, 1)), np.mean(all_weights, 0)


def linear(module: nn.Linear, x: np.ndarray) -> np.ndarray:
    return x @ module.weight.numpy().T + module.bias.numpy()


def norm(module: nn.LayerNorm, x: np.ndarray) -> np.ndarray:
    centred = x - x.mean(1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(1, keepdims=True) + 1e-5) * module.weight.numpy() + module.bias.numpy()


@torch.no_grad()
def test_the_published_pop_up_keeps_no_picture_beside_the_words() -> None:
    # without residual every place hears a mixture of T: with one word left, all places hear the same
    module = SemanticPopUp(visual=6, text=5, width=4, layers=1, residual=False, heads=2)
    kept = SemanticPopUp(visual=6, text=5, width=4, layers=1, residual=True, heads=2)
    v, t, mask = torch.randn(1, 3, 6), torch.randn(1, 4, 5), torch.tensor([[1.0, 0, 0, 0]])
    torch.testing.assert_close(module(v, t, mask)[0][0], module(v, t, mask)[0][0, :1].expand(3, 4))
    assert not torch.allclose(kept(v, t, mask)[0][0, 0], kept(v, t, mask)[0][0, 1])


@torch.no_grad()
def test_details_extractor_by_hand() -> None:
    # F_i = ReLU(BN(Conv([up(proj(tap)), maxpool_2^i(proj(image))]))), convolutions set to pick channels
    module = DetailsExtractor(taps=(2, 2), lift=1, widths=(2, 2)).eval()
    for conv in (module.image, *module.taps):
        conv.weight.fill_(1.0)
        conv.bias.zero_()
    for merge in module.merge:
        merge[0].weight.zero_()
        merge[0].weight[0, 0, 1, 1] = merge[0].weight[1, 1, 1, 1] = 1.0
    image = torch.zeros(1, 3, 4, 4)
    image[0, :, 1, 2] = 1.0
    taps = [torch.full((1, 2, 2, 2), 0.5), torch.full((1, 2, 1, 1), 0.25)]
    f1, f2 = module(image, taps)
    unit = 1 / np.sqrt(1 + 1e-5)  # batch norm of mean 0 and variance 1
    np.testing.assert_allclose(f1[0, 0], np.full((2, 2), 1.0 * unit), rtol=1e-6)  # the tap: 0.5 + 0.5, there already
    np.testing.assert_allclose(f1[0, 1], np.array([[0, 3], [0, 0]]) * unit, rtol=1e-6)  # the picture's maximum
    np.testing.assert_allclose(f2[0], np.array([[[0.5]], [[3.0]]]) * unit, rtol=1e-6)


def test_fusion_takes_details_in_the_transition_alone() -> None:
    scores = torch.tensor([[3.0, 0, 0], [0, 3, 0], [0, 0, 3]]).T[None, :, None]  # background, transition, foreground
    detail = torch.tensor([0.25, 0.5, 0.75])[None, None, None].requires_grad_()
    alpha = fuse(scores, detail)
    assert alpha.flatten().tolist() == [0.0, 0.5, 1.0]
    alpha.sum().backward()
    assert detail.grad is not None and detail.grad.flatten().tolist() == [0.0, 1.0, 0.0]


def test_the_refiner_is_asked_where_the_network_is_unsure() -> None:
    kinds = torch.tensor([[0] * 6 + [2] * 6]).expand(12, 12)
    scores = torch.nn.functional.one_hot(kinds, 3).permute(2, 0, 1)[None].float()
    trimap = coarse_trimap(scores, reach_px=2)
    assert trimap[0, 0, 0].tolist() == [0, 0, 0, 0, 0.5, 0.5, 0.5, 0.5, 1, 1, 1, 1]
    asked: list[Tensor] = []

    def refiner(image: Tensor, hint: Tensor) -> Tensor:
        asked.append(hint)
        return torch.full_like(hint, 0.3)

    alpha = refine({"trimap": scores}, torch.zeros(1, 3, 24, 24), refiner, reach_px=2)
    assert alpha.shape == (1, 1, 24, 24) and asked[0].shape == (1, 1, 24, 24)
    torch.testing.assert_close(alpha[0, 0, 0], torch.tensor([0.0] * 8 + [0.3] * 8 + [1.0] * 8))


def test_context_vectors_can_be_left_out(net: CLIPMat, lite: CLIPMatLite) -> None:
    for network, spare in ((net, 49_408), (lite, 6_144)):
        tokens, mask = network.prompts(["the cat"])
        plain, plain_mask = network.prompts(["the cat"], context=False)
        assert (tokens >= spare).sum() == 8 and (plain >= spare).sum() == 0
        assert mask.sum() == plain_mask.sum() + 8
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        one, two = (lite(image, *lite.prompts(["cat"], context=context)) for context in (True, False))
    assert not torch.equal(one["trimap"], two["trimap"])


@pytest.mark.parametrize("which", ["net", "lite"])
@torch.no_grad()
def test_words_change_the_answer_and_padding_does_not(which: str, request: pytest.FixtureRequest) -> None:
    network: CLIPMatBase = request.getfixturevalue(which)
    torch.manual_seed(1)
    image = torch.rand(1, 3, 64, 64)
    pair = pair_of(network)
    tokens, mask = (part[:1] for part in pair)
    one, two = network(image, tokens, mask), network(image, *(part[1:] for part in pair))
    assert (one["trimap"] - two["trimap"]).abs().max() > 1e-4
    padded = torch.where(mask > 0, tokens, torch.full_like(tokens, 3))
    torch.testing.assert_close(network(image, padded, mask)["trimap"], one["trimap"], rtol=0, atol=1e-6)


@pytest.mark.parametrize("which", ["net", "lite"])
@torch.no_grad()
def test_several_texts_of_a_picture_are_answered_as_one_by_one(which: str, request: pytest.FixtureRequest) -> None:
    network: CLIPMatBase = request.getfixturevalue(which)
    torch.manual_seed(2)
    images = torch.rand(2, 3, 64, 96)
    tokens, mask = (torch.cat((part, part.flip(0))) for part in pair_of(network))
    together = network(images, tokens, mask)
    for text in range(4):
        alone = network(images[text // 2 : text // 2 + 1], tokens[text : text + 1], mask[text : text + 1])
        for name in ("trimap", "detail", "pointing"):
            torch.testing.assert_close(together[name][text : text + 1], alone[name], rtol=0, atol=1e-5)


def test_what_is_meant_begins_without_words_that_name_nothing(lite: CLIPMatLite) -> None:
    said = lite.tokenizer.encode("the cat on the left of the photo")
    worth = lite.worth.weight[said, 0]
    assert (worth > 0).tolist() == [False, True, False, False, False, False, False, False]


def test_lite_keeps_its_budget(lite: CLIPMatLite) -> None:
    size = {name: sum(p.numel() for p in part.parameters()) * 2 for name, part in lite.named_children()}
    assert sum(size.values()) <= 14e6 and size["text"] <= 4e6


def test_lite_forward_and_backward() -> None:
    torch.manual_seed(0)
    network = build("clipmat", lite=True).train()
    assert isinstance(network, CLIPMatLite)
    outputs = network(torch.rand(2, 3, 64, 96), *network.prompts(["the cat", "a red ball on the left"]))
    assert outputs["pointing"].shape == (2, 1, 4, 6) and outputs["alpha"].shape == (2, 1, 64, 96)
    torch.stack([outputs[name].mean() for name in ("trimap", "detail", "pointing")]).sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in network.parameters())


def test_class_names_stand_in_imagenets_order() -> None:
    lines = class_lines()
    assert len(lines) == 1000 and len(set(lines)) > 990
    for number, name in (
        (0, "tench"),
        (207, "golden retriever"),
        (281, "tabby cat"),
        (817, "sports car"),
        (954, "banana"),
    ):
        assert lines[number].split(",")[0] == name
    assert "dog" in lines[207].split(", ") and "cat" not in lines[207] and "car" not in lines[281]


@torch.no_grad()
def test_a_word_finds_the_classes_it_names_without_training(lite: CLIPMatLite) -> None:
    vectors = torch.nn.functional.normalize(ClassNames()(lite.text.embedding.weight), dim=1)
    for word in ("dog", "cat", "car"):
        inside = {i for i, line in enumerate(class_lines()) if word in line.replace(",", "").split()}
        (number,) = lite.tokenizer.encode(word)
        likeness = vectors @ lite.text.embedding.weight[number]
        best = set(likeness.topk(len(inside)).indices.tolist())
        assert len(best & inside) >= 0.7 * len(inside), word


@torch.no_grad()
def test_conse_is_the_mean_of_names_by_probability(lite: CLIPMatLite) -> None:
    chance = torch.zeros(1000, 1, 1)
    chance[207], chance[281] = 10.0, 10.0
    lite_classes, lite.classes = lite.classes, Constant(chance[None] * 3.0)  # type: ignore[assignment]
    table = lite.text.embedding.weight
    named, match = lite.consider(torch.zeros(1, 320, 1, 1), table[lite.tokenizer.encode("dog")[0]][None])
    lite.classes = lite_classes
    names = ClassNames()(table).numpy()
    names = names / np.linalg.norm(names, axis=1, keepdims=True)
    expected = (names[207] + names[281]) / 2
    np.testing.assert_allclose(named[0, :, 0, 0], expected, rtol=0, atol=1e-5)
    dog = table[lite.tokenizer.encode("dog")[0]].numpy()
    assert match.item() == pytest.approx(float(expected @ dog / np.linalg.norm(dog)), abs=1e-5)


class Constant(nn.Module):
    def __init__(self, value: Tensor) -> None:
        super().__init__()
        self.value = value

    def forward(self, _x: Tensor) -> Tensor:
        return self.value


def test_positions_tell_rows_from_columns() -> None:
    grid = placed(torch.zeros(1, 16, 3, 5))[0]
    assert len({tuple(place) for place in grid.flatten(1).T.tolist()}) == 15
    assert torch.equal(grid[:8, 1, 0], grid[:8, 1, 4]) and torch.equal(grid[8:, 0, 2], grid[8:, 2, 2])
    by_hand = [np.sin(2.0), np.sin(0.2), np.sin(0.02), np.sin(0.002)]
    np.testing.assert_allclose(waves(3, 8)[2, :4], by_hand, rtol=1e-5)
    np.testing.assert_allclose(
        grid[8:, 0, 2], [*by_hand, *np.sqrt(1 - np.square(np.abs(by_hand))) * [-1, 1, 1, 1]], rtol=1e-4
    )


def test_what_cannot_be_is_refused(state: dict[str, Tensor], lite: CLIPMatLite) -> None:
    with pytest.raises(InputError, match="no encoder 'rn50'; expected one of vit_b16, vit_l14"):
        build("clipmat", encoder="rn50")
    with pytest.raises(InputError, match="clipmat-lite has one encoder"):
        build("clipmat", lite=True, encoder="vit_b16")
    with pytest.raises(WeightsError, match="asked for was vit_b16"):
        from_official("clipmat", state, encoder="vit_b16")
    with pytest.raises(WeightsError, match="not a CLIP checkpoint"):
        from_official("clipmat", {"head.weight": torch.zeros(1)})
    with pytest.raises(InputError, match="multiples of 32"):
        lite(torch.zeros(1, 3, 40, 64), *lite.prompts(["cat"]))
    with pytest.raises(InputError, match="expected a row of both for every picture"):
        lite(torch.zeros(2, 3, 64, 64), *lite.prompts(["cat"]))
    with pytest.raises(InputError, match="or as many for each"):
        lite(torch.zeros(2, 3, 64, 64), *lite.prompts(["cat", "dog", "cup"]))
