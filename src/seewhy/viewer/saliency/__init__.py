"""The saliency page: samples with the maps of every explainer."""

from seewhy.viewer.saliency.routes import routes

__all__ = ["routes"]
