"""Pages and their JSON twins, in process."""

from __future__ import annotations

import io
import random
import re
import threading
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from seewhy.store import Inference, SaliencyMap, Sample, read_job
from seewhy.viewer import create_app

from .sample_job import LABELS, NUM_SAMPLES, inferences, open_job

PAGE = "/j/animals/saliency"
TWIN = "/j/animals/saliency.json"


def get_json(client: TestClient, path: str, **query: Any) -> Any:
    answer = client.get(path, params=query or None)
    assert answer.status_code == 200, answer.text
    return answer.json()


class Links(HTMLParser):
    """Addresses in a page, in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for key, value in attrs if key in ("href", "src") and value]


def test_jobs_are_listed_with_what_they_hold(client: TestClient) -> None:
    jobs = get_json(client, "/jobs.json")["jobs"]
    assert [job["id"] for job in jobs] == ["more runs~1no truth", "animals", "broken"]
    animals = jobs[1]
    assert (animals["state"], animals["samples"], animals["total"]) == ("finished", 60, 60)
    assert [explainer["name"] for explainer in animals["explainers"]] == [
        "GradCAM",
        "Gradient",
        "Occlusion",
    ]
    assert "corrupt or not a SeeWhy store" in jobs[2]["error"]
    html = client.get("/").text
    assert "3 jobs" in html
    assert 'href="j/more%20runs~1no%20truth/saliency"' in html


def test_an_empty_folder_says_how_to_fill_it(tmp_path: Path) -> None:
    client = TestClient(create_app(tmp_path), base_url="http://localhost")
    assert "No jobs here yet" in client.get("/").text
    assert get_json(client, "/jobs.json") == {"jobs": [], "total": 0}


def test_the_folder_must_be_one(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError, match="nowhere"):
        create_app(tmp_path / "nowhere")


def test_links_of_pages_lead_to_pages(client: TestClient) -> None:
    rng = random.Random(0)
    todo, seen = {"/"}, set()
    # A walk at random comes through states that nobody thought of.
    while todo and len(seen) < 60:
        path = rng.choice(sorted(todo))
        todo.remove(path)
        seen.add(path)
        answer = client.get(path)
        assert answer.status_code == (503 if "/broken/" in path else 200), path
        is_file = "content-disposition" in answer.headers
        if answer.headers["content-type"].startswith("text/html") and not is_file:
            links = {str(answer.url.join(link)).split("#")[0] for link in Links(answer.text).found}
            assert [link for link in links if not link.startswith("http://127.0.0.1:8421/")] == []
            paths = {link.removeprefix("http://127.0.0.1:8421") for link in links}
            pages = {path for path in paths if not re.search(r"/(image|thumbnail|map)/", path)}
            todo |= (pages | set(sorted(paths - pages)[:3])) - seen
    assert len(seen) == 60


@pytest.mark.parametrize(
    ("labels", "kinds"), [((), ()), ((0,), ("FP",)), ((0, 1), ("TP", "FN")), ((), ("FN",))]
)
@pytest.mark.parametrize("sort", ["id", "prob", "-prob"])
def test_filters_and_order_equal_a_naive_filter(
    client: TestClient, labels: tuple[int, ...], kinds: tuple[str, ...], sort: str
) -> None:
    rows = []
    for number in range(NUM_SAMPLES):
        matching = [
            inference.prob
            for inference in inferences(number)
            if (not labels or inference.label in labels) and (not kinds or inference.kind in kinds)
        ]
        if matching:
            best = min(matching) if sort == "prob" else max(matching)
            rows.append((number if sort == "id" else best, number))
    rows.sort(reverse=sort == "-prob")

    query: Any = {
        "label": [LABELS[label] for label in labels],
        "kind": kinds,
        "sort": sort,
        "n": 12,
    }
    address = f"?{urlencode(query, doseq=True)}"
    found: list[int] = []
    while address:
        page = get_json(client, TWIN + address)
        assert page["matching"] == len(rows)
        found += [sample["id"] for sample in page["samples"]]
        address = page["next"]
    assert found == [number for _, number in rows]


def test_the_twin_tells_what_the_page_shows(client: TestClient) -> None:
    page = get_json(client, TWIN, n=12)
    sample = page["samples"][5]
    assert (sample["width"], sample["height"]) == (640, 427)
    assert sample["ground_truth"] == ["🐈 emoji", "dog"]
    assert [(i["label"], i["kind"]) for i in sample["inferences"]] == [
        ("🐈 emoji", "TP"),
        ("dog", "FN"),
        (LABELS[6], "FP"),
    ]
    assert [map["explainer"] for map in sample["inferences"][0]["maps"]] == [
        "GradCAM",
        "Gradient",
        "Occlusion",
    ]
    assert page["previous"] is None
    assert page["next"] == "?after=11&n=12"
    html = client.get(PAGE, params={"n": 12}).text
    assert "12 of 60" in html
    assert html.count('class="sample"') == 12
    assert "GradCAM map for '🐈 emoji', TP, p=0.53" in html


def test_a_filter_shows_the_label_it_found(client: TestClient) -> None:
    page = get_json(client, TWIN, label="dog", kind="FP", n=96)
    assert page["matching"] > 0
    for sample in page["samples"]:
        active = sample["inferences"][sample["active"]]
        assert (active["label"], active["kind"]) == ("dog", "FP")


def test_picked_labels_are_shown_and_unknown_ones_are_not(client: TestClient) -> None:
    page = get_json(client, TWIN, pick=["5.0", "2.6", "999.1"])
    shown = {s["id"]: s["inferences"][s["active"]]["index"] for s in page["samples"]}
    assert shown[5] == 0
    assert shown[2] in {inference.label for inference in inferences(2)}


def test_counts_follow_the_other_filter(client: TestClient) -> None:
    page = get_json(client, TWIN, label="dog")
    expected = {"TP": 0, "FN": 0, "FP": 0}
    for number in range(NUM_SAMPLES):
        for inference in inferences(number):
            if inference.label == 0 and inference.kind:
                expected[inference.kind] += 1
    assert {kind["kind"]: kind["count"] for kind in page["kinds"]} == expected
    page = get_json(client, TWIN, kind="FP")
    dog = next(label for label in page["labels"] if label["label"] == "dog")
    assert dog["count"] == expected["FP"]


def test_labels_are_found_by_a_part_of_their_name(client: TestClient) -> None:
    page = get_json(client, TWIN, find="OG")
    assert [label["label"] for label in page["labels"]] == ["dog"]
    # No sample has it, so there is nothing to filter.
    assert get_json(client, TWIN, find="never")["labels"] == []
    assert "No label contains “never”" in client.get(PAGE, params={"find": "never"}).text


def test_an_empty_result_says_which_filter_to_drop(client: TestClient) -> None:
    html = client.get(PAGE, params={"label": "never seen", "kind": "FP"}).text
    assert "No sample matches" in html
    assert "0 of 0" in html
    without_label = get_json(client, TWIN, kind="FP")["matching"]
    assert re.search(rf"never seen</bdi></a> leaves {without_label} samples", html)
    assert "leaves 0 samples" in html


def test_a_place_behind_the_end_leads_back(client: TestClient) -> None:
    html = client.get(PAGE, params={"after": 9999}).text
    assert "Nothing further" in html
    assert "0 of 60" in html


def test_a_job_without_ground_truth_offers_no_kinds(client: TestClient) -> None:
    html = client.get("/j/more%20runs~1no%20truth/saliency").text
    assert "Without ground truth" in html
    assert "True positive" not in html
    assert "Not explained" in html


def test_names_are_text_and_never_markup(client: TestClient) -> None:
    html = client.get(PAGE, params={"label": LABELS[2], "find": "<i>"}).text
    html += client.get(PAGE, params={"n": 96, "zoom": "4.4"}).text
    assert "<script>window" not in html
    assert "<b>a tall" not in html
    assert '<i>"' not in html
    assert "&lt;script&gt;window.hacked = 1&lt;/script&gt;" in html
    assert "&lt;b&gt;a tall picture" in html


def test_pictures_are_the_stored_bytes_and_last(client: TestClient, jobs: Path) -> None:
    sample = get_json(client, TWIN)["samples"][0]
    with read_job(jobs / "animals.seewhy.db") as job:
        original, thumbnail = job.image_jpeg(0), job.image_jpeg(0, thumbnail=True)
        png = job.map_png(1)
    addresses = [
        (sample["image"], original, "image/jpeg"),
        (sample["thumbnail"], thumbnail, "image/jpeg"),
        (sample["inferences"][0]["maps"][0]["url"], png, "image/png"),
    ]
    for address, content, media_type in addresses:
        answer = client.get(f"/j/animals/{address}")
        assert answer.content == content
        assert answer.headers["content-type"] == media_type
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert re.search(r"\?v=[0-9a-f]+$", address)
    assert max(Image.open(io.BytesIO(thumbnail)).size) == 320
    assert max(Image.open(io.BytesIO(original)).size) == 512


def test_a_new_store_of_the_same_name_has_new_addresses(tmp_path: Path) -> None:
    client = TestClient(create_app(tmp_path), base_url="http://localhost")
    addresses = []
    for _ in range(2):
        with open_job(tmp_path) as writer:
            writer.add_sample(Sample(0, "x", "", Image.new("L", (9, 9)), None, (), ()))
        addresses.append(get_json(client, TWIN)["samples"][0]["image"])
        (tmp_path / "animals.seewhy.db").unlink()
    assert addresses[0] != addresses[1]


@pytest.mark.parametrize("path", ["/", "/jobs.json", "/jobs/live", PAGE, TWIN, "/j/animals/live"])
def test_unchanged_pages_answer_304(client: TestClient, path: str) -> None:
    first = client.get(path)
    assert first.headers["cache-control"] == "no-cache"
    again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_text_travels_compressed_and_pictures_as_they_are(client: TestClient) -> None:
    assert client.get(PAGE).headers["content-encoding"] == "gzip"
    plain = client.get(PAGE, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == client.get(PAGE).text
    assert "content-encoding" not in client.get("/j/animals/image/0.jpeg").headers


def test_a_page_loads_at_most_25_kilobytes_of_code(client: TestClient) -> None:
    links = {link for link in Links(client.get(PAGE).text).found if "/static/" in link}
    assert len(links) >= 6
    sizes = [int(client.get(link.replace("../..", "")).headers["content-length"]) for link in links]
    assert sum(sizes) <= 25_000


def test_a_grid_of_pictures_stays_small(client: TestClient) -> None:
    links = {link for link in Links(client.get(PAGE).text).found if re.match("thumb|map", link)}
    total = sum(len(client.get(f"/j/animals/{link}").content) for link in links)
    assert total <= 1_200_000


@pytest.mark.parametrize("ending", ["", "/"])
def test_the_address_of_a_job_leads_to_its_first_page(client: TestClient, ending: str) -> None:
    answer = client.get(f"/j/more%20runs~1no%20truth{ending}")
    assert answer.status_code == 200
    assert str(answer.url).endswith("/j/more%20runs~1no%20truth/saliency")


BAD = [
    *["sort=name", "kind=TN", "n=1", "op=x", "zoom=1", "zoom=9999.0", "after=x", "label=wolf"],
    *["pick=1", "after=1&before=2", "sort=prob&after=3", "op=%00", "cmap=%FF%FE", "n=%E2%80%8F"],
]


@pytest.mark.parametrize("query", BAD)
def test_bad_query_strings_are_a_plain_400(client: TestClient, query: str) -> None:
    answer = client.get(f"{PAGE}?{query}")
    assert answer.status_code == 400
    assert "That link does not work" in answer.text
    assert "Traceback" not in answer.text
    answer = client.get(f"{TWIN}?{query}")
    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}


@pytest.mark.parametrize(
    "path",
    [
        *["/x", "/j", "/j/none/saliency", "/j/animals/none", "/j/animals/image/9999.jpeg"],
        *["/j/animals/map/0.png", "/static/none.css", "/static/..%2fapp.py", "/static/../app.py"],
        *["/j/..%2f..%2fetc%2fpasswd/saliency", "/j/~1etc~1passwd/saliency", "/j/%00/saliency"],
        *[
            "/j/..~1..~1animals/saliency",
            "/j/.~1animals/saliency",
            "/j/" + "x" * 3000 + "/saliency",
        ],
        *["/j/animals/image/1.png", "/deep/er/than/all"],
    ],
)
def test_unknown_addresses_are_a_plain_404(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "Nothing is here" in answer.text
    # The style sheet is found from any depth.
    style = next(link for link in Links(answer.text).found if "app.css" in link)
    assert client.get(str(answer.url.join(style))).status_code == 200


@pytest.mark.parametrize("number", ["x", "-1", "1e3", "9" * 5000, str(2**63), "٣"])
def test_ids_that_are_no_numbers(client: TestClient, number: str) -> None:
    answer = client.get(f"/j/animals/image/{quote(number)}.jpeg")
    assert answer.status_code == 400
    assert "Traceback" not in answer.text


def test_an_unreadable_store_is_said_to_be_one(client: TestClient) -> None:
    answer = client.get("/j/broken/saliency")
    assert answer.status_code == 503
    assert "corrupt or not a SeeWhy store" in answer.text
    assert client.get("/j/broken/image/0.jpeg").status_code == 503


def test_a_store_damaged_in_use_is_an_error_page(tmp_path: Path) -> None:
    client = TestClient(create_app(tmp_path), base_url="http://localhost")
    with open_job(tmp_path) as writer:
        for number in range(300):
            image = Image.new("L", (9, 9))
            writer.add_sample(Sample(number, "x", "", image, None, (), (Inference(0, 0.5, None),)))
    content = writer.path.read_bytes()
    assert client.get(PAGE).status_code == 200
    # Damage behind the header and the schema: it shows only when the rows are read.
    writer.path.write_bytes(content[: len(content) // 3] + b"\xff" * (len(content) * 2 // 3))
    codes = {client.get(PAGE, params={"sort": "prob", "n": 96}).status_code for _ in range(3)}
    codes.add(client.get("/j/animals/image/299.jpeg").status_code)
    assert codes <= {503, 404}
    assert 503 in codes
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("127.0.0.1:8421", True),
        ("localhost:1", True),
        ("[::1]:8421", True),
        ("10.0.0.7", True),
        ("job.localhost:8421", True),
        ("proxy.example", True),
        ("PROXY.example:443", True),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example:8421", False),
        ("", False),
        ("[", False),
    ],
)
def test_only_known_names_are_answered(jobs: Path, host: str, allowed: bool) -> None:
    app = create_app(jobs, allowed_hosts=["proxy.example"])
    client = TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)
    answer = client.get("/", headers={"Host": host})
    assert answer.status_code == (200 if allowed else 400)


def test_pages_can_only_be_read_and_only_by_themselves(client: TestClient) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert client.request(method, PAGE).status_code == 405
    assert client.head(PAGE).status_code == 200
    for path in (PAGE, TWIN, "/nothing", "/static/app.css", "/j/animals/image/0.jpeg"):
        headers = client.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "script-src" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in headers


def test_a_running_job_is_followed(tmp_path: Path) -> None:
    client = TestClient(create_app(tmp_path), base_url="http://localhost")
    with open_job(tmp_path, total=4) as writer:
        image = Image.new("L", (9, 9))
        writer.flush()
        assert "No samples yet" in client.get(PAGE).text
        for number in range(2):
            writer.add_sample(Sample(number, "x", "", image, None, (), (Inference(0, 0.5, None),)))
        writer.flush()
        html = client.get(PAGE).text
        assert 'data-live="live?seen=2"' in html
        assert "2 of 4 samples" in html
        assert "Not yet explained" in html
        first = client.get("/j/animals/live?seen=2")
        assert "new sample" not in first.text
        headers = {"If-None-Match": first.headers["etag"]}
        assert client.get("/j/animals/live?seen=2", headers=headers).status_code == 304
        writer.add_sample(Sample(2, "x", "", image, None, (), ()))
        writer.add_maps([SaliencyMap(0, 0, "GradCAM", np.eye(3))])
        writer.flush()
        changed = client.get("/j/animals/live?seen=2", headers=headers)
        assert changed.status_code == 200
        assert "1 new sample: show" in changed.text
        for bad in ("x", "-1", "9" * 5000):
            assert client.get(f"/j/animals/live?seen={bad}").status_code == 400
    assert "data-live" not in client.get(PAGE).text


def test_many_clients_read_while_a_run_writes(tmp_path: Path) -> None:
    app = create_app(tmp_path)
    errors: list[str] = []
    stop = threading.Event()

    def read() -> None:
        client = TestClient(app, base_url="http://localhost")
        while not stop.is_set():
            for path in (
                "/",
                PAGE,
                f"{TWIN}?sort=-prob",
                "/j/animals/live",
                "/j/animals/map/1.png",
            ):
                code = client.get(path).status_code
                if code not in (200, 404):
                    errors.append(f"{path}: {code}")

    readers = [threading.Thread(target=read) for _ in range(4)]
    with open_job(tmp_path, total=None) as writer:
        for reader in readers:
            reader.start()
        for number in range(400):
            image = Image.new("L", (9, 9))
            found = (Inference(0, number / 400, "TP"),)
            writer.add_sample(Sample(number, "x", "", image, (0,), (), found))
            writer.add_maps([SaliencyMap(number, 0, "GradCAM", np.eye(3))])
    stop.set()
    for reader in readers:
        reader.join()
    assert errors == []
    with read_job(tmp_path / "animals.seewhy.db") as job:
        assert job.info().samples == 400
