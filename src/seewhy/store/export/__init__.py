"""Stores as what other programs open."""

from seewhy.store.export.mindinsight import export_mindinsight
from seewhy.store.export.report import ExportReport, JobReport

__all__ = ["ExportReport", "JobReport", "export_mindinsight"]
