"""The desk: what waits, what is sent away, and that the event loop stays free."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from mattelier.errors import InputError, UnknownModel, WeightsError
from mattelier.serve.desk import Desk
from mattelier.serve.problems import Problem
from mattelier.serve.settings import Settings


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Work waits for it; opened at the end, so that no thread is left behind."""
    event = threading.Event()
    yield event
    event.set()


def holding(gate: threading.Event, started: threading.Event | None = None) -> Any:
    def work(_: Desk) -> str:
        if started:
            started.set()
        assert gate.wait(30)
        return "done"

    return work


async def until(condition: Any) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.005)


def test_work_is_done_elsewhere_and_its_result_comes_back() -> None:
    async def live() -> None:
        desk = Desk(Settings(workers=1))
        assert await desk.do(lambda _: threading.current_thread().name) != threading.current_thread().name
        with pytest.raises(InputError, match="bad picture"):
            await desk.do(lambda _: (_ for _ in ()).throw(InputError("bad picture")))
        await desk.drain()

    asyncio.run(live())


def test_the_event_loop_runs_on_while_a_picture_is_worked_on(gate: threading.Event) -> None:
    async def live() -> None:
        desk = Desk(Settings(workers=1))
        task = asyncio.create_task(desk.do(holding(gate)))
        await until(lambda: desk.running == 1)
        gate.set()  # only a free loop gets here
        assert await task == "done"
        await desk.drain()

    asyncio.run(live())


def test_one_more_than_workers_and_queue_is_sent_away(gate: threading.Event) -> None:
    async def live() -> None:
        desk = Desk(Settings(workers=1, queue=2))
        tasks = [asyncio.create_task(desk.do(holding(gate))) for _ in range(3)]
        await until(lambda: desk.waiting == 2)
        with pytest.raises(Problem) as refused:
            await desk.do(holding(gate))
        assert (refused.value.status, refused.value.code) == (503, "busy")
        assert int(refused.value.headers["Retry-After"]) >= 1
        gate.set()
        assert await asyncio.gather(*tasks) == ["done"] * 3
        await until(lambda: desk.running == 0)
        assert await desk.do(lambda _: "again") == "again"
        await desk.drain()

    asyncio.run(live())


def test_what_takes_too_long_is_a_504_and_keeps_its_place_until_it_ends(gate: threading.Event) -> None:
    async def live() -> None:
        desk = Desk(Settings(workers=1, queue=0, seconds=0.05))
        with pytest.raises(Problem) as late:
            await desk.do(holding(gate))
        assert (late.value.status, late.value.code) == (504, "timeout")
        with pytest.raises(Problem, match="fewer were expected"):
            await desk.do(holding(gate))
        gate.set()
        await until(lambda: desk.running == 0)
        await desk.drain()

    asyncio.run(live())


def test_what_waited_too_long_is_never_begun(gate: threading.Event) -> None:
    async def live() -> None:
        begun = threading.Event()
        desk = Desk(Settings(workers=1, queue=5, seconds=0.2))
        first = asyncio.create_task(desk.do(holding(gate)))
        await until(lambda: desk.running == 1)
        with pytest.raises(Problem):
            await desk.do(holding(gate, begun))
        with pytest.raises(Problem):
            await first
        gate.set()
        await desk.drain()
        assert not begun.is_set()

    asyncio.run(live())


def test_drain_finishes_what_was_accepted_and_accepts_nothing_more(gate: threading.Event) -> None:
    async def live() -> None:
        desk = Desk(Settings(workers=1, queue=2))
        tasks = [asyncio.create_task(desk.do(holding(gate))) for _ in range(3)]
        await until(lambda: desk.waiting == 2)
        closing = asyncio.create_task(desk.drain())
        await asyncio.sleep(0.01)
        with pytest.raises(Problem, match="closing") as refused:
            await desk.do(lambda _: "late")
        assert refused.value.status == 503
        gate.set()
        await closing
        assert await asyncio.gather(*tasks) == ["done"] * 3

    asyncio.run(live())


def test_one_warm_model_is_shared_by_all_threads(installed: object) -> None:
    async def live() -> None:
        desk = Desk(Settings(workers=4, queue=8))
        matters = await asyncio.gather(*(desk.do(lambda desk: desk.matter(None)) for _ in range(8)))
        assert len({id(matter) for matter in matters}) == 1
        assert await desk.do(lambda desk: desk.matter("modnet-bright")) is matters[0]
        with pytest.raises(UnknownModel):
            await desk.do(lambda desk: desk.matter("../../etc/passwd"))
        await desk.drain()

    asyncio.run(live())


def test_ready_after_the_first_picture(installed: object) -> None:
    async def live() -> None:
        desk = Desk(Settings(workers=1))
        assert not desk.ready
        desk.warm()
        desk.warm()
        await until(lambda: desk.ready)
        await desk.drain()
        assert not desk.ready

    asyncio.run(live())


def test_a_default_model_without_weights_says_so(installed: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATTELIER_HOME", "/nowhere")

    async def live() -> None:
        desk = Desk(Settings(workers=1))
        desk.warm()
        await until(lambda: desk.failure is not None)
        assert isinstance(desk.failure, WeightsError)
        assert not desk.ready
        await desk.drain()

    asyncio.run(live())


def test_seconds_by_stage_add_up() -> None:
    desk = Desk(Settings(workers=1))
    desk.note({"network": 0.5, "encode": 0.25})
    desk.note({"network": 0.5})
    assert (desk.pictures, dict(desk.seconds)) == (2, {"network": 1.0, "encode": 0.25})
    asyncio.run(desk.drain())
