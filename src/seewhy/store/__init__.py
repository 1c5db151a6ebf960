"""One SQLite file a job: written while running, readable at any moment, by anything."""

from seewhy.store.connect import SUFFIX
from seewhy.store.jobs import find_jobs, job_id, job_path
from seewhy.store.queries import SORTS, Cursor, SampleQuery, Sort
from seewhy.store.reader import JobReader, SamplePage, read_job
from seewhy.store.records import (
    JSON,
    KINDS,
    Box,
    ExplainerInfo,
    Inference,
    JobInfo,
    Kind,
    KnownSample,
    MapRecord,
    MetricInfo,
    SaliencyMap,
    Sample,
    SampleRecord,
    Score,
    ScoreSummary,
)
from seewhy.store.writer import JobWriter

__all__ = [
    "JSON",
    "KINDS",
    "SORTS",
    "SUFFIX",
    "Box",
    "Cursor",
    "ExplainerInfo",
    "Inference",
    "JobInfo",
    "JobReader",
    "JobWriter",
    "Kind",
    "KnownSample",
    "MapRecord",
    "MetricInfo",
    "SaliencyMap",
    "Sample",
    "SamplePage",
    "SampleQuery",
    "SampleRecord",
    "Score",
    "ScoreSummary",
    "Sort",
    "find_jobs",
    "job_id",
    "job_path",
    "read_job",
]
