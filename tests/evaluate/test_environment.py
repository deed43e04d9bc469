"""A result says where it was measured."""

from mattelier.evaluate.environment import environment, versions


def test_commit_versions_and_machine() -> None:
    found = environment()
    assert found["commit"] and found["machine"]["cpus"] >= 1 and found["machine"]["processor"]
    assert {"onnxruntime", "numpy", "python"} <= set(found["versions"])


def test_what_is_not_installed_has_no_version() -> None:
    assert set(versions(("numpy", "no-such-package"))) == {"numpy"}
