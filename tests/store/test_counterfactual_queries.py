"""Every filter, order and page of the counterfactuals against plain Python over the same data."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from seewhy.store import (
    COUNTERFACTUAL_SORTS,
    KINDS,
    CounterfactualQuery,
    CounterfactualRecord,
    Edit,
    ExplainerInfo,
    Inference,
    JobReader,
    JobWriter,
    Outcome,
    Place,
    Sample,
    read_job,
    schema,
)

LABELS = ("dog", "cat", "owl")
Found = tuple[int, str | None, float, float | None, int]  # label, kind, output, area, steps
Data = dict[int, tuple[Found, ...]]

# Few different values, so that ties are common.
searched = st.tuples(
    st.integers(0, len(LABELS) - 1),
    st.sampled_from([*KINDS, None]),
    st.sampled_from([0.0, 0.1, 0.30000000000000004, 1 / 3, 1.0]),
    st.sampled_from([None, 0.1, 0.2, 1.0]),
    st.integers(1, 3),
)
data_sets = st.dictionaries(
    st.integers(0, 40),
    st.lists(searched, max_size=3, unique_by=lambda found: found[0]).map(tuple),
    max_size=15,
)
some_queries = st.builds(
    CounterfactualQuery,
    label=st.sampled_from([None, *range(len(LABELS))]),
    kinds=st.lists(st.sampled_from(KINDS), max_size=3, unique=True).map(tuple),
    empty=st.booleans(),
    sort=st.sampled_from(COUNTERFACTUAL_SORTS),
    limit=st.integers(1, 5),
)


def record(number: int, found: Found) -> CounterfactualRecord:
    label, _, output, area, steps = found
    base = CounterfactualRecord(
        number, label, "reveal", "gaussian:9", 99, 99, output, 0.5, "no region", None, None, 7
    )
    if area is None:
        return base
    edits = (Edit(0, None, 0, 0, 9, 9, 0.6, 0.1, True),) * steps
    return base._replace(reason=None, start=0.1, region=Outcome(0.6, area), steps=edits)


def write(directory: str, data: Data) -> Path:
    with JobWriter(
        directory,
        "job",
        settings={},
        labels=LABELS,
        explainers=[ExplainerInfo("GradCAM", False, {})],
        total=None,
    ) as writer:
        for number, searched in data.items():
            inferences = tuple(Inference(one[0], one[2], one[1]) for one in searched)  # type: ignore[arg-type]
            image = Image.new("L", (2, 2))
            writer.add_sample(Sample(number, f"no. {number}", "", image, None, (), inferences))
            writer.add_counterfactuals(record(number, found) for found in searched)
    return writer.path


def matches(found: Found, query: CounterfactualQuery) -> bool:
    label, kind, _, area, _ = found
    has_no_key = query.key in ("area", "steps")
    return (
        (query.label is None or label == query.label)
        and (not query.kinds or kind in query.kinds)
        and (area is not None or (query.empty and not has_no_key))
    )


def expected(data: Data, query: CounterfactualQuery) -> list[Place]:
    """The definition."""
    rows = []
    down = query.sort.startswith("-")
    for number, searched in data.items():
        key = {"prob": 2, "area": 3, "steps": 4}.get(query.key)
        matching = [found for found in searched if matches(found, query)]
        if not matching:
            continue
        if key is None:
            best = min(matching, key=lambda found: (-found[2], found[0]))
            rows.append(Place(None, number, best[0]))
        else:
            sign = -1 if down else 1
            best = min(matching, key=lambda found: (sign * found[key], found[0]))  # type: ignore[operator]
            rows.append(Place(best[key], number, best[0]))  # type: ignore[arg-type]
    if query.sort == "id":
        return sorted(rows, key=lambda place: place.sample_id)
    return sorted(rows, key=lambda place: place[:2], reverse=down)


def check_pages(job: JobReader, query: CounterfactualQuery, wanted: list[Place]) -> None:
    """Walk to the end and back: every row once, the neighbours of each page announced right."""
    step = query.limit
    for begin in range(0, max(len(wanted), 1), step):
        after = wanted[begin - 1] if begin else None
        page = job.counterfactual_page(replace(query, after=after))
        assert list(page.places) == wanted[begin : begin + step]
        assert page.previous == (wanted[begin - 1] if begin else None)
        assert page.next == (wanted[begin + step] if begin + step < len(wanted) else None)
        assert page.matching == len(wanted)
    for end in range(1, len(wanted)):
        page = job.counterfactual_page(replace(query, before=wanted[end]))
        begin = max(end - step, 0)
        assert list(page.places) == wanted[begin:end]
        assert page.previous == (wanted[begin - 1] if begin else None)
        assert page.next == wanted[end]


@settings(max_examples=60, deadline=None)
@given(data=data_sets, queries=st.lists(some_queries, min_size=1, max_size=8))
def test_pages_equal_plain_python(data: Data, queries: list[CounterfactualQuery]) -> None:
    with tempfile.TemporaryDirectory() as directory, read_job(write(directory, data)) as job:
        for query in queries:
            wanted = expected(data, query)
            check_pages(job, query, wanted)
            assert job.count_counterfactuals(query) == len(wanted)
            by_label = {
                label: len(expected(data, replace(query, label=label))) for label in range(3)
            }
            counted = job.counterfactual_counts(query)
            assert by_label == {label: counted.get(label, 0) for label in range(3)}
            for entry in job.counterfactual_page(query).entries:
                (found,) = [one for one in data[entry.sample_id] if one[0] == entry.label]
                assert entry.name == f"no. {entry.sample_id}"
                assert entry[3:5] == found[1:3]
                assert (entry.area, entry.reason is None) == (found[3], found[3] is not None)
                assert entry.steps == (0 if found[3] is None else found[4])
        found = [one for searched in data.values() for one in searched]
        with_region = [one for one in found if one[3] is not None]
        assert job.info().counterfactuals == (len(with_region), len(found))


@settings(max_examples=30, deadline=None)
@given(data=data_sets, query=some_queries, number=st.integers(0, 41))
def test_the_page_that_holds_a_sample(data: Data, query: CounterfactualQuery, number: int) -> None:
    wanted = expected(data, query)
    ids = [place.sample_id for place in wanted]
    at = ids.index(number) if number in ids else 0
    begin = at if at >= query.limit else 0
    with tempfile.TemporaryDirectory() as directory, read_job(write(directory, data)) as job:
        page = job.counterfactual_page(query, holding=number)
        assert list(page.places) == wanted[begin : begin + query.limit]
        assert page.previous == (wanted[begin - 1] if begin else None)


@pytest.mark.parametrize("sort", COUNTERFACTUAL_SORTS)
@pytest.mark.parametrize("label", [None, 1])
def test_no_query_sorts_or_scans(tmp_path: Path, sort: str, label: int | None) -> None:
    path = write(str(tmp_path), {})
    statements: list[str] = []
    with read_job(path) as job:
        job._connection.set_trace_callback(statements.append)
        query = CounterfactualQuery(label, ("FP",), True, sort)  # type: ignore[arg-type]
        place = Place(None if sort == "id" else 0.5, 7)
        job.counterfactual_page(replace(query, after=place), holding=3)
        job.counterfactual_page(replace(query, before=place))
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            if statement.startswith("SELECT"):
                plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
                for *_, step in plan:
                    assert not step.startswith("SCAN counterfactual") or "count" in step, step
                    assert "TEMP B-TREE" not in step or "RIGHT PART" in step, (step, statement)


def test_older_stores_are_listed_too(tmp_path: Path) -> None:
    data: Data = {
        3: ((0, "TP", 0.9, 0.25, 2), (1, None, 0.6, None, 1)),
        5: ((0, "FN", 0.1, None, 1),),
        8: (),
    }
    with closing(sqlite3.connect(write(str(tmp_path / "new"), data))) as new:
        old = sqlite3.connect(tmp_path / "old.seewhy.db", isolation_level=None)
        schema.migrate(old, 0, schema.SCRIPTS[:5])
        for table in ("meta", "label", "sample", "inference", "counterfactual", "_step"):
            table = f"counterfactual{table}" if table.startswith("_") else table
            columns = [row[1] for row in old.execute(f"PRAGMA table_info({table})")]
            rows = new.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
            marks = ", ".join("?" * len(columns))
            old.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", rows)
    old.close()
    with read_job(tmp_path / "old.seewhy.db") as job:
        for sort in COUNTERFACTUAL_SORTS:
            for empty in (True, False):
                query = CounterfactualQuery(empty=empty, sort=sort)
                check_pages(job, query, expected(data, query))
                check_pages(job, replace(query, label=0), expected(data, replace(query, label=0)))
        assert job.info().counterfactuals == (1, 3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sort": "name"}, "`sort` must be one of id, prob"),
        ({"kinds": ("TN",)}, "`kinds` must be of TP, FN, FP, got 'TN'"),
        ({"limit": 0}, "`limit` must be in 1"),
        ({"after": Place(None, 1), "before": Place(None, 2)}, "must not both be given"),
        ({"after": Place(0.5, 1)}, "does not fit `sort` 'id'"),
    ],
)
def test_wrong_queries(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CounterfactualQuery(**changes)  # type: ignore[arg-type]
