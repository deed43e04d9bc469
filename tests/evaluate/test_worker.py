"""A process a system: answers, failures and deaths, each told apart."""

from functools import partial

import numpy as np
import pytest

from evaluate.solvers import broken, open_it
from mattelier.data.readers.example import Example
from mattelier.errors import InputError
from mattelier.evaluate.memory import peak_mib
from mattelier.evaluate.system import Request, System
from mattelier.evaluate.worker import Worker, warm


def system(megabytes: int = 1) -> System:
    return System("test", "", "none", "in process", partial(open_it, megabytes))


def test_an_answer_comes_from_another_process(picture: Example) -> None:
    with Worker(system()) as worker:
        answer = worker.answer(Request(picture.image))
    assert answer.alpha.shape == (1, 4) and float(answer.alpha[0, 0]) == 0.5
    assert answer.colours is not None and answer.cpu_seconds >= 0 and answer.seconds > 0


def test_memory_is_the_systems_own(picture: Example) -> None:
    held = np.ones(400 << 20, np.uint8)  # this process's memory is not the system's
    with Worker(system(1)) as small, Worker(system(200)) as large:
        little, much = (worker.answer(Request(picture.image)).peak_mib for worker in (small, large))
    assert little is not None and much is not None
    assert little + 120 < much < (peak_mib() or 0) and held[-1] == 1


def test_a_failure_costs_one_picture(picture: Example) -> None:
    with Worker(system()) as worker:
        with pytest.raises(InputError, match="ValueError: as ordered"):
            worker.answer(Request(picture.image, prompt="fail"))
        assert worker.answer(Request(picture.image)).alpha.size == 4


def test_a_death_costs_one_picture(picture: Example) -> None:
    with Worker(system()) as worker:
        with pytest.raises(InputError, match="the process of test ended with 7"):
            worker.answer(Request(picture.image, prompt="die"))
        assert worker.answer(Request(picture.image)).alpha.size == 4


def test_a_system_that_does_not_open_says_why(picture: Example) -> None:
    with (
        Worker(System("test", "", "none", "in process", broken)) as worker,
        pytest.raises(InputError, match="the library is not there"),
    ):
        worker.answer(Request(picture.image))


def test_warming_up_shows_a_picture_with_its_trimap() -> None:
    seen = []

    def solve(request: Request) -> None:
        from mattelier.image.io import decode, decode_mask

        assert request.trimap is not None
        seen.append((decode(request.image).pixels.shape, sorted(np.unique(decode_mask(request.trimap)))))
        raise InputError("it says no")

    warm(solve)  # type: ignore[arg-type]
    assert seen == [((64, 64, 3), [0, 128, 255])]
