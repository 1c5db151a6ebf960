"""The assessment page: which explainer deserves trust, by the scores of a job."""

from seewhy.viewer.assessment.routes import routes

__all__ = ["routes"]
