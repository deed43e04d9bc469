"""POST /api/look: shipped systems for real, stand-ins where no weights are, and what is refused."""

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema_rs import validator_for
from PIL import Image

import mattelier
import mattelier.serve.openapi as ours
from mattelier.models import CARDS
from mattelier.models.cards import Card
from mattelier.runtime import look as looking
from mattelier.serve import keys

Stand = tuple[Card, Path]


def shown(answer: Any) -> dict[str, np.ndarray]:
    """The layers of an answer by name, in their order."""
    assert answer.status_code == 200, answer.text
    layers = answer.json()["layers"]
    pictures = {layer["name"]: np.asarray(Image.open(io.BytesIO(base64.b64decode(layer["png"])))) for layer in layers}
    for layer in layers:
        assert pictures[layer["name"]].shape[:2] == (layer["height"], layer["width"])
        assert layer["title"].startswith(f"{layer['name']}: ")
    return pictures


@pytest.fixture
def cat(root: Path) -> bytes:
    """A photo small enough to be quick."""
    with Image.open(root / "examples" / "chelsea.png") as photo:
        photo.thumbnail((96, 96))
        out = io.BytesIO()
        photo.convert("RGB").save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def shipped(serving: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A server with the cards of the package."""
    monkeypatch.setattr("mattelier.models.CARDS", CARDS)
    return serving()


@pytest.fixture
def stands(
    told: Stand, glancing: Stand, bright: Stand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, serving: Any
) -> Any:
    """A server with stand-ins: one that needs a trimap, one that glances, one that knows alpha alone."""
    for _, file in (told, glancing, bright):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr("mattelier.models.CARDS", (told[0], glancing[0], bright[0]))
    monkeypatch.setenv("MATTELIER_HOME", str(tmp_path))
    return serving()


@pytest.mark.parametrize("system", ["gfm", "modnet"])
def test_what_ships_shows_its_heads(shipped: Any, cat: bytes, system: str) -> None:
    answer = shipped.post("/api/look", files={"image": cat}, data={"model": f"{system}-lite"})
    pictures = shown(answer)
    facts = answer.json()
    validator_for(ours.SCHEMAS["Look"]).validate(facts)
    assert facts["model"].startswith(f"{system}-lite.mattelier@") and facts["seconds"] > 0
    assert (facts["trimap"], facts["trimap_model"]) == (None, None)
    assert list(pictures)[-2:] == ["alpha", "cut-out"]
    assert (pictures["cut-out"][pictures["alpha"] < 0.08 * 255][:, 3] == 0).all(), "the card's levels"


def test_gfm_glances_focuses_and_merges(shipped: Any, cat: bytes) -> None:
    pictures = shown(shipped.post("/api/look", files={"image": cat}, data={"model": "gfm-lite"}))
    assert list(pictures) == ["glance", "focus", "alpha", "cut-out"]
    assert set(np.unique(pictures["glance"])) <= {0, 128, 255}


def test_the_cut_out_holds_the_photo_where_alpha_is_one(stands: Any, photo: bytes) -> None:
    pictures = shown(stands.post("/api/look", files={"image": photo}, data={"model": "gfm-glancing"}))
    cutout, alpha = pictures["cut-out"], pictures["alpha"]
    assert cutout.shape == (*alpha.shape, 4) and alpha.max() == 255 and alpha.min() == 0
    assert (cutout[alpha == 0] == 0).all()
    grey = np.asarray(Image.open(io.BytesIO(photo)).resize(alpha.shape[::-1], Image.Resampling.BOX))
    assert (cutout[alpha == 255][:, :3] == grey[alpha == 255]).all()


def test_what_was_transparent_stays_so(stands: Any, photo: bytes) -> None:
    image = Image.open(io.BytesIO(photo)).convert("RGBA")
    image.paste((255, 255, 255, 0), (0, 0, 40, 60))
    out = io.BytesIO()
    image.save(out, "PNG")
    pictures = shown(stands.post("/api/look", files={"image": out.getvalue()}, data={"model": "gfm-glancing"}))
    width = pictures["cut-out"].shape[1]
    assert pictures["alpha"][:, : width // 2 - 1].max() == 255, "the network saw white there"
    assert pictures["cut-out"][:, : width // 2 - 1, 3].max() == 0


@pytest.fixture
def trimap(photo: bytes) -> bytes:
    """The disc's: its middle is subject, a ring around its edge is looked at."""
    y, x = np.mgrid[:60, :80]
    distance = np.hypot(y - 30, x - 40)
    out = io.BytesIO()
    Image.fromarray(np.select([distance < 14, distance < 26], [255, 128], 0).astype(np.uint8)).save(out, "PNG")
    return out.getvalue()


def test_a_painted_trimap_is_used_and_shown(stands: Any, photo: bytes, trimap: bytes) -> None:
    answer = stands.post("/api/look", files={"image": photo, "trimap": trimap}, data={"model": "fba-told"})
    pictures = shown(answer)
    assert (answer.json()["trimap"], answer.json()["trimap_model"]) == ("painted", None)
    assert list(pictures) == ["trimap", "alpha", "foreground", "background", "cut-out"]
    assert np.array_equal(pictures["trimap"], np.asarray(Image.open(io.BytesIO(trimap))))
    kept = pictures["cut-out"][..., 3] > 0
    assert np.array_equal(pictures["cut-out"][kept][:, :3], pictures["foreground"][kept]), "the network's own colours"


def test_a_trimap_in_base64_is_the_same(stands: Any, photo: bytes, trimap: bytes) -> None:
    packed = {name: base64.b64encode(data).decode() for name, data in (("image", photo), ("trimap", trimap))}
    answer = stands.post("/api/look", json={**packed, "model": "fba-told"})
    assert np.array_equal(shown(answer)["trimap"], np.asarray(Image.open(io.BytesIO(trimap))))


def test_a_glance_makes_the_trimap_and_the_answer_says_so(stands: Any, photo: bytes) -> None:
    answer = stands.post("/api/look", files={"image": photo}, data={"model": "fba-told", "trimap": "glance"})
    pictures = shown(answer)
    facts = answer.json()
    assert facts["trimap"] == "glance" and facts["trimap_model"].startswith("gfm-glancing.test@")
    made = looking.made_trimap(mattelier.load("gfm-glancing"), photo)
    assert np.array_equal(pictures["trimap"], made)
    assert set(np.unique(made)) == {0, 128, 255}


def test_no_subject_no_trimap_and_whose_glance_it_was(stands: Any) -> None:
    out = io.BytesIO()
    Image.new("RGB", (40, 40), "grey").save(out, "PNG")
    answer = stands.post("/api/look", files={"image": out.getvalue()}, data={"model": "fba-told", "trimap": "glance"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "no_subject")
    assert answer.json()["error"]["message"].startswith("gfm-glancing.test made no trimap: no subject found")


def test_no_system_that_glances_is_a_503_that_says_what_to_do(alone: Any, photo: bytes) -> None:
    answer = alone.post("/api/look", files={"image": photo}, data={"model": "fba-told", "trimap": "glance"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "model_unavailable")
    assert "send a trimap as a file" in answer.json()["error"]["message"]


@pytest.fixture
def alone(told: Stand, monkeypatch: pytest.MonkeyPatch, client: Any) -> Any:
    monkeypatch.setattr("mattelier.models.CARDS", (told[0],))
    monkeypatch.setenv("MATTELIER_HOME", str(told[1].parent))
    return client


def test_doubts_are_told_beside_the_heads(client: Any) -> None:
    noise = np.random.default_rng(0).integers(0, 60, (60, 80, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, "PNG")
    answer = client.post("/api/look", files={"image": out.getvalue()})
    assert list(shown(answer)) == ["alpha", "cut-out"]
    assert answer.json()["doubt"].startswith("no subject found") and answer.json()["notes"] == []


def test_a_raw_body_and_a_query_do_too(client: Any, photo: bytes) -> None:
    assert list(shown(client.post("/api/look?model=modnet-bright", content=photo))) == ["alpha", "cut-out"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"keep": "alpha"}, "no field 'keep' here"),
        ({"url": "http://127.0.0.1/a.png"}, "no field 'url' here"),
        ({"image": "AAAA"}, "given twice"),
        ({"prompt": "the cat"}, "none of the models that come with this package reads words"),
        ({"prompt": "the cat", "model": "modnet"}, "understands no words"),
        ({"prompt": "x" * 5000}, "at most 4096"),
        ({"trimap": "glance"}, "finds the subject from the photo alone"),
        ({"trimap": "AAAA"}, "finds the subject from the photo alone"),
    ],
)
def test_options_that_cannot_be_met_are_400_with_a_sentence(
    client: Any, photo: bytes, options: dict[str, str], sentence: str
) -> None:
    answer = client.post("/api/look", files={"image": photo}, data=options)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_input")
    assert sentence in answer.json()["error"]["message"]


def test_a_trimap_is_never_a_path(stands: Any, photo: bytes, trimap: bytes, tmp_path: Path) -> None:
    file = tmp_path / "abc"
    file.write_bytes(trimap)
    for text in (str(file), f"file://{file}", "abcd", "/etc/passwd", "Glance", "glance ", "."):
        answer = stands.post("/api/look", files={"image": photo}, data={"model": "fba-told", "trimap": text})
        assert answer.status_code == 400, text
    assert stands.post("/api/look", files={"image": photo}, data={"model": "fba-told"}).status_code == 400


def test_a_trimap_of_another_size_is_refused(stands: Any, photo: bytes, draw: Any) -> None:
    answer = stands.post("/api/look", files={"image": photo, "trimap": draw(30, 40)}, data={"model": "fba-told"})
    assert answer.status_code == 400
    assert "trimap" in answer.json()["error"]["message"]


@pytest.mark.parametrize("packed", [{"content": b""}, {"json": {}}, {"data": {"model": "modnet-bright"}}])
def test_no_picture_is_a_400(client: Any, packed: dict[str, Any]) -> None:
    answer = client.post("/api/look", **packed)
    assert answer.status_code == 400 and "no picture" in answer.json()["error"]["message"]


def test_junk_and_an_unknown_model(client: Any, photo: bytes) -> None:
    for junk in (b"", b"nothing", photo[:200]):
        assert client.post("/api/look", files={"image": junk}).status_code == 400
    assert client.post("/api/look?model=modnet-brigt", content=photo).status_code == 404


def test_the_limits_of_a_cut_hold_here(serving: Any, photo: bytes, draw: Any) -> None:
    assert serving(body_bytes=1000).post("/api/look", content=bytes(5000)).status_code == 413
    assert serving(file_bytes=100).post("/api/look", files={"image": photo}).status_code == 413
    assert serving(pixels=1000).post("/api/look", content=photo).status_code == 400
    rated = serving(rate_per_minute=2)
    assert [rated.post("/api/look", content=photo).status_code for _ in range(4)][-1] == 429


def test_keys_and_credits_of_a_cut_hold_here(serving: Any, photo: bytes) -> None:
    key, hashed = keys.new_key()
    client = serving(keys=(("anna", hashed),), credits=1.0)
    assert client.post("/api/look", content=photo).status_code == 401
    statuses = [client.post("/api/look", content=photo, headers={"X-Api-Key": key}).status_code for _ in range(2)]
    assert statuses == [200, 402]


def test_a_full_queue_sends_it_away(serving: Any, photo: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    client = serving(queue=0)
    monkeypatch.setattr(client.app.state.desk, "_inside", 1)
    answer = client.post("/api/look", content=photo)
    assert answer.status_code == 503 and int(answer.headers["retry-after"]) >= 1
