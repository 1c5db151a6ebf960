"""Metrics: one short file each."""

from seewhy.benchmark.base import LabelSensitiveMetric
from seewhy.benchmark.faithfulness import Faithfulness

__all__ = ["Faithfulness", "LabelSensitiveMetric"]
