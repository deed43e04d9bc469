"""Tables of a small result, cell by cell."""

from mattelier.evaluate import report


def figure(mean: float) -> dict[str, float]:
    return {"mean": mean, "low": mean - 0.5, "high": mean + 0.5}


RESULT = {
    "set": {"name": "bench", "kind": "a kind", "pictures": 3, "automatic": 2, "limit": 3, "sha256": "ab" * 32},
    "environment": {
        "commit": "c0ffee",
        "versions": {"numpy": "2.0"},
        "machine": {"system": "x", "processor": "a chip", "cpus": 2},
    },
    "systems": [
        {
            "name": "ours",
            "sha256": "12" * 32,
            "version": "",
            "hint": "none",
            "scope": "in process",
            "groups": {"all": {"pictures": 2, "sad": figure(1.0), "seconds": figure(2.0)}, "toy": {"pictures": 1}},
            "failed": [{"name": "one", "error": "bad"}],
        },
        {
            "name": "theirs",
            "sha256": "",
            "version": "1.2",
            "hint": "trimap",
            "scope": "whole process",
            "groups": {"all": {"pictures": 3, "sad_foreground": figure(0.0)}, "auto = yes": {"pictures": 2}},
            "failed": [],
        },
    ],
    "paired": [
        {
            "system": "ours",
            "against": "theirs",
            "pictures": 2,
            "differences": {"sad": figure(0.25)},
            "ratios": {"sad": figure(1.5)},
        }
    ],
}


def test_rows_of_what_was_measured() -> None:
    head, ours, theirs, automatic = report.rows(RESULT)
    assert ours[:5] == ("ours", "all", "2", "1", "1.00 [0.50, 1.50]")
    assert dict(zip(head, ours, strict=True))["s"] == "2.00"
    assert theirs[:4] == ("theirs", "all", "3", "0") and set(theirs[4:]) == {"-"}
    assert automatic[:4] == ("theirs", "auto = yes", "2", "")
    assert [row[1] for row in report.rows(RESULT, categories=True)] == ["group", "all", "toy", "all", "auto = yes"]


def test_regions_only_where_there_are_some() -> None:
    head, theirs = report.region_rows(RESULT)
    assert theirs[0] == "theirs" and dict(zip(head, theirs, strict=True))["SAD foreground"] == "0.000"


def test_differences_carry_their_sign() -> None:
    head, pair = report.paired_rows(RESULT)
    found = dict(zip(head, pair, strict=True))
    assert found["SAD"] == "+0.250 [-0.250, +0.750]" and found["SAD ratio"] == "1.50 [1.00, 2.00]"
    assert found["boundary IoU"] == "-"


def test_markdown_and_facts() -> None:
    assert report.markdown([("a", "b"), ("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
    facts = report.facts(RESULT)
    for part in ("bench: 3 pictures, the first 3 only (a kind), 2 of them", "`abababababababab`", "`c0ffee`", "a chip"):
        assert part in facts
    _, ours, theirs = report.weights(RESULT)
    assert ours == ("ours", "`1212121212121212`", "this commit", "the picture alone", "in process")
    assert theirs == ("theirs", "none", "1.2", "the trimap", "whole process")
