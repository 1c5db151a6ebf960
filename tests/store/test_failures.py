"""Killed processes, full disks, damaged files: real ones."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seewhy.store import read_job
from seewhy.store.connect import NETWORK_FILE_SYSTEMS, file_system, open_writable

Factory = Callable[..., Any]

ENDLESS = """
    import sys, numpy as np
    from PIL import Image
    from seewhy.store import ExplainerInfo, Inference, JobWriter, SaliencyMap, Sample

    with JobWriter(
        sys.argv[1], "job", settings={"min_confidence": 0.5, "network": "lite0"},
        labels=("dog", "cat", "owl"),
        explainers=[
            ExplainerInfo("GradCAM", False, {"layer": "features.8"}),
            ExplainerInfo("Gradient", True, {}),
        ],
        total=None,
    ) as writer:
        for number in range(10**9):
            writer.add_sample(Sample(
                number, f"photo {number}", f"digest {number}", Image.new("RGB", (64, 48)), (0,),
                (), (Inference(0, 0.9, "TP"), Inference(1, 0.6, "FP")),
            ))
            values = np.random.default_rng(number).random((7, 9), dtype=np.float32)
            writer.add_maps([SaliencyMap(number, label, "GradCAM", values) for label in (0, 1)])
            if number == int(sys.argv[2]):
                print("there", flush=True)
"""


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(script: str, *arguments: str) -> str:
    process = start(script, *arguments)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return output.strip()


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """Store of a writer that was killed in the middle of its work."""
    process = start(ENDLESS, str(tmp_path), "700")
    assert process.stdout is not None
    assert process.stdout.readline() == "there\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return tmp_path / "job.seewhy.db"


@pytest.fixture
def shared_dir() -> Iterator[Path]:
    """A folder that another user can reach, which pytest's own are not."""
    directory = Path(tempfile.mkdtemp())
    directory.chmod(0o755)
    yield directory
    directory.chmod(0o755)
    shutil.rmtree(directory)


def test_a_killed_writer_leaves_whole_batches_and_resumes(
    killed: Path, open_writer: Factory, make_sample: Factory, make_map: Factory
) -> None:
    with read_job(killed) as job:
        info = job.info()
        before = {sample.id: sample for sample in job.samples()}
    assert (info.status, info.state) == ("running", "stalled")
    # At most the open batch is lost, and nothing in front of it.
    assert len(before) >= 600
    assert sorted(before) == list(range(len(before)))
    maps = sum(len(sample.maps) for sample in before.values())
    assert 2 * len(before) - 2 <= maps <= 2 * len(before)

    wanted = len(before) + 30
    with open_writer(total=wanted) as writer:
        for number in range(wanted):
            known = writer.known([number]).get(number)
            if known and len(known.maps) == 2:
                continue
            writer.add_sample(make_sample(number))
            writer.add_maps([make_map(number), make_map(number, label=1)])
    with read_job(killed) as job:
        info = job.info()
        after = {sample.id: sample for sample in job.samples()}
        assert job.counts() == {0: {"TP": wanted}, 1: {"FP": wanted}}
    assert (info.state, info.samples) == ("finished", wanted)
    assert all(len(sample.maps) == 2 for sample in after.values())
    assert all(after[number].digest == sample.digest for number, sample in before.items())
    connection = sqlite3.connect(killed)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()


def test_a_second_writer_is_refused_until_the_first_is_gone(
    tmp_path: Path, open_writer: Factory
) -> None:
    process = start(ENDLESS, str(tmp_path), "3")
    assert process.stdout is not None
    process.stdout.readline()
    with pytest.raises(RuntimeError, match=r"another process is writing this job.*job\.seewhy"):
        open_writer()
    open_writer(job="another").close()
    process.kill()
    process.communicate()
    open_writer().close()


def test_two_writers_in_one_process_are_refused_too(open_writer: Factory) -> None:
    with open_writer(), pytest.raises(RuntimeError, match="another process"):
        open_writer()
    open_writer().close()


def test_readers_follow_a_running_writer(tmp_path: Path) -> None:
    process = start(ENDLESS, str(tmp_path), "300")
    assert process.stdout is not None
    process.stdout.readline()
    revisions, counts = [], []
    with read_job(tmp_path / "job.seewhy.db") as job:
        while len(set(revisions)) < 5:
            info = job.info()
            revisions.append(info.revision)
            counts.append(info.samples)
            assert info.state == "running"
            assert job.info().revision >= info.revision
            assert len(list(job.samples())) >= info.samples
    process.kill()
    process.communicate()
    assert revisions == sorted(revisions)
    assert counts == sorted(counts)


def test_an_open_reader_does_not_keep_the_writer_from_closing(
    open_writer: Factory, make_sample: Factory
) -> None:
    writer = open_writer()
    with read_job(writer.path) as job:
        writer.add_sample(make_sample(0))
        writer.close()
        assert job.info().state == "finished"
        assert job.info().samples == 1


def test_a_full_disk_loses_only_the_open_batch(tmp_path: Path, open_writer: Factory) -> None:
    # A limit on the size of files stands for the disk: the kernel refuses to write past it.
    script = """
        import resource, signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (800_000, 800_000))
    """
    process = start(textwrap.dedent(script) + textwrap.dedent(ENDLESS), str(tmp_path), "-1")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    last = errors.strip().splitlines()[-1]
    assert last.startswith("OSError: ")
    assert "are safe in the store: make room and run again" in last
    with read_job(tmp_path / "job.seewhy.db") as job:
        samples = job.info().samples
        assert f"{samples} samples and " in last
        assert samples > 50
        assert len(list(job.samples())) == samples
    with open_writer() as writer:
        assert len(writer.known(range(samples))) == samples


@pytest.mark.parametrize("content", [b"hello, this is not a database " * 50, b"SQLite format 3\0"])
def test_a_file_that_is_no_store_is_named_and_left_alone(
    tmp_path: Path, open_writer: Factory, content: bytes
) -> None:
    path = tmp_path / "job.seewhy.db"
    path.write_bytes(content)
    for opening in (open_writer, lambda: read_job(path)):
        with pytest.raises(ValueError, match=r"job\.seewhy\.db is corrupt or not a SeeWhy store"):
            opening()
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_another_programs_database_is_left_alone(tmp_path: Path, open_writer: Factory) -> None:
    path = tmp_path / "job.seewhy.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE meta (key, value)")
    connection.close()
    content = path.read_bytes()
    for opening in (open_writer, lambda: read_job(path)):
        with pytest.raises(ValueError, match="not one that SeeWhy wrote"):
            opening()
    assert path.read_bytes() == content


def test_a_truncated_store_is_an_error_not_a_crash(
    tmp_path: Path, open_writer: Factory, make_sample: Factory
) -> None:
    with open_writer() as writer:
        for number in range(200):
            writer.add_sample(make_sample(number))
    content = writer.path.read_bytes()
    for size in (len(content) // 2, 5000, 100):
        writer.path.write_bytes(content[:size])
        with (
            pytest.raises(ValueError, match="corrupt or not a SeeWhy store"),
            read_job(writer.path) as job,
        ):
            list(job.samples())
        with pytest.raises(ValueError, match="corrupt or not a SeeWhy store"):
            open_writer()
        assert writer.path.read_bytes() == content[:size]


def test_a_store_that_shrinks_or_vanishes_under_a_reader(
    open_writer: Factory, make_sample: Factory
) -> None:
    with open_writer() as writer:
        for number in range(2000):
            writer.add_sample(make_sample(number))
    with read_job(writer.path) as job:
        os.truncate(writer.path, 8192)
        with pytest.raises(ValueError, match="store"):
            list(job.samples())
    writer.path.unlink()
    with pytest.raises(FileNotFoundError, match="there is no store"):
        read_job(writer.path)


def test_a_locked_store_is_said_to_be_locked(
    open_writer: Factory, make_sample: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_writer() as writer:
        writer.add_sample(make_sample(0))
    other = sqlite3.connect(writer.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    monkeypatch.setattr("seewhy.store.connect.READ_PATIENCE_SECONDS", 0.1)
    with pytest.raises(ValueError, match="is locked by another process"):
        read_job(writer.path)
    other.close()
    read_job(writer.path).close()


def test_an_empty_file_is_an_unwritten_store(tmp_path: Path, open_writer: Factory) -> None:
    path = tmp_path / "job.seewhy.db"
    path.touch()
    with pytest.raises(ValueError, match="is empty"):
        read_job(path)
    open_writer().close()
    read_job(path).close()


def test_a_damaged_header_is_never_called_empty(
    tmp_path: Path, open_writer: Factory, make_sample: Factory
) -> None:
    with open_writer() as writer:
        writer.add_sample(make_sample(0))
    content = writer.path.read_bytes()
    said = set()
    for place in range(112):
        for value in {0, 255, content[place] ^ 1} - {content[place]}:
            damaged = content[:place] + bytes([value]) + content[place + 1 :]
            writer.path.write_bytes(damaged)
            try:
                read_job(writer.path).close()
            except ValueError as error:
                said.add(str(error))
    assert len(said) > 3
    assert [words for words in said if not re.search("corrupt|cannot be read", words)] == []
    assert list(tmp_path.glob("*.db")) == [writer.path]


def test_a_store_whose_tables_are_out_of_sight_is_left_alone(
    tmp_path: Path, open_writer: Factory
) -> None:
    path = tmp_path / "job.seewhy.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE meta (key, value)")
    connection.execute("INSERT INTO meta VALUES ('schema_version', '1')")
    connection.commit()
    connection.close()
    content = bytearray(path.read_bytes())
    assert content[104] == 1  # the number of tables, for SQLite
    content[104] = 0
    path.write_bytes(content)
    for opening in (open_writer, lambda: read_job(path)):
        with pytest.raises(ValueError, match=r"job\.seewhy\.db is corrupt: none of its 2 pages"):
            opening()
    assert path.read_bytes() == content


def test_a_folder_that_cannot_be_made(tmp_path: Path, open_writer: Factory) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"`summary_dir` is not writable.*file/below"):
        open_writer(summary_dir=tmp_path / "file" / "below")


AS_NOBODY = """
    import os, sys
    from pathlib import Path
    from PIL import Image
    from seewhy.store import JobWriter, read_job
    if os.getuid() == 0:
        os.setuid(65534)
    try:
        {body}
    except (OSError, ValueError) as error:
        print(type(error).__name__, error)
"""


def test_a_folder_without_write_permission(shared_dir: Path) -> None:
    shared_dir.chmod(0o555)
    body = "JobWriter(sys.argv[1], 'job', settings={}, labels=['a'], explainers=[], total=None)"
    said = run(AS_NOBODY.format(body=body), str(shared_dir))
    assert said.startswith("PermissionError")
    assert "`summary_dir` is not writable" in said
    assert str(shared_dir) in said


def test_reading_in_a_folder_without_write_permission(
    shared_dir: Path, killed: Path, open_writer: Factory, make_sample: Factory
) -> None:
    with open_writer(summary_dir=shared_dir) as writer:
        writer.add_sample(make_sample(0))
    for file in killed.parent.glob("job.seewhy.db*"):
        shutil.copy(file, shared_dir / file.name.replace("job", "killed"))
    (shared_dir / "killed.seewhy.db-shm").unlink()
    checkpointed = shared_dir / "wal.seewhy.db"
    shutil.copy(writer.path, checkpointed)
    connection = sqlite3.connect(checkpointed)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    shared_dir.chmod(0o555)
    body = "print(read_job(Path(sys.argv[1], sys.argv[2])).info().samples)"
    for name, said in [
        ("job", "1"),
        ("wal", "1"),
        ("killed", "ValueError .*copy it, with its -wal file"),
    ]:
        answer = run(AS_NOBODY.format(body=body), str(shared_dir), f"{name}.seewhy.db")
        assert re.match(said, answer), answer


def test_network_file_systems_get_no_write_ahead_log(tmp_path: Path) -> None:
    share = tmp_path / "my share"
    share.mkdir()
    mountinfo = tmp_path / "mountinfo"
    mountinfo.write_text(
        "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        f"40 21 0:40 / {str(share).replace(' ', chr(92) + '040')} rw - nfs4 server:/x rw\n"
    )
    assert file_system(share, mountinfo) == "nfs4"
    assert file_system(tmp_path, mountinfo) == "ext4"
    assert file_system(tmp_path, tmp_path / "none") == ""
    assert "nfs4" in NETWORK_FILE_SYSTEMS
    for directory, mode in [(share, "truncate"), (tmp_path, "wal")]:
        connection = open_writable(directory / "a.seewhy.db", mountinfo)
        assert connection.execute("PRAGMA journal_mode").fetchone() == (mode,)
        connection.close()


def test_errors_of_the_system_keep_their_number(tmp_path: Path, open_writer: Factory) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="summary_dir") as caught:
        open_writer(summary_dir=tmp_path / "file" / "below")
    assert caught.value.errno == errno.ENOTDIR
