"""The machinery that the explainers of tabular models share."""

from seewhy.explainer.tabular.base import Question, TabularExplainer
from seewhy.explainer.tabular.callables import answering
from seewhy.explainer.tabular.checks import check_names, check_positive, check_seed
from seewhy.explainer.tabular.predictor import Predictor
from seewhy.explainer.tabular.rows import Kind, Rows, digest, read_rows

__all__ = [
    "Kind",
    "Predictor",
    "Question",
    "Rows",
    "TabularExplainer",
    "answering",
    "check_names",
    "check_positive",
    "check_seed",
    "digest",
    "read_rows",
]
