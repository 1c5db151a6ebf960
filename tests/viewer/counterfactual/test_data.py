"""The page and its twins in process: what is listed, and every moment of a search."""

from __future__ import annotations

import csv
import html
import io
import json
import random
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from starlette.testclient import TestClient

from seewhy.store import COUNTERFACTUAL_SORTS, KINDS, CounterfactualRecord, Place, read_job
from seewhy.viewer import create_app
from seewhy.viewer.counterfactual.search import covered_share
from seewhy.viewer.counterfactual.state import CounterfactualState
from tests.viewer.sample_job import LABELS, open_job

from .searches import MOMENTS, NUM_SAMPLES, PAGE, SIZE, STEPS, B, searches

TWIN = f"/{PAGE}.json"


def get_json(client: TestClient, query: str = "") -> Any:
    answer = client.get(TWIN + query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def expected(label: int | None, kinds: tuple[str, ...], empty: bool, sort: str) -> list[Any]:
    """(sample, label, output, area) by plain Python."""
    name = sort.removeprefix("-")
    rows = []
    for number in range(NUM_SAMPLES):
        matching = [
            (key(one, name), one)
            for one, kind in searches(number)
            if (label is None or one.label == label)
            and (not kinds or kind in kinds)
            and (one.region is not None or (empty and name in ("id", "prob")))
        ]
        if matching:
            sign = -1 if sort.startswith("-") or name == "id" else 1
            rows.append(min(matching, key=lambda row: (sign * row[0], row[1].label)))
    if name == "id":
        rows.sort(key=lambda row: row[1].sample_id)
    else:
        rows.sort(key=lambda row: (row[0], row[1].sample_id), reverse=sort.startswith("-"))
    return [
        [one.sample_id, LABELS[one.label], one.output, one.region and one.region.area]
        for _, one in rows
    ]


def key(one: CounterfactualRecord, name: str) -> float:
    if name in ("id", "prob"):
        return one.output
    assert one.region is not None
    return one.region.area if name == "area" else len(one.steps)


@pytest.mark.parametrize("sort", COUNTERFACTUAL_SORTS)
@pytest.mark.parametrize("empty", [False, True])
@pytest.mark.parametrize("label", [None, 0])
@pytest.mark.parametrize("kinds", [(), ("FP",), ("TP", "FN")])
def test_the_list_equals_plain_python(
    client: TestClient, sort: str, empty: bool, label: int | None, kinds: tuple[str, ...]
) -> None:
    query: dict[str, Any] = {"sort": sort, "kind": kinds, "n": 12, "empty": int(empty)}
    if label is not None:
        query["label"] = LABELS[label]
    wanted = expected(label, kinds, empty, sort)
    address: str | None = f"?{urlencode(query, doseq=True)}"
    found: list[Any] = []
    while address:
        page = get_json(client, address)
        assert page["matching"] == len(wanted)
        keys = ("sample_id", "label", "output", "area")
        found += [[entry[key] for key in keys] for entry in page["entries"]]
        counts = {kind["kind"]: kind["count"] for kind in page["kinds"]}
        assert counts == {kind: len(expected(label, (kind,), empty, sort)) for kind in KINDS}
        for row in page["labels"]:
            assert row["count"] == len(expected(LABELS.index(row["label"]), kinds, empty, sort))
        address = page["next"]
    assert found == wanted


def test_the_page_begins_with_the_sample_of_a_link(client: TestClient) -> None:
    ids = [row[0] for row in expected(None, (), False, "id")]
    for number in (ids[3], ids[12], ids[-1]):
        page = get_json(client, f"?n=12&sample={number}")
        begin = ids.index(number) if ids.index(number) >= 12 else 0
        assert [entry["sample_id"] for entry in page["entries"]] == ids[begin : begin + 12]
        assert page["shown"]["sample"]["id"] == number
    # A sample that the filters leave out is shown all the same.
    page = get_json(client, "?sample=4&kind=TP&label=cat&n=12")
    assert page["shown"]["sample"]["id"] == 4
    assert 4 not in [entry["sample_id"] for entry in page["entries"]]


def test_every_moment_of_a_search(client: TestClient) -> None:
    number = next(n for n in range(NUM_SAMPLES) if searches(n)[0][0].steps == STEPS)
    target = searches(number)[0][0].label
    place = f"?sample={number}&target={target}"
    shown = get_json(client, place)["shown"]
    assert [frame["boxes"] for frame in shown["frames"]] == [
        [list(box) for box in boxes] for _, _, boxes in MOMENTS
    ]
    outputs = [0.05, 0.3, 0.7, 0.7, 0.2, 0.25, 0.32, 0.6, 0.55]
    assert [frame["output"] for frame in shown["frames"]] == outputs
    fates = [frame["fate"] for frame in shown["frames"] if frame["kind"] == "step"]
    assert fates == ["refined", "kept", "kept", "left out", "kept"]
    # 60 x 50; with the other one; 20 x 20, of which 10 x 10 overlap.
    areas = [3000 / 12000, 6000 / 12000, 400 / 12000, 700 / 12000, 1075 / 12000]
    steps = [frame for frame in shown["frames"] if frame["kind"] == "step"]
    assert [frame["area"] for frame in steps] == pytest.approx(areas)
    reached = [frame["reached"] for frame in shown["frames"]]
    assert reached == [output >= 0.5 for output in outputs]
    assert shown["tree"] == [
        {"frame": 1, "children": [{"frame": at, "children": []} for at in (4, 5, 6)]},
        {"frame": 2, "children": []},
    ]
    for at, (moment, title, _) in enumerate(MOMENTS):
        query = f"{place}&{moment}"
        assert get_json(client, query)["shown"]["at"] == at
        said = client.get(f"/{PAGE}{query}").text
        assert f'<strong id="moment-title">{title}</strong>' in said


def test_labels_without_a_region_say_why(client: TestClient) -> None:
    words = {
        "below threshold": "which is not above the target",
        "mask is enough": "no region is needed",
        "mask changes nothing": "covering changes nothing",
        "no region": "no region decides this prediction alone",
        "not finite": "NaN or infinity",
        "unfit image": "too small for the boxes",
        "<i>unheard of</i>": "The search says: &lt;i&gt;unheard of&lt;/i&gt;.",
    }
    seen = set()
    for number in range(NUM_SAMPLES):
        for one, _ in searches(number):
            if one.reason and one.reason not in seen:
                said = client.get(f"/{PAGE}?sample={number}&target={one.label}").text
                assert words[one.reason] in said
                seen.add(one.reason)
    assert seen == set(words)
    said = client.get(f"/{PAGE}?sample=4&target=6").text
    assert "This run ended before it came to this label." in said


def test_csv_has_a_row_for_each_search(client: TestClient) -> None:
    answer = client.get(f"/{PAGE}.csv?n=12&empty=1")
    assert answer.headers["content-disposition"].endswith("regions%20counterfactuals.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    wanted = [
        one for n in range(12) for one, _ in sorted(searches(n), key=lambda row: row[0].label)
    ]
    assert [(int(row["sample"]), float(row["output"])) for row in rows] == [
        (one.sample_id, one.output) for one in wanted
    ]
    areas = [row["region_area"] for row in rows]
    assert areas == [str(one.region.area) if one.region else "" for one in wanted]
    assert [int(row["steps"]) for row in rows] == [len(one.steps) for one in wanted]


def test_only_jobs_that_searched_have_the_page(client: TestClient) -> None:
    assert client.get("/j/no search/counterfactual").status_code == 404
    assert "Counterfactuals" not in client.get("/j/no search/saliency").text
    assert 'href="counterfactual"' in client.get("/j/regions/saliency").text
    assert client.get("/j/regions/covered/99.jpeg").status_code == 404


@pytest.mark.parametrize(
    ("job", "query", "said"),
    [
        ("all empty", "", "1 label was searched, and none has a region."),
        ("all empty", "?empty=1", "All boxes together do not bring"),
        ("nothing yet", "", "This run ended before its first search."),
        ("regions", "?label=never+seen", "Drop one of them"),
        ("regions", "?after=999", "Nothing further"),
    ],
)
def test_empty_pages_say_why(client: TestClient, job: str, query: str, said: str) -> None:
    answer = client.get(f"/j/{job}/counterfactual{query}")
    assert answer.status_code == 200
    assert said in answer.text


def test_a_running_job_says_that_more_will_come(tmp_path: Path) -> None:
    settings = {"direction": "reveal"}
    with open_job(tmp_path, "live", hierarchical_occlusion=settings) as job:
        client = TestClient(create_app(tmp_path), base_url="http://127.0.0.1")
        assert "The run has begun" in client.get("/j/live/counterfactual").text
        job.flush()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("sample=999", "this job has no sample 999"),
        ("sample=x", "`sample` must be a whole number"),
        ("sample=-1", "`sample` must be a whole number"),
        ("target=0", "`target` must come with `sample`"),
        ("sample=0&target=5", "sample 0 has no label 5"),
        ("sample=0&step=99", "this search has no step 99"),
        ("sample=0&layer=9", "this search has no layer 9"),
        ("step=1&layer=1", "`step` and `layer` cannot both be given"),
        ("after=1&before=2", "`after` and `before` cannot both be given"),
        ("after=0.5_1", "`after` does not fit `sort` = id"),
        ("sort=prob&after=1", "`after` does not fit `sort` = prob"),
        ("sort=prob&after=nan_1", "`after` must be NUMBER_SAMPLE"),
        ("sort=name", "`sort` must be one of"),
        ("label=nobody", "this job has no label"),
        ("swipe=101", "`swipe` must be a whole number in 0..100"),
        ("kind=TN", "`kind` must be one of TP, FN, FP"),
    ],
)
def test_hand_made_links(client: TestClient, query: str, said: str) -> None:
    answer = client.get(f"{TWIN}?{query}")
    assert answer.status_code == 400
    assert said in answer.json()["error"]


places = st.builds(
    Place, st.floats(0, 1) | st.integers(0, 99).map(float), st.integers(0, 9**9), st.just(0)
)
states = st.builds(
    CounterfactualState,
    label=st.sampled_from(["", *LABELS]),
    kinds=st.sets(st.sampled_from(KINDS)).map(
        lambda kinds: tuple(kind for kind in KINDS if kind in kinds)
    ),
    empty=st.booleans(),
    sort=st.sampled_from([sort for sort in COUNTERFACTUAL_SORTS if sort != "id"]),
    after=st.none() | places,
    size=st.sampled_from([12, 24, 96]),
    find=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
    sample=st.integers(0, 99),
    target=st.none() | st.integers(0, 99),
    step=st.none() | st.integers(0, 99),
    swipe=st.integers(0, 100),
)


@settings(max_examples=80, deadline=None)
@given(state=states)
def test_links_hold_the_whole_state(state: CounterfactualState) -> None:
    pairs = parse_qsl(state.href().removeprefix("?"), keep_blank_values=True)
    assert CounterfactualState.parse(pairs) == state


boxes = st.tuples(st.integers(0, 30), st.integers(0, 20), st.integers(1, 9), st.integers(1, 9))


@settings(max_examples=80, deadline=None)
@given(given_boxes=st.lists(boxes, max_size=9))
def test_the_area_is_that_of_the_pixels(given_boxes: list[tuple[int, int, int, int]]) -> None:
    painted = np.zeros((30, 40))
    for x, y, w, h in given_boxes:
        painted[y : y + h, x : x + w] = 1
    assert covered_share(given_boxes, 40, 30) == pytest.approx(painted.mean())


def test_links_of_the_page_lead_to_pages(client: TestClient) -> None:
    rng = random.Random(0)
    todo, seen = {f"/{PAGE}"}, set()
    # A walk at random comes through states that nobody thought of.
    while todo and len(seen) < 60:
        path = rng.choice(sorted(todo))
        todo.remove(path)
        seen.add(path)
        answer = client.get(path)
        assert answer.status_code == 200, path
        if answer.headers["content-type"].startswith("text/html"):
            found = re.findall(r'href="([^"#][^"]*)"', answer.text)
            links = {str(answer.url.join(html.unescape(link))) for link in found}
            paths = {link.removeprefix("http://127.0.0.1:8421") for link in links}
            todo |= {path for path in paths if "counterfactual" in path and "static" not in path}
            pictures = {path for path in paths if re.search("/(covered|image)/", path)}
            todo |= set(sorted(pictures)[:2])
            todo -= seen
    assert len(seen) == 60


def test_the_cover_is_a_lasting_grey_picture(client: TestClient, jobs: Path) -> None:
    answer = client.get("/j/reveal blur/covered/0.jpeg")
    assert "immutable" in answer.headers["cache-control"]
    covered = Image.open(io.BytesIO(answer.content))
    with read_job(jobs / "reveal blur.seewhy.db") as job:
        assert covered.size == job.image(0).size
    assert covered.mode == "L"


def test_the_moments_for_scripts_are_those_of_the_page(client: TestClient) -> None:
    page = client.get(f"/{PAGE}?sample=0").text
    data = page.partition('id="moments">')[2].partition("</script>")[0]
    moments = json.loads(data)
    shown = get_json(client, "?sample=0")["shown"]
    assert [moment["boxes"] for moment in moments] == [one["boxes"] for one in shown["frames"]]
    assert all(moment["href"].startswith("?") for moment in moments)
    assert len(B) == len(STEPS)
    assert SIZE == (shown["search"]["width"], shown["search"]["height"])
