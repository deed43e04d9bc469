"""The six panels, run by a visitor: each system's own steps, with stand-ins where no weights are."""

import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper
from PIL import Image
from playwright.sync_api import Page, Route

from mattelier.models.cards import Card, Contract, Weights
from mattelier.serve.settings import Settings
from page.visitor import DESKTOP, PHONE, Draw, Server, Visit, bring, saved, settled, violations

STEPS = {
    "dim": ["photo", "trimap", "coarse", "refined", "cut-out"],
    "fba": ["photo", "trimap", "alpha", "foreground", "background", "cut-out"],
    "gfm": ["photo", "glance", "focus", "alpha", "cut-out"],
    "modnet": ["photo", "semantic", "detail", "fused", "cut-out"],
    "matteformer": ["photo", "trimap", "os8", "os4", "os1", "merged", "cut-out"],
    "clipmat": ["photo", "pointing", "trimap", "detail", "alpha", "cut-out"],
}
Stand = tuple[Card, Path]
RED = (250, 10, 10)  # what the stand-in for CLIPMat has a word for; too dark for the others
TOLD = ("dim", "fba", "matteformer")


@pytest.fixture
def six(
    told_dim: Stand,
    told: Stand,
    glancing: Stand,
    detailed: Stand,
    told_matteformer: Stand,
    reading: Stand,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[Card, ...]:
    """A stand-in for each system, and no other model."""
    stands = (told_dim, told, glancing, detailed, told_matteformer, reading)
    for card, file in stands:
        (tmp_path / card.weights.file).write_bytes(file.read_bytes())
    cards = tuple(replace(card, system=card.name.partition("-")[0]) for card, _ in stands)
    monkeypatch.setattr("mattelier.models.CARDS", cards)
    monkeypatch.setenv("MATTELIER_HOME", str(tmp_path))
    return cards


@pytest.fixture(scope="session")
def detailed(tmp_path_factory: pytest.TempPathFactory) -> Stand:
    """A card with MODNet's heads and its file: brightness, the same in large pixels, and the same again."""
    nodes = [
        helper.make_node("Constant", [], ["axes"], value_ints=[1]),
        helper.make_node("ReduceMean", ["image", "axes"], ["alpha"], keepdims=1),
        helper.make_node("Identity", ["alpha"], ["detail"]),
        helper.make_node("AveragePool", ["alpha"], ["semantic"], kernel_shape=[16, 16], strides=[16, 16]),
    ]
    photo = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["1", 3, "h", "w"])
    heads = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["1", 1, f"h_{name}", f"w_{name}"])
        for name in ("alpha", "semantic", "detail")
    ]
    graph = helper.make_graph(nodes, "detailed", [photo], heads)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    file = tmp_path_factory.mktemp("weights") / "detailed.onnx"
    file.write_bytes(model.SerializeToString())
    data = file.read_bytes()
    weights = Weights(file.name, hashlib.sha256(data).hexdigest(), len(data), licence="Apache-2.0")
    contract = Contract(longest_px=64, levels=(0.1, 0.8))
    return Card("modnet-detailed.test", "modnet", {}, "no paper", "", weights, contract), file


@pytest.fixture
def server(six: tuple[Card, ...]) -> Iterator[Server]:
    server = Server(Settings(workers=1, model="gfm-glancing.test"))
    yield server
    server.stop()


def press(page: Page, system: str) -> None:
    page.click(f"[data-system={system}] button >> nth=0")


def ended(page: Page, system: str) -> str:
    """Wait until nothing is under way in a panel; what it says then."""
    page.wait_for_selector(f"[data-system={system}]:not([data-busy])")
    return page.inner_text(f"[data-system={system}] .run-state")


def steps(page: Page, system: str) -> list[str]:
    """The names under the frames that hold a picture."""
    return page.locator(f"#{system} .strip figure:has(img) b").all_inner_texts()


def facts(page: Page, system: str) -> str:
    return page.inner_text(f"#{system} .look-facts")


@pytest.mark.parametrize("system", STEPS)
def test_every_system_shows_its_own_steps(visit: Visit, disc: Draw, system: str) -> None:
    reads = system == "clipmat"
    page = visit(refused=reads)
    bring(page, disc("cat.png", RED) if reads else disc("cat.png"))
    if reads:
        page.fill("#clipmat-words", "the red disc")
    assert page.inner_text(f"[data-system={system}] button >> nth=0") == "Run it on my picture"
    press(page, system)
    assert ended(page, system).startswith("Done in ")
    assert steps(page, system) == STEPS[system]
    widths = page.locator(f"#{system} .strip img").evaluate_all("images => images.map(image => image.naturalWidth)")
    assert min(widths) > 0
    assert f"{system}-" in facts(page, system) and "cat.png" in facts(page, system)
    by_glance = "Nobody painted this trimap: it was made from gfm-glancing's glance." in facts(page, system)
    assert by_glance == (system in TOLD)
    assert page.evaluate("document.activeElement.type") == "submit", "focus stays where it was"


def test_without_a_picture_it_runs_on_a_sample(visit: Visit) -> None:
    page = visit()
    assert page.inner_text("[data-system=gfm] button >> nth=0") == "Run it on a sample"
    press(page, "gfm")
    ended(page, "gfm")
    assert "astronaut.webp" in facts(page, "gfm")
    assert page.locator("#queue li").count() == 0, "the tool is still empty"
    press(page, "clipmat")
    ended(page, "clipmat")
    assert "chelsea.webp" in facts(page, "clipmat"), "its example is the cat"


def test_a_painted_trimap_is_taken_and_named(visit: Visit, disc: Draw) -> None:
    page = visit()
    bring(page, disc("cat.png"))
    page.check("[name=model][value='fba-told.test']")
    page.locator("#paint").press("Enter")
    for key in ("1", "Space", "ArrowRight", "Space", "2", *["ArrowDown"] * 2, "Space", "Space"):
        page.keyboard.press(key)
    with page.expect_response("**/api/look") as waiting:
        press(page, "fba")
    ended(page, "fba")
    assert waiting.value.json()["trimap"] == "painted"
    assert "Trimap: painted by you." in facts(page, "fba")


def test_an_absent_word_is_told_beside_the_steps(visit: Visit, disc: Draw) -> None:
    page = visit(refused=True)
    bring(page, disc("sunset.png", RED))
    page.fill("#clipmat-words", "the zebra")
    page.press("#clipmat-words", "Enter")
    assert ended(page, "clipmat").startswith("No subject found for 'the zebra'")
    assert steps(page, "clipmat") == STEPS["clipmat"], "its steps are shown all the same"
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.fill("#clipmat-words", "")
    page.press("#clipmat-words", "Enter")
    assert page.evaluate("document.querySelector('#clipmat-words').validity.valueMissing") and asked == []


def test_a_system_without_weights_says_so(visit: Visit, six: tuple[Card, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tuple(
        replace(card, weights=replace(card.weights, file="nowhere.onnx")) if card.system in ("dim", "clipmat") else card
        for card in six
    )
    monkeypatch.setattr("mattelier.models.CARDS", gone)
    page = visit()
    for system in ("dim", "clipmat"):
        assert "not here yet" in page.inner_text(f"[data-system={system}]")
        assert page.locator(f"[data-system={system}] button").is_disabled()
    assert page.locator("#clipmat-words").is_disabled()
    assert page.locator("[data-system=fba] button").first.is_enabled()


def fail(status: int, message: str) -> Any:
    body = json.dumps({"error": {"code": "x", "message": message}})
    return lambda route: route.fulfill(status=status, content_type="application/json", body=body)


def test_a_failure_is_one_sentence_and_the_next_run_is_free(visit: Visit, disc: Draw) -> None:
    page = visit(refused=True)
    bring(page, disc("cat.png"))
    for status, message in ((413, "the file has 9 bytes; fewer were expected"), (500, "something broke")):
        page.route("**/api/look", fail(status, message), times=1)
        press(page, "modnet")
        assert ended(page, "modnet") == message[0].upper() + message[1:]
        assert steps(page, "modnet") == ["photo"]
        assert page.evaluate("document.activeElement.type") == "submit"
    page.route("**/api/look", lambda route: route.abort(), times=1)
    press(page, "modnet")
    assert "does not answer" in ended(page, "modnet")
    press(page, "modnet")
    assert ended(page, "modnet").startswith("Done")


def test_a_missing_key_can_be_given(visit: Visit) -> None:
    page = visit(refused=True)
    page.route("**/api/look", fail(401, "no API key came with the request"), times=1)
    press(page, "gfm")
    assert "No API key" in ended(page, "gfm")
    page.fill("#key", "secret")
    with page.expect_request("**/api/look") as waiting:
        press(page, "gfm")
    assert waiting.value.headers["x-api-key"] == "secret"
    ended(page, "gfm")


def test_a_busy_server_is_asked_again(visit: Visit, disc: Draw) -> None:
    page = visit(refused=True)
    bring(page, disc("cat.png"))
    page.evaluate(
        """() => {
          window.heard = [];
          const state = document.querySelector("[data-system=gfm] .run-state");
          new MutationObserver(() => heard.push(state.textContent)).observe(state, { childList: true });
        }"""
    )
    body = json.dumps({"error": {"code": "busy", "message": "3 requests are worked on or waiting"}})
    page.route("**/api/look", lambda route: route.fulfill(status=503, headers={"Retry-After": "1"}, body=body), times=1)
    press(page, "gfm")
    assert ended(page, "gfm").startswith("Done")
    heard = page.evaluate("heard")
    assert "The server is busy. Asking again in 1 s…" in heard and heard[0].startswith("Running gfm-")
    assert page.get_attribute("[data-system=gfm] .run-state", "aria-live") == "polite"


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_it_can_be_cancelled_and_nothing_moves_when_it_arrives(visit: Visit, disc: Draw, size: dict[str, int]) -> None:
    page = visit(size)
    bring(page, disc("cat.png"))
    held: list[Route] = []
    page.route("**/api/look", lambda route: held.append(route))
    press(page, "matteformer")
    page.get_by_role("button", name="Cancel").press("Enter")
    assert ended(page, "matteformer") == "Cancelled."
    assert page.evaluate("document.activeElement.type") == "submit"
    assert page.get_by_role("button", name="Cancel").count() == 0
    press(page, "matteformer")
    page.wait_for_selector("#matteformer .strip[aria-busy=true]")
    top = "document.querySelector('#clipmat').offsetTop"
    before = page.evaluate(top)
    for _ in range(200):
        if len(held) == 2:
            break
        page.wait_for_timeout(50)
    held[1].continue_()
    assert ended(page, "matteformer").startswith("Done")
    assert page.evaluate(top) == before


def test_the_strip_scrolls_sideways_and_the_page_does_not(visit: Visit) -> None:
    page = visit(PHONE)
    press(page, "matteformer")
    ended(page, "matteformer")
    inner, outer = page.locator("#matteformer .strip").evaluate("strip => [strip.scrollWidth, strip.clientWidth]")
    assert inner > 2 * outer
    for width in (320, 360, 600, 768, 1024, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width


def test_a_step_can_be_seen_larger_and_saved(visit: Visit, disc: Draw) -> None:
    page = visit()
    bring(page, disc("cat.png"))
    press(page, "gfm")
    ended(page, "gfm")
    page.get_by_role("button", name="glance, larger").press("Enter")
    dialog = page.locator("dialog")
    assert dialog.get_by_role("heading").inner_text() == "glance"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert dialog.get_by_role("heading").inner_text() == "alpha"
    name, data = saved(page, lambda: dialog.get_by_text("Save as PNG").click())
    assert name == "cat.gfm.alpha.png"
    alpha = np.asarray(Image.open(io.BytesIO(data)))
    assert alpha.ndim == 2 and alpha[alpha.shape[0] // 2, alpha.shape[1] // 2] == 255 and alpha[0, 0] == 0
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "glance, larger", "focus comes back"


def test_what_lies_behind_the_cut_out(visit: Visit) -> None:
    page = visit()
    press(page, "gfm")
    ended(page, "gfm")
    clear = page.locator("#gfm .strip img.clear")
    assert "conic-gradient" in clear.evaluate("image => getComputedStyle(image).backgroundImage")
    page.locator("#gfm .behind label", has_text="White").click()
    assert clear.evaluate("image => getComputedStyle(image).backgroundColor") == "rgb(255, 255, 255)"


def test_the_tool_can_take_over(visit: Visit, disc: Draw) -> None:
    page = visit()
    bring(page, disc("cat.png"))
    page.locator("[data-system=fba]").get_by_text("Use it in the tool").click()
    assert page.is_checked("[name=model][value='fba-told.test']") and "needs a trimap" in page.inner_text("#status")
    page.locator("[data-system=modnet]").get_by_text("Use it in the tool").click()
    settled(page)
    assert page.is_checked("[name=model][value='modnet-detailed.test']")
    page.fill("#clipmat-words", "the red disc")
    page.locator("[data-system=clipmat]").get_by_text("Use it in the tool").click()
    settled(page)
    assert page.input_value("#words") == "the red disc", "what was typed goes along"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing_in_a_strip(visit: Visit, axe: str, size: dict[str, int], scheme: str) -> None:
    page = visit(size, color_scheme=scheme)
    press(page, "gfm")
    ended(page, "gfm")
    assert violations(page, axe) == []
    page.get_by_role("button", name="cut-out, larger").click()
    assert violations(page, axe) == [], "with a step opened"
