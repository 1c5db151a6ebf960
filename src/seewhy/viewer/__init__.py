"""Pages over the stores of a folder: rendered here, offline, with the whole view in the URL."""

from seewhy.viewer.app import create_app
from seewhy.viewer.server import serve

__all__ = ["create_app", "serve"]
