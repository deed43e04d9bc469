"""A bar for those who look, nothing for those who do not."""

import io
import sys

import pytest

from mattelier.cli.console import say, track


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_without_a_screen_there_is_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(track(iter("abc"), 3)) == ["a", "b", "c"]
    assert capsys.readouterr() == ("", "")


def test_the_bar_is_on_stderr_and_leaves_stdout_to_the_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    screen, pipe = Screen(), io.StringIO()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(sys, "stdout", pipe)
    for item in track(iter("abc"), 3):
        print(item)
        say(f"word {item}")
    assert pipe.getvalue() == "a\nb\nc\n"
    assert "word c" in screen.getvalue()
    assert "3/3" in screen.getvalue()


def test_say_is_one_line_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    say("here")
    assert capsys.readouterr() == ("", "here\n")
