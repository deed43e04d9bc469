"""The tool, used as a visitor would: upload, cut, compare, change the background, save."""

import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, Route

from page.visitor import Draw, Server, Visit, bring, centre, saved, settled

CENTRE, CORNER = (60, 80), (5, 5)  # row, column


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def choose_background(page: Page, kind: str) -> None:
    page.locator(f"label:has([name=background][value={kind}])").click()


def test_upload_cut_compare_change_the_background_and_save(visit: Visit, disc: Draw) -> None:
    page = visit()
    bring(page, disc("cat.png"))
    assert "cat.png is done" in page.inner_text("#status")

    stage = centre(page, "#stage")
    handle = page.locator("#split").bounding_box()
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + 30)
    page.mouse.down()
    page.mouse.move(stage["x"] + stage["width"] * 0.25, handle["y"] + 30)
    page.mouse.up()
    assert abs(float(page.input_value("#compare")) - 25) < 1
    left = page.locator(".pane.after").evaluate("pane => getComputedStyle(pane).clipPath")
    assert left.startswith("inset(0px 0px 0px 25")

    name, plain = saved(page, lambda: page.click("[data-save=png]"))
    assert name == "cat.cutout.png"
    cutout = pixels(plain)
    assert cutout.shape == (120, 160, 4)
    assert cutout[CENTRE].tolist() == [250, 200, 230, 255] and cutout[CORNER][3] == 0

    assert page.locator("[data-save=jpg]").is_disabled()
    choose_background(page, "colour")
    page.fill("#colour", "#3366cc")
    name, data = saved(page, lambda: page.click("[data-save=png]"))
    over = pixels(data)
    assert over.shape == (120, 160, 3) and over[CORNER].tolist() == [0x33, 0x66, 0xCC]
    assert over[CENTRE].tolist() == [250, 200, 230]

    name, data = saved(page, lambda: page.click("[data-save=jpg]"))
    assert name == "cat.cutout.jpg" and Image.open(io.BytesIO(data)).format == "JPEG"
    assert np.abs(pixels(data)[CORNER].astype(int) - [0x33, 0x66, 0xCC]).max() < 6
    name, data = saved(page, lambda: page.click("[data-save=alpha]"))
    assert name == "cat.alpha.png" and pixels(data)[CENTRE] == 255 and pixels(data)[CORNER] == 0
    choose_background(page, "none")
    name, data = saved(page, lambda: page.click("[data-save=webp]"))
    assert name == "cat.cutout.webp" and pixels(data)[CORNER][3] == 0


def test_a_picture_and_a_blur_behind(visit: Visit, disc: Draw, tmp_path: Path) -> None:
    Image.new("RGB", (50, 70), (200, 30, 10)).save(tmp_path / "wall.png")
    page = visit()
    bring(page, disc("cat.png"))
    choose_background(page, "picture")
    page.set_input_files("#backdrop-file", tmp_path / "wall.png")
    assert page.inner_text("#backdrop-name") == "wall.png"
    assert page.locator(".backdrop img").count() == 1
    _, data = saved(page, lambda: page.click("[data-save=png]"))
    assert pixels(data)[CORNER].tolist() == [200, 30, 10]
    choose_background(page, "blur")
    page.fill("#blur", "8")
    assert page.locator(".backdrop img").evaluate("image => image.style.filter") == "blur(8px)"
    _, data = saved(page, lambda: page.click("[data-save=png]"))
    assert pixels(data).shape == (120, 160, 3) and pixels(data)[CENTRE].tolist() == [250, 200, 230]


def test_crop_to_the_subject(visit: Visit, disc: Draw) -> None:
    page = visit()
    bring(page, disc("cat.png"))
    page.check("#crop")
    page.wait_for_function("() => document.querySelector('.sheet').style.clipPath !== 'inset(0px)'")
    _, data = saved(page, lambda: page.click("[data-save=png]"))
    height, width, _ = pixels(data).shape
    assert 78 <= height <= 90 and 78 <= width <= 90, "the disc is 79 px across, its soft rim a little more"
    clip = page.locator(".sheet").first.evaluate("sheet => sheet.style.clipPath")
    top, right, bottom, left = (
        float(part) for part in clip.removeprefix("inset(").rstrip(")").replace("px", "").split()
    )
    assert (160 - left - right, 120 - top - bottom) == (width, height), "the stage shows what is saved"


def test_five_pictures_make_one_zip(visit: Visit, disc: Draw) -> None:
    page = visit()
    colours = [(250, 210 + 10 * i, 230) for i in range(4)]
    files = [disc(f"disc{i}.png", colour) for i, colour in enumerate(colours)]
    twin = disc("x.png", (255, 255, 255))
    page.set_input_files("#files", files)
    settled(page, pictures=4)
    page.set_input_files("#files", {"name": "disc0.png", "mimeType": "image/png", "buffer": twin.read_bytes()})
    settled(page, pictures=5)
    assert page.locator("#queue li[data-state=done]").count() == 5
    name, data = saved(page, lambda: page.click("#zip"))
    assert name == "cutouts.zip"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [*(f"disc{i}.cutout.png" for i in range(4)), "disc0-2.cutout.png"]
        for entry, colour in zip(archive.namelist(), [*colours, (255, 255, 255)], strict=True):
            cutout = pixels(archive.read(entry))
            assert cutout[CENTRE].tolist() == [*colour, 255] and cutout[CORNER][3] == 0


def test_a_broken_file_gets_a_sentence_and_stops_nobody(visit: Visit, disc: Draw, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0" + b"nothing" * 40)
    page = visit(refused=True)
    bring(page, broken, disc("good.png"))
    first, second = page.locator("#queue li").all()
    assert [first.get_attribute("data-state"), second.get_attribute("data-state")] == ["failed", "done"]
    sentence = first.locator(".sentence").inner_text()
    assert len(sentence.split()) > 5 and "{" not in sentence and "Error" not in sentence
    assert page.locator("#blank").is_visible(), "the stage shows the first, which no browser can show"
    assert page.locator("[data-save=png]").is_disabled()
    second.locator(".pick").click()
    assert page.locator("[data-save=png]").is_enabled()


def test_no_subject_is_an_answer(visit: Visit, tmp_path: Path) -> None:
    Image.new("RGB", (80, 60), (9, 9, 9)).save(tmp_path / "night.png")
    page = visit(refused=True)
    bring(page, tmp_path / "night.png")
    assert "No subject found" in page.inner_text("#queue .sentence")
    assert "No subject found" in page.inner_text("#status"), "the live region says it too"


def test_a_sample_and_what_each_system_can_do(visit: Visit) -> None:
    page = visit()
    states = {run.get_attribute("data-system"): run.inner_text() for run in page.locator(".run").all()}
    assert list(states) == ["dim", "fba", "gfm", "modnet", "matteformer", "clipmat"]
    assert all("not here yet" in text for text in states.values()), "the card of these tests is of a seventh system"
    page.click("[data-sample=astronaut]")
    settled(page)
    assert page.locator("#queue .name").inner_text() == "astronaut.webp"


def test_drop_and_paste(visit: Visit, disc: Draw) -> None:
    page = visit()
    bring_by_event = """([target, event, bytes]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(bytes)], `${event}.png`, { type: "image/png" }));
      const Kind = event === "paste" ? ClipboardEvent : DragEvent;
      const data = event === "paste" ? { clipboardData: transfer } : { dataTransfer: transfer };
      document.querySelector(target).dispatchEvent(new Kind(event, { bubbles: true, cancelable: true, ...data }));
    }"""
    data = list(disc("any.png").read_bytes())
    page.evaluate(bring_by_event, ["#drop", "drop", data])
    settled(page)
    page.evaluate(bring_by_event, ["body", "paste", data])
    page.wait_for_function("() => document.querySelectorAll('#queue li[data-state=done]').length === 2")
    assert page.locator("#queue .name").all_inner_texts() == ["drop.png", "paste.png"]


def test_copy_to_the_clipboard(visit: Visit, disc: Draw) -> None:
    page = visit()
    bring(page, disc("cat.png"))
    page.click("#copy")
    page.get_by_text("Copied.").wait_for()
    size = page.evaluate(
        """async () => {
          const [item] = await navigator.clipboard.read();
          const bitmap = await createImageBitmap(await item.getType("image/png"));
          return [bitmap.width, bitmap.height];
        }"""
    )
    assert size == [160, 120]


def test_zoom_and_pan(visit: Visit, disc: Draw) -> None:
    page = visit()
    bring(page, disc("cat.png"))
    transform = "() => document.querySelector('.sheet').style.transform"
    fitted = page.evaluate(transform)
    page.click("#zoom-in")
    zoomed = page.evaluate(transform)
    assert zoomed != fitted and zoomed.endswith("scale(2.5)"), "a small picture is shown twice its size at first"
    box = centre(page, "#stage")
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 130, box["y"] + 90)
    page.mouse.up()
    assert page.evaluate(transform) != zoomed
    page.click("#zoom-fit")
    assert page.evaluate(transform) == fitted
    page.locator("#stage").press("+")
    page.locator("#stage").press("ArrowLeft")
    assert page.evaluate(transform) not in (fitted, zoomed)
    page.locator("#stage").press("0")
    assert page.evaluate(transform) == fitted


def test_a_server_with_keys_asks_for_one(visit: Visit, disc: Draw, server: Server) -> None:
    page = visit(refused=True)
    keys: list[str | None] = []

    def refuse_without(route: Route) -> None:
        keys.append(route.request.headers.get("x-api-key"))
        body = '{"error": {"code": "unauthorised", "message": "no API key came with the request"}}'
        if keys[-1]:
            route.continue_()
        else:
            route.fulfill(status=401, content_type="application/json", body=body)

    page.route("**/api/cut", refuse_without)
    bring(page, disc("cat.png"))
    assert "No API key came" in page.inner_text("#queue .sentence")
    page.fill("#key", "secret")
    page.click("#go")
    page.wait_for_selector("#queue li[data-state=done]")
    assert keys == [None, "secret"]


def test_the_keyboard_alone(visit: Visit) -> None:
    page = visit()

    def tab_to(selector: str, most: int = 80) -> None:
        for _ in range(most):
            page.keyboard.press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"{selector} was not reached with {most} presses of Tab")

    tab_to(".skip", 1)
    page.keyboard.press("Enter")
    tab_to("[data-sample=coffee]")
    page.keyboard.press("Enter")
    settled(page)
    tab_to("#stage")
    page.keyboard.press("+")
    tab_to("#compare")
    page.keyboard.press("ArrowLeft")
    assert page.get_attribute("#compare", "aria-valuetext") == "49 % photo"
    tab_to("[name=background]")
    page.keyboard.press("ArrowRight")
    assert page.is_checked("[name=background][value=colour]")
    tab_to("#crop")
    page.keyboard.press("Space")
    tab_to("[data-save=png]")
    name, data = saved(page, lambda: page.keyboard.press("Enter"))
    assert name == "coffee.cutout.png" and pixels(data).shape[2] == 3
