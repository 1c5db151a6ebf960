"""Running explainers over whole data sets."""

from seewhy.runner.image_classification import ImageClassificationRunner

__all__ = ["ImageClassificationRunner"]
