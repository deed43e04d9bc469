"""matte cut: what it writes, says and returns."""

import io
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import Result

from mattelier.models.cards import Card

Matte = Callable[..., Result]
Photo = Callable[..., Path]


def mode(path: Path | str) -> str:
    with Image.open(path) as picture:
        return picture.mode


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_without_o_the_cutout_lies_beside_the_photo(matte: Matte, photo: Photo, tmp_path: Path) -> None:
    before = photo("cat.png").read_bytes()
    result = matte("cut", "cat.png")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "cat.cutout.png\n", "")
    assert files(tmp_path) == ["cat.cutout.png", "cat.png"]
    assert mode("cat.cutout.png") == "RGBA"
    assert (tmp_path / "cat.png").read_bytes() == before
    with Image.open("cat.cutout.png") as cut:
        alpha = np.asarray(cut)[..., 3]
    assert (alpha[30, 30], alpha[0, 0]) == (255, 0)


def test_o_names_a_file_or_a_folder(matte: Matte, photo: Photo, tmp_path: Path) -> None:
    photo("cat.jpg")
    assert matte("cut", "cat.jpg", "-o", "deep/er/x.webp").stdout == f"{Path('deep/er/x.webp')}\n"
    assert matte("cut", "cat.jpg", "-o", "folder/").stdout == f"{Path('folder/cat.png')}\n"
    assert matte("cut", "cat.jpg", "-o", "bare").stdout == f"{Path('bare/cat.png')}\n"
    (tmp_path / "is.png").mkdir()
    assert matte("cut", "cat.jpg", "-o", "is.png").stdout == f"{Path('is.png/cat.png')}\n"
    with Image.open("deep/er/x.webp") as picture:
        assert picture.format == "WEBP"


def test_an_output_that_is_there_stays_until_overwrite(matte: Matte, photo: Photo, tmp_path: Path) -> None:
    photo("cat.png")
    (tmp_path / "cat.cutout.png").write_bytes(b"older")
    result = matte("cut", "cat.png")
    assert result.exit_code == 1
    assert "cat.cutout.png is there already; pass --overwrite" in result.stderr
    assert (tmp_path / "cat.cutout.png").read_bytes() == b"older"
    assert matte("cut", "cat.png", "--overwrite").exit_code == 0
    assert mode("cat.cutout.png") == "RGBA"


@pytest.mark.parametrize("output", ["cat.png", "./cat.png", "link.png", "second.png"])
def test_the_photo_is_never_its_own_output(matte: Matte, photo: Photo, tmp_path: Path, output: str) -> None:
    before = photo("cat.png").read_bytes()
    (tmp_path / "link.png").symlink_to("cat.png")
    os.link(tmp_path / "cat.png", tmp_path / "second.png")
    result = matte("cut", "cat.png", "-o", output, "--overwrite")
    assert result.exit_code == 2
    assert "is the photo itself" in " ".join(result.stderr.split())
    assert (tmp_path / "cat.png").read_bytes() == before
    assert matte("cut", "cat.png", "-o", ".", "--overwrite").stdout == "cat.cutout.png\n"


@pytest.mark.parametrize(
    ("words", "name", "expected"),
    [
        ((), "x.png", "RGBA"),
        (("--keep", "alpha"), "x.png", "L"),
        (("--keep", "trimap"), "x.png", "L"),
        (("--keep", "foreground"), "x.png", "RGB"),
        (("--keep", "alpha"), "x.jpg", "L"),
        (("--background", "white"), "x.jpg", "RGB"),
        (("--background", "blur:4"), "x.png", "RGB"),
        (("--background", "wall.png"), "x.tif", "RGB"),
        (("--quality", "draft"), "x.png", "RGBA"),
        (("--bits", "16", "--keep", "alpha"), "x.png", "I;16"),
        (("--threads", "1", "--device", "cpu", "--engine", "onnx"), "x.png", "RGBA"),
    ],
)
def test_options_decide_what_is_in_the_file(
    matte: Matte, photo: Photo, words: tuple[str, ...], name: str, expected: str
) -> None:
    photo("cat.png"), photo("wall.png")
    result = matte("cut", "cat.png", "-o", name, *words)
    assert (result.exit_code, result.stdout) == (0, f"{name}\n"), result.stderr
    assert mode(name) == expected


def test_format_decides_the_ending_where_o_has_none(matte: Matte, photo: Photo) -> None:
    photo("cat.png")
    assert matte("cut", "cat.png", "--format", "webp").stdout == "cat.cutout.webp\n"
    assert mode("cat.cutout.webp") == "RGBA"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("cat.png", "--trimap", "cat.png"), "leave --trimap away"),
        (("cat.png", "--prompt", "the dog"), "none of the models that come with this package reads words"),
        (("cat.png", "--prompt", "the dog", "--model", "modnet"), "understands no words; leave --prompt away"),
        (("cat.png", "--quality", "best"), "Invalid value for '--quality'"),
        (("cat.png", "--format", "jpg"), "JPEG holds no transparency"),
        (("cat.png", "-o", "x.jpg"), "JPEG holds no transparency"),
        (("cat.png", "-o", "x.png", "--format", "webp"), "leave one of them away"),
        (("cat.png", "-o", "x.psd"), "expected one of .png"),
        (("cat.png", "--format", "webp", "--bits", "16"), "holds 8 bits"),
        (("cat.png", "--keep", "alpha", "--background", "red"), "exclude each other"),
        (("cat.png", "--background", "nosuch"), "neither a colour nor a file"),
        (("cat.png", "--background", "blur:x"), "no usable radius"),
        (("cat.png", "--model", "nosuch"), "no model is called 'nosuch'"),
        (("cat.png", "--model", "modnet@xyz"), "at least 8 hex digits"),
        (("cat.png", "--device", "cuda"), "the device cuda is not there"),
        (("cat.png", "--device", "tpu"), "Invalid value for '--device'"),
        (("cat.png", "--threads", "0"), "Invalid value for '--threads'"),
        (("cat.png", "--colour", "red"), "No such option"),
        (("cat.png", "dog.png", "--trimap", "cat.png"), "leave --trimap away"),
        (("cat.png", "cat.png", "dog.png", "-o", "x.png"), "is one file; several pictures were named"),
        (("cat.png", "dog.png", "-o", "-"), "is one picture to stdout"),
        (("-", "cat.png", "-o", "x"), "is the one picture on stdin"),
        (("-",), "pass -o FILE, or -o -"),
        (("cat.png", "-o", "-", "--json"), "both want stdout"),
        (("empty/",), "no picture in"),
        ((), "Missing argument"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_written(
    matte: Matte, photo: Photo, tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    photo("cat.png"), photo("dog.png")
    (tmp_path / "empty").mkdir()
    result = matte("cut", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    said = " ".join(result.stderr.replace("│", " ").split())
    assert says in said
    assert files(tmp_path) == ["cat.png", "dog.png"]


def test_a_pin_of_other_weights_is_refused(matte: Matte, photo: Photo) -> None:
    photo("cat.png")
    result = matte("cut", "cat.png", "--model", "modnet@00000000")
    assert result.exit_code == 1
    assert "the weights modnet@00000000 are not here" in result.stderr


def test_no_subject_is_exit_code_3(matte: Matte, photo: Photo, tmp_path: Path) -> None:
    photo("wall.png", is_empty=True)
    result = matte("cut", "wall.png")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("matte: no subject found")
    assert files(tmp_path) == ["wall.png"]


@pytest.mark.parametrize(
    ("data", "says"), [(b"", "empty"), (b"hello, this is text", "x.png"), (None, "does not exist")]
)
def test_a_bad_file_is_one_sentence(matte: Matte, tmp_path: Path, data: bytes | None, says: str) -> None:
    if data is not None:
        (tmp_path / "x.png").write_bytes(data)
    result = matte("cut", "x.png")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1
    assert says in result.stderr
    assert files(tmp_path) == ([] if data is None else ["x.png"])


def test_max_pixels(matte: Matte, photo: Photo) -> None:
    photo("cat.png")
    result = matte("cut", "cat.png", "--max-pixels", "3599")
    assert result.exit_code == 1
    assert "at most 3599" in result.stderr
    assert matte("cut", "cat.png", "--max-pixels", "3600").exit_code == 0


def test_the_pipe(matte: Matte, photo: Photo, tmp_path: Path) -> None:
    data = photo("cat.png").read_bytes()
    matte("cut", "cat.png")
    piped = matte("cut", "-", "-o", "-", data=data)
    assert (piped.exit_code, piped.stderr) == (0, "")
    assert piped.stdout_bytes == (tmp_path / "cat.cutout.png").read_bytes()
    assert matte("cut", "cat.png", "-o", "-").stdout_bytes == piped.stdout_bytes
    assert matte("cut", "-", "-o", "y.webp", data=data).stdout == "y.webp\n"
    grey = matte("cut", "-", "-o", "-", "--keep", "alpha", "--format", "tiff", data=data)
    assert mode(io.BytesIO(grey.stdout_bytes)) == "L"  # type: ignore[arg-type]
    assert files(tmp_path) == ["cat.cutout.png", "cat.png", "y.webp"]


def test_nothing_comes_out_of_a_broken_pipe_input(matte: Matte, photo: Photo) -> None:
    assert matte("cut", "-", "-o", "-", data=b"").exit_code == 1
    result = matte("cut", "-", "-o", "-", data=photo("cat.png").read_bytes()[:200])
    assert (result.exit_code, result.stdout_bytes) == (1, b"")


def test_json_says_what_was_done(matte: Matte, photo: Photo) -> None:
    photo("cat.png")
    facts = json.loads(matte("cut", "cat.png", "--json").stdout)
    assert facts["source"] == "cat.png"
    assert facts["target"] == "cat.cutout.png"
    assert facts["status"] == "done"
    assert facts["model"].startswith("modnet-bright.test@")
    assert (facts["height"], facts["width"]) == (60, 60)
    assert {"decode", "prepare", "network", "refine", "colours", "encode"} <= set(facts["seconds"])


def test_json_says_what_went_wrong_too(matte: Matte, photo: Photo) -> None:
    photo("wall.png", is_empty=True)
    result = matte("cut", "wall.png", "--json")
    facts = json.loads(result.stdout)
    assert (result.exit_code, facts["status"], facts["target"]) == (3, "no subject", None)
    facts = json.loads(matte("cut", "gone.png", "--json").stdout)
    assert (facts["status"], facts["model"]) == ("failed", None)
    assert "does not exist" in facts["message"]


def test_a_folder_keeps_its_sub_folders(matte: Matte, photo: Photo, tmp_path: Path) -> None:
    photo("in/a/x.jpg"), photo("in/b/x.jpg")
    result = matte("cut", "in", "-o", "out")
    assert result.exit_code == 0
    assert result.stdout.split() == [str(Path("out/a/x.png")), str(Path("out/b/x.png"))]
    assert result.stderr == "2 done\n"
    assert mode("out/a/x.png") == "RGBA"


def test_a_bad_file_in_a_folder_is_named_and_the_rest_is_done(matte: Matte, photo: Photo, tmp_path: Path) -> None:
    photo("in/1.png"), photo("in/3.png"), photo("in/4.png", is_empty=True)
    (tmp_path / "in/2.png").write_bytes(b"")
    result = matte("cut", "in", "-o", "out")
    assert result.exit_code == 1
    assert result.stdout.split() == [str(Path("out/1.png")), str(Path("out/3.png"))]
    assert "in/2.png is empty" in result.stderr
    assert "in/4.png: no subject found" in result.stderr
    assert result.stderr.endswith("2 done, 1 failed, 1 no subject\n")


def test_a_second_run_skips_what_is_done(matte: Matte, photo: Photo) -> None:
    photo("in/1.png"), photo("in/2.png")
    matte("cut", "in")
    again = matte("cut", "in")
    assert (again.exit_code, again.stderr) == (0, "2 skipped\n")
    assert len(again.stdout.split()) == 2
    assert matte("cut", "in", "--background", "red").stderr == "2 done\n"
    assert matte("cut", "in", "--background", "red").stderr == "2 skipped\n"
    assert matte("cut", "in", "--background", "red", "--overwrite").stderr == "2 done\n"


def test_a_background_file_that_changes_is_a_new_recipe(matte: Matte, photo: Photo, tmp_path: Path) -> None:
    photo("in/1.png"), photo("in/2.png"), photo("wall.png")
    assert matte("cut", "in", "--background", "wall.png").stderr == "2 done\n"
    photo("wall.png", size_px=30)
    assert matte("cut", "in", "--background", "wall.png").stderr == "2 done\n"


def test_several_files_and_json(matte: Matte, photo: Photo) -> None:
    photo("1.png"), photo("2.png")
    lines = matte("cut", "1.png", "2.png", "gone.png", "--json").stdout.splitlines()
    assert [json.loads(line)["status"] for line in lines] == ["done", "done", "failed"]


def test_notes_go_to_stderr(matte: Matte, photo: Photo, tmp_path: Path) -> None:
    with Image.open(photo("cat.png")) as still:
        frames = [still.convert("P"), still.rotate(90).convert("P")]
    frames[0].save(tmp_path / "cat.gif", save_all=True, append_images=frames[1:])
    result = matte("cut", "cat.gif")
    assert (result.exit_code, result.stdout) == (0, "cat.cutout.png\n")
    assert result.stderr.startswith("cat.gif: ")
    assert "first" in result.stderr


def test_a_place_that_cannot_be_a_folder_is_said(matte: Matte, photo: Photo) -> None:
    photo("cat.png")
    result = matte("cut", "cat.png", "-o", "cat.png/x.png")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "cat.png cannot be made a folder" in result.stderr


def test_too_little_memory_is_said(matte: Matte, photo: Photo, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhaust(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("mattelier.runtime.pipeline.Matter.cut", exhaust)
    photo("a/cat.png"), photo("a/dog.png")
    assert "does not fit into memory" in matte("cut", "a/cat.png").stderr
    batch = matte("cut", "a")
    assert (batch.exit_code, batch.stderr.count("does not fit into memory")) == (1, 2)


def test_an_interrupt_is_quiet(matte: Matte, photo: Photo, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mattelier.runtime.pipeline.Matter.cut", interrupt)
    photo("cat.png")
    result = matte("cut", "cat.png")
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "")


@pytest.fixture
def aided(matte: Matte, told: tuple[Card, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Matte:
    """The command line with a trimap system as its only one, and a trimap for the disc."""
    monkeypatch.setattr("mattelier.models.CARDS", (told[0],))
    monkeypatch.setenv("MATTELIER_HOME", str(told[1].parent))
    y, x = np.mgrid[:60, :60] - 30
    distance = np.hypot(y, x)
    marks = np.where(distance < 15, 255, np.where(distance < 25, 128, 0)).astype(np.uint8)
    Image.fromarray(marks).save(tmp_path / "marks.png")
    return matte


def test_a_trimap_leads_a_system_that_takes_one(aided: Matte, photo: Photo) -> None:
    photo("cat.png")
    result = aided(
        "cut", "cat.png", "--model", "fba-told", "--trimap", "marks.png", "--keep", "trimap", "-o", "back.png"
    )
    assert (result.exit_code, result.stdout, result.stderr) == (0, "back.png\n", "")
    with Image.open("back.png") as back, Image.open("marks.png") as marks:
        assert np.array_equal(back, marks)
    facts = json.loads(aided("cut", "cat.png", "--model", "fba-told", "--trimap", "marks.png", "--json").stdout)
    assert facts["model"].startswith("fba-told.test@") and facts["status"] == "done"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("cat.png",), 2, "no trimap was given; fba-told.test needs one"),
        (("cat.png", "dog.png", "--trimap", "marks.png"), 2, "--trimap is for one picture; several were named"),
        (("cat.png", "--trimap", "gone.png"), 1, "the trimap cannot be read: gone.png does not exist"),
        (("cat.png", "--trimap", "large.png"), 1, "the trimap is 80 x 80 px and the photo 60 x 60"),
        (("cat.png", "--trimap", "black.png"), 1, "no unknown part"),
        (("cat.png", "--trimap", "grey.png"), 1, "the trimap knows nothing"),
    ],
)
def test_a_trimap_that_is_missing_or_wrong_is_one_sentence(
    aided: Matte, photo: Photo, tmp_path: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    photo("cat.png"), photo("dog.png"), photo("large.png", size_px=80)
    Image.new("L", (60, 60), 0).save(tmp_path / "black.png")
    Image.new("L", (60, 60), 128).save(tmp_path / "grey.png")
    result = aided("cut", "--model", "fba-told", *words)
    assert (result.exit_code, result.stdout) == (code, "")
    assert says in " ".join(result.stderr.replace("│", " ").split())


def test_with_both_systems_shipped_standard_joins_them(
    matte: Matte, photo: Photo, glancing: tuple[Card, Path], told: tuple[Card, Path], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Draft does not, and a batch tells the two apart."""
    for card, file in (glancing, told):
        (tmp_path / "shipped" / card.weights.file).parent.mkdir(exist_ok=True)
        (tmp_path / "shipped" / card.weights.file).write_bytes(file.read_bytes())
    monkeypatch.setattr("mattelier.weights.shipped_folder", lambda: tmp_path / "shipped")
    monkeypatch.setattr("mattelier.models.CARDS", (glancing[0], told[0]))
    photo("in/1.png"), photo("in/2.png")
    first = json.loads(matte("cut", "in/1.png", "-o", "x.png", "--json").stdout)
    assert [name.split("@")[0] for name in first["model"].split(" + ")] == ["gfm-glancing.test", "fba-told.test"]
    assert {"network", "trimap", "refine"} <= set(first["seconds"])
    assert matte("cut", "in", "-o", "out").stderr == "2 done\n"
    assert matte("cut", "in", "-o", "out").stderr == "2 skipped\n"
    assert matte("cut", "in", "-o", "out", "--quality", "draft").stderr == "2 done\n"


def red_and_blue(path: Path) -> Path:
    """A red block on the left, a blue one on the right."""
    pixels = np.zeros((60, 120, 3), np.uint8)
    pixels[15:45, 15:45, 0] = pixels[15:45, 75:105, 2] = 250
    Image.fromarray(pixels).save(path)
    return path


def kept(path: str) -> tuple[int, int]:
    """Alpha in the middle of the red block, and of the blue one."""
    alpha = np.asarray(Image.open(path))[..., 3]
    return int(alpha[30, 30]), int(alpha[30, 90])


def test_words_say_what_is_kept_and_choose_the_model(matte: Matte, with_reader: Path, tmp_path: Path) -> None:
    red_and_blue(tmp_path / "two.png")
    for prompt, wanted in (("the red block", (255, 0)), ("blue", (0, 255))):
        result = matte("cut", "two.png", "-o", "x.png", "--overwrite", "--prompt", prompt, "--json")
        assert json.loads(result.stdout)["model"].startswith("clipmat-reading.test@")
        assert kept("x.png") == wanted


def test_words_for_what_is_not_there_are_no_subject(matte: Matte, with_reader: Path, tmp_path: Path) -> None:
    red_and_blue(tmp_path / "two.png")
    result = matte("cut", "two.png", "--prompt", "a unicorn")
    assert result.exit_code == 3 and files(tmp_path) == ["two.png"]
    assert "no subject found for 'a unicorn': what comes nearest is meant by" in result.stderr


def test_other_words_make_a_batch_again(matte: Matte, with_reader: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    red_and_blue(tmp_path / "in" / "two.png")
    for prompt, said in (("red", "1 done"), ("red", "1 skipped"), ("blue", "1 done")):
        assert said in matte("cut", "in", "-o", "out", "--prompt", prompt).stderr
    assert kept("out/two.png") == (0, 255)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--model", "clipmat"), "no prompt was given; clipmat-reading.test keeps what words say"),
        (("--model", "modnet", "--prompt", "the cat"), "understands no words; leave --prompt away"),
        (("--prompt", "?!"), "the prompt '?!' has no word; expected what to keep"),
        (("--prompt", "red", "--trimap", "two.png"), "finds the subject from words; leave --trimap away"),
    ],
)
def test_words_and_models_must_fit(
    matte: Matte, with_reader: Path, tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    red_and_blue(tmp_path / "two.png")
    result = matte("cut", "two.png", *words)
    assert result.exit_code == 2 and says in " ".join(result.stderr.replace("│", " ").split())
