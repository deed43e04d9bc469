"""Against `rembg s --no-ui` with u2netp, in one command and in rounds:

    benchmarks/setup_rembg.sh FOLDER
    python benchmarks/versus_rembg_server.py --rembg-python FOLDER/venv/bin/python --models FOLDER/models

Run with the interpreter that has mattelier, its extra `serve` included. Both servers run at once with their defaults;
eight clients with open connections send 0.2 MP photos to one of them, then to the other, turn by turn. Prints a table
and writes benchmarks/results/server.json with machine, versions, commit and weights.
"""

import argparse
import http.client
import io
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from measure import MIB, ROOT, commit, machine
from PIL import Image
from versus_rembg import VERSIONS, WEIGHTS, ask, picture, publish

RESULT = ROOT / "benchmarks" / "results" / "server.json"
PIXELS = 200_000
EARLY = 50  # requests after which memory is read the first time
TIMEOUT_S = 300
BOUNDARY = "a-line-that-no-photo-holds"


@dataclass
class Server:
    """One running server, and everything measured of it so far."""

    name: str
    process: subprocess.Popen[bytes]
    port: int
    path: str
    fields: dict[str, str]
    seconds: list[float] = field(default_factory=list)  # of every request
    rounds: list[float] = field(default_factory=list)  # requests a second
    cpu_s: list[float] = field(default_factory=list)  # a request, round by round
    failures: list[str] = field(default_factory=list)
    early_mib: float = 0.0

    @property
    def memory_mib(self) -> float:
        """Resident memory of the process, MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) * 1024 / MIB

    @property
    def used_cpu_s(self) -> float:
        """CPU seconds that the process has used, user and system."""
        ticks = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Row:
    """One line of the table. goal: the most that `judged` may be, or the least when it is a throughput."""

    name: str
    unit: str
    ours: float
    theirs: float
    judged: float
    goal: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.judged >= self.goal if self.at_least else self.judged <= self.goal


def photos() -> list[bytes]:
    """The samples as JPEG files of 0.2 MP."""
    made = []
    for path in sorted((ROOT / "examples").glob("*.png")):
        image = Image.open(path).convert("RGB")
        scale = (PIXELS / (image.width * image.height)) ** 0.5
        out = io.BytesIO()
        image.resize((round(image.width * scale), round(image.height * scale))).save(out, "JPEG", quality=90)
        made.append(out.getvalue())
    return made


def form(photo: bytes, name: str, fields: dict[str, str]) -> bytes:
    """A multipart body: a file and some fields."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
        for key, value in fields.items()
    ]
    parts.append(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="photo.jpg"\r\n')
    head = "".join(parts) + "Content-Type: image/jpeg\r\n\r\n"
    return head.encode() + photo + f"\r\n--{BOUNDARY}--\r\n".encode()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def started(
    name: str, command: list[str], port: int, path: str, fields: dict[str, str], environment: dict[str, str]
) -> Iterator[Server]:
    """A server's process, ended with the block."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **environment}
    )
    try:
        yield Server(name, process, port, path, fields)
    finally:
        process.terminate()
        process.wait(TIMEOUT_S)


def ours() -> "contextmanager[Server]":
    port = free_port()
    return started(
        "mattelier", [sys.executable, "-m", "mattelier", "serve", "--port", str(port)], port, "/api/cut", {}, {}
    )


def theirs(python: str, models: Path) -> "contextmanager[Server]":
    port = free_port()
    rembg = str(Path(python).parent / "rembg")
    command = [rembg, "s", "--no-ui", "-h", "127.0.0.1", "-p", str(port)]
    return started("rembg", command, port, "/api/remove", {"model": "u2netp"}, {"U2NET_HOME": str(models)})


def wait(server: Server, path: str) -> float:
    """Seconds until the path is answered 200."""
    start = time.perf_counter()
    while time.perf_counter() - start < TIMEOUT_S:
        if server.process.poll() is not None:
            raise SystemExit(f"{server.name} ended with exit {server.process.returncode}")
        try:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_S)
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return time.perf_counter() - start
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.01)
    raise SystemExit(f"{server.name} did not answer {path} within {TIMEOUT_S} s")


def send(server: Server, connection: http.client.HTTPConnection, body: bytes) -> None:
    """One request, timed; what is no PNG is a failure."""
    start = time.perf_counter()
    try:
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        connection.request("POST", server.path, body, {"Content-Type": kind})
        answer = connection.getresponse()
        data = answer.read()
        if answer.status != 200 or not data.startswith(b"\x89PNG"):
            server.failures.append(f"{answer.status} {data[:80]!r}")
    except (OSError, http.client.HTTPException) as error:
        server.failures.append(repr(error))
        connection.close()
    server.seconds.append(time.perf_counter() - start)
    if len(server.seconds) == EARLY:
        server.early_mib = server.memory_mib


def play(server: Server, clients: int, bodies: list[bytes]) -> None:
    """One round: all bodies, from clients that keep their connection for as long as the round takes."""
    waiting = iter(bodies)
    lock = threading.Lock()

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_S)
        while True:
            with lock:
                body = next(waiting, None)
            if body is None:
                return connection.close()
            send(server, connection, body)

    start, cpu_s = time.perf_counter(), server.used_cpu_s
    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    server.rounds.append(len(bodies) / (time.perf_counter() - start))
    server.cpu_s.append((server.used_cpu_s - cpu_s) / len(bodies))


def start_up(
    open_server: Callable[[], "contextmanager[Server]"], path: str, body: bytes, runs: int
) -> dict[str, float]:
    """Medians of several starts: seconds until `path` is answered, and until the first cut-out."""
    ready, first = [], []
    for _ in range(runs):
        start = time.perf_counter()
        with open_server() as server:
            wait(server, path)
            ready.append(time.perf_counter() - start)
            send(server, http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_S), body)
            first.append(time.perf_counter() - start)
            if server.failures:
                raise SystemExit(f"{server.name}: {server.failures[0]}")
    return {"ready_s": statistics.median(ready), "first_s": statistics.median(first)}


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, round(share * (len(values) - 1)))]


def table(a: Server, b: Server, starts: dict[str, dict[str, float]]) -> list[Row]:
    """What the two servers are judged by."""
    faster = statistics.median(x / y for x, y in zip(a.rounds, b.rounds, strict=True))
    speed = statistics.median(a.rounds), statistics.median(b.rounds)
    p50, p95 = ((percentile(a.seconds, share), percentile(b.seconds, share)) for share in (0.5, 0.95))
    cpu = statistics.median(a.cpu_s), statistics.median(b.cpu_s)
    grown = a.memory_mib / a.early_mib
    ready, first = ((starts["ours"][key], starts["theirs"][key]) for key in ("ready_s", "first_s"))
    return [
        Row("failures", "requests", len(a.failures), len(b.failures), len(a.failures), 0),
        Row("throughput (ratio)", "1/s", *speed, faster, 2, at_least=True),
        Row("p50 (ratio)", "s", *p50, p50[0] / p50[1], 1),
        Row("p95 (ratio)", "s", *p95, p95[0] / p95[1], 0.5),
        Row("CPU a request (ratio)", "s", *cpu, cpu[0] / cpu[1], 1),
        Row(f"memory after {EARLY} (ratio)", "MiB", a.early_mib, b.early_mib, a.early_mib / b.early_mib, 1),
        Row("memory at the end (ours: against early)", "MiB", a.memory_mib, b.memory_mib, grown, 1.1),
        Row("start-up to ready (ours: seconds)", "s", *ready, ready[0], 1.5),
        Row("start-up to the first cut-out (ratio)", "s", *first, first[0] / first[1], 1),
    ]  # fmt: skip


def show(rows: list[Row]) -> None:
    print(f"{'':48}{'ours':>10}{'theirs':>10}{'judged':>9}{'goal':>9}")
    for row in rows:
        goal = f"{'>=' if row.at_least else '<='} {row.goal:g}"
        met = "met" if row.met else "MISSED"
        print(f"{row.name + ', ' + row.unit:48}{row.ours:10.3g}{row.theirs:10.3g}{row.judged:9.3g}{goal:>9}  {met}")


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rembg-python", required=True, help="python of the environment that setup_rembg.sh made")
    parser.add_argument("--models", type=Path, required=True, help="folder that holds u2netp.onnx")
    parser.add_argument("--requests", type=int, default=1000, help="to each server")
    parser.add_argument("--rounds", type=int, default=10, help="turns of each server")
    parser.add_argument("--clients", type=int, default=8, help="at once")
    parser.add_argument("--starts", type=int, default=3, help="counted starts of each server")
    parser.add_argument("--result", type=Path, default=RESULT, help="where the JSON goes")
    return parser.parse_args()


def main() -> None:
    chosen = options()
    models = chosen.models.resolve()
    if chosen.requests < EARLY:
        raise SystemExit(f"--requests {chosen.requests} is less than {EARLY}, after which memory is read first")
    sides = {"ours": ours, "theirs": lambda: theirs(chosen.rembg_python, models)}
    ready = {
        "ours": "/readyz",
        "theirs": "/openapi.json",
    }  # rembg has no such path; its model is loaded when first used
    samples = photos()
    probe = {"ours": form(samples[0], "image", {}), "theirs": form(samples[0], "file", {"model": "u2netp"})}
    starts = {side: start_up(sides[side], ready[side], probe[side], chosen.starts) for side in sides}
    each = -(-chosen.requests // chosen.rounds)
    with ours() as a, theirs(chosen.rembg_python, models) as b:
        for side, server in (("ours", a), ("theirs", b)):
            wait(server, ready[side])
        for number in range(chosen.rounds):
            for server, name in ((a, "image"), (b, "file")):
                bodies = [form(samples[i % len(samples)], name, server.fields) for i in range(each)]
                play(server, chosen.clients, bodies)
            print(f"round {number + 1}: {a.rounds[-1]:.2f}/s and {b.rounds[-1]:.2f}/s", file=sys.stderr)
        rows = table(a, b, starts)
    show(rows)
    facts = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": machine(),
        "weights": ask(sys.executable, "-c", WEIGHTS),
        "network_of_rembg": picture(models / "u2netp.onnx"),
        "versions": {
            side: ask(python, "-c", VERSIONS)
            for side, python in (("ours", sys.executable), ("theirs", chosen.rembg_python))
        },
        "requests": each * chosen.rounds,
        "rounds": {"ours": a.rounds, "theirs": b.rounds},
        "clients": chosen.clients,
        "failures": {"ours": a.failures[:5], "theirs": b.failures[:5]},
        "starts": starts,
        "rows": [{**asdict(row), "met": row.met} for row in rows],
    }
    publish(chosen.result, facts)


if __name__ == "__main__":
    main()
