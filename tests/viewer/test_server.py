"""Where the server listens, what it prints, how it ends."""

from __future__ import annotations

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from seewhy.viewer import serve
from seewhy.viewer.jupyter import launcher
from seewhy.viewer.sockets import is_private, listen, listen_on_file, url

PATIENCE_SECONDS = 60


def test_the_next_free_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with listen("127.0.0.1", port) as listener:
            assert port < listener.getsockname()[1] <= port + 50


def test_answers_are_sent_at_once() -> None:
    with listen("127.0.0.1", 0) as listener:
        with socket.create_connection(listener.getsockname()):
            connection, _ = listener.accept()
            with connection:
                assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_addresses_are_ones_that_a_browser_understands() -> None:
    with listen("0.0.0.0", 0) as listener:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", url(listener))
    with listen("::1", 0) as listener:
        assert re.fullmatch(r"http://\[::1\]:\d+/\?token=x", url(listener, "x"))


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(OSError, match=r"`host` '192\.0\.2\.1' cannot be listened on"):
        listen("192.0.2.1", 8421)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback_addresses_are_private(host: str) -> None:
    assert is_private(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.1", "example.org"])
def test_others_need_a_token(host: str, tmp_path: Path) -> None:
    assert not is_private(host)
    with pytest.raises(ValueError, match="`token` must be True"):
        serve(tmp_path, host=host, token=False)


@contextmanager
def viewing(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`seewhy view` and the first line that it prints; ends on Ctrl-C, without complaint."""
    process = subprocess.Popen(
        [sys.executable, "-m", "seewhy", "view", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": "/nothing", "PYTHONPATH": os.environ.get("PYTHONPATH", "")},
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 0, errors
        assert errors == ""
    finally:
        process.kill()
        process.communicate()


def test_a_served_folder_prints_its_link_and_ends_on_ctrl_c(jobs: Path) -> None:
    with viewing(str(jobs), "--port", "0") as (_, line):
        link = re.search(r"(http://127\.0\.0\.1:\d+/)\?token=([\w-]{32})", line)
        assert link, line
        # The socket listens already when the line is printed; the answer comes when it is up.
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        with browser.open(link[0], timeout=PATIENCE_SECONDS) as answer:
            assert b"animals" in answer.read()
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(link[1], timeout=PATIENCE_SECONDS)


def test_without_a_token_the_bare_address_opens(jobs: Path) -> None:
    with viewing(str(jobs), "--port", "0", "--no-token") as (_, line):
        address = re.search(r"http://127\.0\.0\.1:\d+/(?= )", line)
        assert address, line
        with urllib.request.urlopen(address[0], timeout=PATIENCE_SECONDS) as answer:
            assert b"animals" in answer.read()


def test_a_socket_file_serves_only_this_user(jobs: Path, tmp_path: Path) -> None:
    path = tmp_path / "seewhy.sock"
    with viewing(str(jobs), "--uds", str(path)) as (process, line):
        assert str(path) in line
        assert process.stdout is not None
        assert f"ssh -L 8421:{path}" in process.stdout.readline()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        connection = HTTPConnection("127.0.0.1:8421", timeout=PATIENCE_SECONDS)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(path))
        connection.request("GET", "/")
        assert b"animals" in connection.getresponse().read()
        connection.close()
    assert not path.exists()


def test_a_socket_file_is_taken_over_only_from_a_dead_server(tmp_path: Path) -> None:
    path = tmp_path / "seewhy.sock"
    with listen_on_file(path):
        with pytest.raises(OSError, match="another server listens on this `uds`"):
            listen_on_file(path).__enter__()
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    with listen_on_file(path):
        assert path.is_socket()
    path.write_text("mine")
    with pytest.raises(FileExistsError, match="`uds` must name a new file"):
        listen_on_file(path).__enter__()
    assert path.read_text() == "mine"
    with pytest.raises(OSError, match="cannot be listened on"):
        listen_on_file(tmp_path / "none" / "x").__enter__()


def test_jupyter_starts_it_on_a_socket_file(jobs: Path, tmp_path: Path) -> None:
    command = launcher()["command"]
    assert command[:2] == ["seewhy", "view"]
    path = tmp_path / "jupyter.sock"
    arguments = [part.format(unix_socket=path) for part in command[2:]]
    with viewing(str(jobs), *arguments[1:]) as (_, line):
        assert str(path) in line
