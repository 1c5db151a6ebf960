"""The progress bar, on a real terminal and without one."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from seewhy.runner.progress import progress_bar

SCRIPT = """
import time
from seewhy.runner.progress import progress_bar
with progress_bar("Explaining [bold]job", {total}, {wanted}) as tell:
    for done in range(1, 5):
        tell(done, 0)  # of an earlier run
    for done in range(5, 21):
        time.sleep(0.05)
        tell(done, done - 4)
"""


def on_a_terminal(total: int | None, wanted: bool | None) -> str:
    """What a person sees, without the control sequences."""
    command = [sys.executable, "-c", SCRIPT.format(total=total, wanted=wanted)]
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        seen = b""
        try:
            while part := os.read(ours, 4096):
                seen += part
        except OSError:  # how a terminal ends on Linux
            pass
        os.close(ours)
    assert process.returncode == 0, seen
    return re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", seen).decode()


def test_on_a_terminal_it_tells_the_pace_and_the_time_left() -> None:
    seen = on_a_terminal(20, None)
    last = seen.strip().splitlines()[-1]
    assert re.search(r"^Explaining \[bold\]job .* 20/20 +\d+\.\d samples/s, 0:00:00 left", last)
    # 16 samples in 0.8 s or a little more: what was there before does not count.
    assert 2 < float(re.search(r"([\d.]+) samples/s", last)[1]) <= 20
    assert re.search(r"0:00:01 left|0:00:00 left", seen)


def test_without_a_known_total_there_is_no_time_left() -> None:
    seen = on_a_terminal(None, None)
    assert "samples/s" in seen
    assert "left" not in seen


def test_it_can_be_switched_off() -> None:
    assert on_a_terminal(20, False) == ""


@pytest.mark.parametrize(("wanted", "shown"), [("None", False), ("False", False), ("True", True)])
def test_when_piped(wanted: str, shown: bool) -> None:
    command = [sys.executable, "-c", SCRIPT.format(total=20, wanted=wanted)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == ""
    assert ("20/20" in done.stderr) == shown


def test_it_survives_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError), progress_bar("x", 3, False) as tell:  # noqa: PT012
        tell(1, 1)
        raise KeyError
