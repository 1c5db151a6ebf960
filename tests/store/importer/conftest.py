from tests.store.export.conftest import everything, exported

__all__ = ["everything", "exported"]  # fixtures
