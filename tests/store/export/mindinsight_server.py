"""The real MindInsight, in an environment of its own, started as its users start it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

ENVIRONMENT = Path(__file__).resolve().parents[3] / ".venv-mindinsight"
API = "/v1/mindinsight/explainer"
START_SECONDS = 120
PATIENCE_SECONDS = 60
STOP_SECONDS = 3


class Answer(NamedTuple):
    status: int
    kind: str
    body: bytes

    def json(self) -> Any:
        # Python's parser would take NaN and Infinity, which no browser does.
        return json.loads(self.body, parse_constant=lambda name: 1 / 0)


class MindInsight:
    """A running server."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def ask(self, path: str, body: Any = None, **query: Any) -> Answer:
        """GET, or POST of JSON if there is a body; query values are escaped."""
        url = f"{self.url}{path}" + (f"?{urllib.parse.urlencode(query)}" if query else "")
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        try:
            with urllib.request.urlopen(
                urllib.request.Request(url, data, headers), timeout=PATIENCE_SECONDS
            ) as answer:
                return Answer(answer.status, answer.headers["Content-Type"], answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers["Content-Type"], error.read())

    def explain_jobs(self) -> list[dict[str, Any]]:
        answer = self.ask(f"{API}/explain-jobs", limit=999)
        assert answer.status == 200, answer
        jobs: list[dict[str, Any]] = answer.json()["explain_jobs"]
        return jobs

    def loaded(self, job: str) -> dict[str, Any]:
        """What it says of a job when it has read all of it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = self.ask(f"{API}/explain-job", train_id=job)
            # While it reads, it may fail to answer: it counts in lists that grow.
            if answer.status == 200 and answer.json()["status"] == "LOADED":
                meta: dict[str, Any] = answer.json()
                return meta
            assert time.monotonic() < deadline, f"not loaded: {answer}"
            time.sleep(0.2)

    def samples(self, page: str, job: str, **more: Any) -> list[dict[str, Any]]:
        """All samples of the saliency page or of that of counterfactuals ("hoc")."""
        found: list[dict[str, Any]] = []
        while True:
            body = {"train_id": job, "limit": 100, "offset": len(found) // 100, **more}
            answer = self.ask(f"{API}/{page}", body)
            assert answer.status == 200, answer
            content = answer.json()
            found += content["samples"]
            if len(found) >= content["count"]:
                return found

    def scores(self, job: str) -> list[dict[str, Any]]:
        answer = self.ask(f"{API}/evaluation", train_id=job)
        assert answer.status == 200, answer
        scores: list[dict[str, Any]] = answer.json()["explainer_scores"]
        return scores


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def serving(base: Path, workspace: Path) -> Iterator[MindInsight]:
    """Start MindInsight over a folder; all it writes goes to `workspace`."""
    command = ENVIRONMENT / "bin" / "mindinsight"
    assert command.is_file(), (
        f"{command} is missing: `make test` installs it, or `make {ENVIRONMENT.name}/.ready`"
    )
    workspace.mkdir(parents=True, exist_ok=True)
    port = free_port()
    with (workspace / "start.log").open("wb") as log:
        starting = subprocess.Popen(
            [command, "start", "--workspace", workspace, "--summary-base-dir", base,
             "--port", str(port)],
            # It starts gunicorn by its bare name, and leaves files in HOME.
            env={**os.environ, "PATH": f"{command.parent}:{os.environ['PATH']}",
                 "HOME": str(workspace), "PYTHONPATH": ""},
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        code = starting.wait(START_SECONDS)
        assert code == 0, (workspace / "start.log").read_text()
        server = MindInsight(port)
        deadline = time.monotonic() + START_SECONDS
        # In its first second it refuses every question.
        while server.ask(f"{API}/explain-jobs").status != 200:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        yield server
    finally:
        _stop(starting)


def _stop(leader: subprocess.Popen[bytes]) -> None:
    """End all processes of the session that `leader` began: politely, then not."""
    for number in (signal.SIGINT, signal.SIGKILL):
        deadline = time.monotonic() + STOP_SECONDS
        with suppress(ProcessLookupError):
            os.killpg(leader.pid, number)
            while time.monotonic() < deadline:
                leader.poll()
                os.killpg(leader.pid, 0)
                time.sleep(0.1)
