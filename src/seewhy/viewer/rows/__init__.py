"""The rows page: rows of a table with what the model says of them, and each row explained."""

from seewhy.viewer.rows.routes import routes

__all__ = ["routes"]
