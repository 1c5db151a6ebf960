"""Metrics: one short file each."""

from seewhy.benchmark.base import Cost, LabelAgnosticMetric, LabelSensitiveMetric, Metric
from seewhy.benchmark.curves import Curve
from seewhy.benchmark.faithfulness import Faithfulness
from seewhy.benchmark.together import evaluate_together

__all__ = [
    "Cost",
    "Curve",
    "Faithfulness",
    "LabelAgnosticMetric",
    "LabelSensitiveMetric",
    "Metric",
    "evaluate_together",
]
