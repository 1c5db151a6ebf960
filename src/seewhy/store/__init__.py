"""One SQLite file a job: written while running, readable at any moment, by anything."""

from seewhy.store.assessment import Comparison, Ranking, Standing, in_words
from seewhy.store.bootstrap import Mean
from seewhy.store.connect import SUFFIX
from seewhy.store.counterfactual_queries import (
    COUNTERFACTUAL_SORTS,
    CounterfactualQuery,
    CounterfactualSort,
    Place,
)
from seewhy.store.counterfactuals import CounterfactualEntry, CounterfactualRecord, Edit, Outcome
from seewhy.store.job_records import JSON, ExplainerInfo, JobInfo, MetricInfo
from seewhy.store.jobs import find_jobs, job_id, job_path
from seewhy.store.reader import CounterfactualPage, JobReader, SamplePage, read_job
from seewhy.store.sample_query import SORTS, STD_LEVELS, Cursor, SampleQuery, Sort
from seewhy.store.sample_records import (
    KINDS,
    Box,
    Inference,
    Kind,
    KnownSample,
    MapRecord,
    SaliencyMap,
    Sample,
    SampleRecord,
    Uncertainty,
)
from seewhy.store.score_records import Score, ScoredSample, ScoreSummary, SummaryScore
from seewhy.store.tabular_query import (
    ROW_SORTS,
    CellFilter,
    RowQuery,
    RowsFound,
    RowSort,
    row_budget,
)
from seewhy.store.tabular_reader import NotTabular, RowPage, TabularReader, read_tabular
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
    "COUNTERFACTUAL_SORTS",
    "JSON",
    "KINDS",
    "ROW_SORTS",
    "SORTS",
    "STD_LEVELS",
    "SUFFIX",
    "Attribution",
    "Attributions",
    "Box",
    "CellFilter",
    "Coefficients",
    "Comparison",
    "CounterfactualEntry",
    "CounterfactualPage",
    "CounterfactualQuery",
    "CounterfactualRecord",
    "CounterfactualSort",
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
    "NotTabular",
    "Outcome",
    "Place",
    "Ranking",
    "RowPage",
    "RowQuery",
    "RowSort",
    "RowsFound",
    "Rule",
    "SaliencyMap",
    "Sample",
    "SamplePage",
    "SampleQuery",
    "SampleRecord",
    "Score",
    "ScoreSummary",
    "ScoredSample",
    "Sort",
    "Standing",
    "SummaryScore",
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
    "row_budget",
]
