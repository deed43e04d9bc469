"""A manifest remembers what was finished, and survives a run that was cut short."""

from pathlib import Path

from mattelier.runtime.manifest import FILE, Manifest, Record, digest

ONE, TWO = Record("a.png", "a.jpg", "in", "how", "out"), Record("b.png", "b.jpg", "in2", "how", "out2")


def test_records_are_there_again(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path)
    assert manifest.get("a.png") is None
    manifest.add(ONE)
    manifest.add(TWO)
    again = Manifest(tmp_path)
    assert (again.get("a.png"), again.get("b.png"), again.get("c.png")) == (ONE, TWO, None)


def test_the_last_record_counts(tmp_path: Path) -> None:
    later = Record("a.png", "a.jpg", "in", "other", "out")
    for record in (ONE, later):
        Manifest(tmp_path).add(record)
    assert Manifest(tmp_path).get("a.png") == later


def test_a_torn_line_is_no_record_and_spoils_no_other(tmp_path: Path) -> None:
    Manifest(tmp_path).add(ONE)
    with (tmp_path / FILE).open("a", encoding="utf-8") as file:
        file.write('{"name": "b.png", "inp')
    Manifest(tmp_path).add(TWO)
    again = Manifest(tmp_path)
    assert (again.get("a.png"), again.get("b.png")) == (ONE, TWO)


def test_foreign_lines_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b'\xff\xfe\n[]\n3\n{"name": "a.png"}\n{"other": 1}\n')
    assert Manifest(tmp_path).get("a.png") is None


def test_reading_writes_nothing(tmp_path: Path) -> None:
    Manifest(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_digest_is_sha256(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    assert digest(tmp_path / "x") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
