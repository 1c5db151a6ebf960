"""Every filter, sort and page against a plain Python filter over the same data."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from seewhy.store import (
    KINDS,
    SORTS,
    Cursor,
    ExplainerInfo,
    Inference,
    JobReader,
    JobWriter,
    Kind,
    Sample,
    SampleQuery,
    Uncertainty,
    read_job,
)
from seewhy.store.queries import page as fetch_page

LABELS = ("dog", "cat", "owl", "fox")
Data = dict[int, tuple[Inference, ...]]

# Few different values, so that ties are common.
inferences = st.builds(
    Inference,
    st.integers(0, len(LABELS) - 1),
    st.sampled_from([0.0, 0.1, 0.30000000000000004, 1 / 3, 1.0]),
    st.sampled_from([*KINDS, None]),
    st.none()
    | st.sampled_from([0.0, 0.01, 0.04, 0.05, 0.1, 1 / 3]).map(
        lambda std: Uncertainty(0.5, std, 0, 1)
    ),
)
data_sets = st.dictionaries(
    st.integers(0, 40),
    st.lists(inferences, max_size=4, unique_by=lambda inference: inference.label).map(tuple),
    max_size=15,
)
sample_queries = st.builds(
    SampleQuery,
    labels=st.lists(st.integers(0, len(LABELS) - 1), max_size=3, unique=True).map(tuple),
    kinds=st.lists(st.sampled_from(KINDS), max_size=3, unique=True).map(tuple),
    sort=st.sampled_from(SORTS),
    limit=st.integers(1, 5),
    min_std=st.none() | st.sampled_from([0.0, 0.01, 0.05, 0.07, 0.2]),
)


def matches(inference: Inference, query: SampleQuery) -> bool:
    std = None if inference.uncertainty is None else inference.uncertainty.std
    return (
        (not query.labels or inference.label in query.labels)
        and (not query.kinds or inference.kind in query.kinds)
        and (query.min_std is None or (std is not None and std >= query.min_std))
    )


def expected(data: Data, query: SampleQuery) -> list[Cursor]:
    """The definition: joint filter, then sort by the matching inferences."""
    best = max if query.sort.startswith("-") else min
    rows: list[Cursor] = []
    for number, found in data.items():
        matching = [inference for inference in found if matches(inference, query)]
        if not matching and (query.labels or query.kinds or query.min_std is not None):
            continue
        probs = [inference.prob for inference in matching]
        stds = [each.uncertainty.std for each in matching if each.uncertainty]
        value: float | None = None
        if query.sort in ("prob", "-prob"):
            value = best(probs, default=0.0)
        elif query.sort in ("sd", "-sd"):
            value = best(stds, default=None)
        rows.append(Cursor(value, number))
    rows.sort(key=lambda row: (row.value or 0, row.sample_id), reverse=best is max)
    # Those without an estimate come last, whatever the direction.
    return sorted(rows, key=lambda row: row.value is None)


class Place(NamedTuple):
    directory: str
    job: str


@pytest.fixture
def place() -> Iterator[Place]:
    with tempfile.TemporaryDirectory() as directory:
        yield Place(directory, "job")


def store(directory: str, data: Data, *, halves: bool) -> JobReader:
    """Write the data, half of each sample's labels in a second run if `halves`."""
    steps = [lambda found: found[::2], lambda found: found] if halves else [lambda found: found]
    for step in steps:
        with JobWriter(
            directory,
            "job",
            settings={},
            labels=LABELS,
            explainers=[ExplainerInfo("GradCAM", False, {})],
            total=None,
        ) as writer:
            for number, found in data.items():
                image = Image.new("L", (2, 2))
                writer.add_sample(Sample(number, "", "", image, None, (), step(found)))
    return read_job(writer.path)


@settings(max_examples=60, deadline=None)
@given(
    data=data_sets, queries=st.lists(sample_queries, min_size=1, max_size=8), halves=st.booleans()
)
def test_pages_equal_a_naive_filter(data: Data, queries: list[SampleQuery], halves: bool) -> None:
    with tempfile.TemporaryDirectory() as directory, store(directory, data, halves=halves) as job:
        for query in queries:
            wanted = expected(data, query)
            check_pages(job, query, wanted)
            names = tuple(LABELS[label] for label in query.labels)
            found = job.samples(names, query.kinds, query.sort, query.min_std)
            read = [sample.id for sample in found]
            assert read == [row.sample_id for row in wanted]


def check_pages(job: JobReader, query: SampleQuery, wanted: list[Cursor]) -> None:
    """Walk to the end and back: every row once, neighbours announced right."""
    assert job.count(query) == len(wanted)
    starts = range(0, max(len(wanted), 1), query.limit)
    place: Cursor | None = None
    for start in starts:
        page = job.page(replace(query, after=place))
        rows = wanted[start : start + query.limit]
        assert [sample.id for sample in page.samples] == [row.sample_id for row in rows]
        assert page.matching == len(wanted)
        assert page.before == (rows[0] if start else None)
        more = start + query.limit < len(wanted)
        assert page.after == (rows[-1] if more else None)
        place = page.after
    for start in reversed(starts[:-1]):
        edge = wanted[start + query.limit]
        page = job.page(replace(query, before=edge))
        rows = wanted[start : start + query.limit]
        assert [sample.id for sample in page.samples] == [row.sample_id for row in rows]
        assert page.before == (rows[0] if start else None)
        assert page.after == rows[-1]
    ids = [row.sample_id for row in wanted]
    for number, before, after in zip(ids, [None, *ids], [*ids[1:], None], strict=False):
        found = job.neighbours(query, number)
        assert tuple(each and each.id for each in found) == (before, after)
    assert job.neighbours(query, 999) == (None, None)


@settings(max_examples=40, deadline=None)
@given(data=data_sets, halves=st.booleans())
def test_counts_equal_naive_counts(data: Data, halves: bool) -> None:
    with tempfile.TemporaryDirectory() as directory, store(directory, data, halves=halves) as job:
        counts: dict[int, dict[Kind | None, int]] = {}
        for found in data.values():
            for inference in found:
                row = counts.setdefault(inference.label, {})
                row[inference.kind] = row.get(inference.kind, 0) + 1
        assert job.counts() == counts
        for kinds in ((), ("TP",), ("FN", "FP")):
            totals = {
                label: sum(n for kind, n in found.items() if not kinds or kind in kinds)
                for label, found in counts.items()
            }
            wanted = sorted(totals.items(), key=lambda pair: (-pair[1], job.labels[pair[0]]))
            assert job.frequent_labels(kinds, 2) == (wanted[:2], len(wanted))
        assert job.info().samples == len(data)


def test_the_joint_filter_looks_at_one_inference(place: Place) -> None:
    # A dog that is right, on a picture where "cat" is wrong: no false dog.
    data = {0: (Inference(0, 0.9, "TP"), Inference(1, 0.8, "FP"))}
    with store(place.directory, data, halves=False) as job:
        assert job.count(SampleQuery(labels=(0,), kinds=("FP",))) == 0
        assert job.count(SampleQuery(labels=(1,), kinds=("FP",))) == 1


def test_a_place_that_is_gone_still_leads_on(place: Place) -> None:
    data = {number: (Inference(0, number / 10, "TP"),) for number in range(10)}
    with store(place.directory, data, halves=False) as job:
        page = job.page(SampleQuery(sort="-prob", after=Cursor(0.45, 999), limit=2))
        assert [sample.id for sample in page.samples] == [4, 3]
        page = job.page(SampleQuery(after=Cursor(None, 999), limit=2))
        assert page.samples == ()
        assert page.matching == 10


@pytest.mark.parametrize(
    "query",
    [
        SampleQuery(labels=(1, 2), kinds=("FP", "TP"), sort="-prob", after=Cursor(0.5, 3)),
        SampleQuery(labels=(1,), after=Cursor(None, 3)),
        SampleQuery(kinds=("FP",), sort="prob", before=Cursor(0.5, 3)),
        SampleQuery(sort="-prob", after=Cursor(0.5, 3)),
        SampleQuery(labels=(1, 2), kinds=("FP",), sort="-sd", after=Cursor(0.1, 3)),
        SampleQuery(labels=(1, 2), sort="sd", before=Cursor(None, 3)),
        SampleQuery(kinds=("FP",), sort="sd", after=Cursor(None, 3)),
        SampleQuery(sort="-sd", after=Cursor(0.1, 3)),
        SampleQuery(sort="sd", before=Cursor(None, 3)),
        SampleQuery(labels=(1,), sort="-sd", min_std=0.1),
    ],
)
def test_no_page_is_sorted_or_scanned_in_full(place: Place, query: SampleQuery) -> None:
    with store(place.directory, {0: (Inference(0, 0.9, "TP"),)}, halves=False) as job:
        connection = job._connection
        statements: list[str] = []
        connection.set_trace_callback(statements.append)
        fetch_page(connection, query)
        connection.set_trace_callback(None)
        plans = [
            row[3]
            for statement in statements
            for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")
        ]
    assert plans
    assert not [step for step in plans if "TEMP B-TREE" in step or step.startswith("SCAN")]


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": tuple(range(101))},
        {"kinds": ("TN",)},
        {"sort": "name"},
        {"limit": 0},
        {"limit": 1001},
        {"after": Cursor(0.5, 3)},
        {"sort": "prob", "after": Cursor(None, 3)},
        {"min_std": float("nan")},
        {"min_std": -0.1},
        {"after": Cursor(None, 1), "before": Cursor(None, 3)},
    ],
)
def test_bad_queries_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"must|does not fit"):
        SampleQuery(**changes)  # type: ignore[arg-type]


def test_unknown_labels_samples_and_maps_are_refused(place: Place) -> None:
    with store(place.directory, {0: (Inference(0, 0.9, "TP"),)}, halves=False) as job:
        with pytest.raises(ValueError, match="'wolf'"):
            list(job.samples(labels=["wolf"]))
        with pytest.raises(ValueError, match=r"0\.\.3, got 4"):
            list(job.samples(labels=[4]))
        with pytest.raises(KeyError, match="no sample 5"):
            job.sample(5)
        with pytest.raises(KeyError, match="no picture 5"):
            job.image_jpeg(5)
        with pytest.raises(KeyError, match="no GradCAM map of sample 0 for label 'dog'"):
            job.saliency(0, "dog", "GradCAM")
