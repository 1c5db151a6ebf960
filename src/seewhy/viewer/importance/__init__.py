"""The importance page: what matters to a model of tables over all rows."""

from seewhy.viewer.importance.routes import routes

__all__ = ["routes"]
