from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from seewhy.viewer.server import listen, url

SERVE = "import sys; from seewhy.viewer import serve; serve(sys.argv[1], port=int(sys.argv[2]))"


def test_the_next_free_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with listen("127.0.0.1", port) as listener:
            assert port < listener.getsockname()[1] <= port + 50


def test_addresses_are_ones_that_a_browser_understands() -> None:
    with listen("0.0.0.0", 0) as listener:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", url(listener))
    with listen("::1", 0) as listener:
        assert re.fullmatch(r"http://\[::1\]:\d+/", url(listener))


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(OSError, match=r"`host` '192\.0\.2\.1' cannot be listened on"):
        listen("192.0.2.1", 8421)


def test_a_served_folder_prints_its_address_and_ends_on_ctrl_c(jobs: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(jobs), "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": "/nothing"},
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    address = re.search(r"http://127\.0\.0\.1:\d+/", line)
    assert address, line
    # The socket listens already when the line is printed; the answer comes when the server is up.
    with urllib.request.urlopen(address[0], timeout=20) as answer:
        assert b"animals" in answer.read()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 0, errors
    assert errors == ""
