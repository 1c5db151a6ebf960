"""One SQLite file a job: written while running, readable at any moment, by anything."""

from seewhy.store.assessment import Comparison, Ranking, Standing, in_words
from seewhy.store.bootstrap import Mean
from seewhy.store.connect import SUFFIX
from seewhy.store.counterfactuals import CounterfactualRecord, Edit, Outcome
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
    Uncertainty,
)
from seewhy.store.tabular_reader import TabularReader, read_tabular
from seewhy.store.tabular_records import (
    Attribution,
    Attributions,
    Coefficients,
    FeatureInfo,
    KnownRow,
    Rule,
    TabularRow,
)
from seewhy.store.tabular_writer import TabularWriter
from seewhy.store.writer import JobWriter

__all__ = [
    "JSON",
    "KINDS",
    "SORTS",
    "SUFFIX",
    "Attribution",
    "Attributions",
    "Box",
    "Coefficients",
    "Comparison",
    "CounterfactualRecord",
    "Cursor",
    "Edit",
    "ExplainerInfo",
    "FeatureInfo",
    "Inference",
    "JobInfo",
    "JobReader",
    "JobWriter",
    "Kind",
    "KnownRow",
    "KnownSample",
    "MapRecord",
    "Mean",
    "MetricInfo",
    "Outcome",
    "Ranking",
    "Rule",
    "SaliencyMap",
    "Sample",
    "SamplePage",
    "SampleQuery",
    "SampleRecord",
    "Score",
    "ScoreSummary",
    "Sort",
    "Standing",
    "TabularReader",
    "TabularRow",
    "TabularWriter",
    "Uncertainty",
    "find_jobs",
    "in_words",
    "job_id",
    "job_path",
    "read_job",
    "read_tabular",
]
