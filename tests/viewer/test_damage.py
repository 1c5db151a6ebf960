"""Stores that change, shrink, are locked or broken under every page; hand-made query strings."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from seewhy.viewer import create_app
from tests.viewer.assessment import scored_job
from tests.viewer.counterfactual.searches import write_regions
from tests.viewer.tabular.sample_table import rows
from tests.viewer.tabular.sample_table import write as write_table

PAGES = {
    "scored": ["saliency", "assessment", "labels", "live", "image/0.jpeg", "thumbnail/0.jpeg"],
    "regions": ["saliency", "counterfactual"],
    "wines": ["rows", "importance"],
}
KEYS = (
    *("label", "kind", "sort", "after", "before", "n", "find", "pick", "zoom", "cmap", "op", "cut"),
    *("ov", "box", "thr", "hide", "strip", "sd", "sample", "target", "step", "layer", "swipe"),
    *("metric", "explainer", "w.Only", "w.", "view", "top", "row", "k", "f.alcohol", "f.", "by"),
    *("left", "right", "left_page", "beside", "token", "seen", "empty", "region"),
)
VALUES = st.one_of(
    st.sampled_from(
        [
            "",
            "0",
            "1",
            "-1",
            "0.5",
            "1e308",
            "nan",
            "inf",
            "0.0",
            "1.1",
            "0.5_3",
            "3_0.5",
            "..",
            "*",
        ]
    ),
    st.sampled_from(["id", "prob", "-prob", "sd", "-sd", "dog", "GradCAM", "Only", "9" * 400]),
    st.sampled_from(
        ["<script>", "' OR 1=1 --", "%00", "\u202e", "🐈", "a" * 5000, "0..9", "lo..hi"]
    ),
    st.text(max_size=20),
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with a job for each kind of page."""
    folder = tmp_path_factory.mktemp("whole")
    scored_job.write(folder)
    write_regions(folder)
    write_table(folder, "wines", rows()).close()
    return folder


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "copy"))


def ask(folder: Path) -> TestClient:
    return TestClient(create_app(folder), base_url="http://localhost", raise_server_exceptions=True)


def addresses() -> list[tuple[str, str]]:
    found = []
    for job, pages in PAGES.items():
        for page in pages:
            twins = ["", ".json", ".csv"] if "/" not in page and page != "live" else [""]
            twins = [".json"] if page == "labels" else twins
            found += [(job, f"/j/{job}/{page}{twin}") for twin in twins]
    return found


def garble(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for at in range(4096, len(content), 97):
        content[at] ^= 0x5A
    path.write_bytes(content)


def shorten(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def make_newer(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE meta SET value = '999' WHERE key = 'schema_version'")
    connection.close()


def forget_meta(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM meta WHERE key = 'settings'")
    connection.close()


DAMAGES: list[Callable[[Path], None]] = [
    garble,
    shorten,
    make_newer,
    forget_meta,
    lambda path: path.unlink(),
    lambda path: path.write_bytes(b""),
    lambda path: path.write_bytes(b"no database at all" * 500),
    lambda path: (path.unlink(), path.mkdir())[0],
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_said_and_other_jobs_live(damage: Callable[[Path], None], copy: Path) -> None:
    client = ask(copy)
    for _, address in addresses():
        assert client.get(address).status_code == 200, address
    damage(copy / "scored.seewhy.db")
    for job, address in addresses():
        answer = client.get(address)
        assert "Traceback" not in answer.text
        # What a damaged page of the file does not touch is still shown.
        assert answer.status_code in ((200, 404, 503) if job == "scored" else (200,)), address
    assert client.get("/").status_code == 200
    assert client.get("/j/scored/saliency").status_code in (404, 503)


def test_a_newer_store_names_its_version(copy: Path) -> None:
    make_newer(copy / "scored.seewhy.db")
    answer = ask(copy).get("/j/scored/saliency")
    assert answer.status_code == 503
    assert "999" in answer.text


def test_a_store_replaced_in_use_is_read_anew(copy: Path) -> None:
    client = ask(copy)
    before = client.get("/j/scored/saliency.json").json()["job"]["samples"]
    shutil.copy(copy / "regions.seewhy.db", copy / "new")
    (copy / "new").replace(copy / "scored.seewhy.db")
    after = client.get("/j/scored/saliency.json").json()["job"]["samples"]
    assert after != before
    assert client.get("/j/scored/counterfactual").status_code == 200


def test_a_locked_store_is_said_to_be_one(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seewhy.store.connect.READ_PATIENCE_SECONDS", 0.05)
    with sqlite3.connect(copy / "scored.seewhy.db") as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        answer = ask(copy).get("/j/scored/saliency")
        assert answer.status_code == 503
        assert "locked" in answer.text
        assert ask(copy).get("/").status_code == 200
        connection.rollback()
    connection.close()


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    address=st.sampled_from([address for _, address in addresses()] + ["/", "/compare"]),
    query=st.lists(st.tuples(st.sampled_from(KEYS), VALUES), max_size=4),
)
def test_hand_made_queries_never_break_a_page(
    whole: Path, address: str, query: list[tuple[str, str]]
) -> None:
    answer = ask(whole).get(address, params=query)
    assert answer.status_code in (200, 400, 404), (address, query)
    assert "Traceback" not in answer.text
    if answer.headers["content-type"].startswith("text/html"):
        assert "<script>" not in answer.text
        assert "default-src 'self'" in answer.headers["content-security-policy"]
