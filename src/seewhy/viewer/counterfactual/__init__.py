"""The counterfactual page: the regions that decide predictions, and how they were found."""

from seewhy.viewer.counterfactual.routes import routes

__all__ = ["routes"]
