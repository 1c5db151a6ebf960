"""One file that shows a page to somebody who has neither the server nor the job."""

from seewhy.viewer.share.routes import routes

__all__ = ["routes"]
