"""A tile in JupyterLab's launcher, where jupyter-server-proxy is installed."""

from __future__ import annotations

from typing import Any


def launcher() -> dict[str, Any]:
    """Tell jupyter-server-proxy how to start the pages of the folder that Jupyter serves.

    They listen on a Unix socket of this user: Jupyter itself has asked who one is.
    """
    return {
        "command": ["seewhy", "view", ".", "--uds", "{unix_socket}"],
        "unix_socket": True,
        "timeout": 30,
        "launcher_entry": {"title": "SeeWhy"},
    }
