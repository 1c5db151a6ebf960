"""Pages over the stores of a folder: rendered here, offline, with the whole view in the URL."""

from seewhy.viewer.app import create_app
from seewhy.viewer.export import export_html
from seewhy.viewer.job import Job, open_job
from seewhy.viewer.server import serve

__all__ = ["Job", "create_app", "export_html", "open_job", "serve"]
