"""What other programs wrote, as stores."""

from seewhy.store.importer.mindinsight import import_mindinsight
from seewhy.store.importer.report import ImportedJob, ImportReport

__all__ = ["ImportReport", "ImportedJob", "import_mindinsight"]
