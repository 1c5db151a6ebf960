"""The list of jobs."""

from seewhy.viewer.jobs.routes import routes

__all__ = ["routes"]
