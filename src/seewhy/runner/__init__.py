"""Running explainers over whole data sets."""

from seewhy.runner.image_classification import ImageClassificationRunner
from seewhy.runner.stored_tabular import stored_explanation, stored_importance
from seewhy.runner.tabular import TabularRunner

__all__ = [
    "ImageClassificationRunner",
    "TabularRunner",
    "stored_explanation",
    "stored_importance",
]
