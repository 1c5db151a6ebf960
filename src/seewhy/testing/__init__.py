"""Conformance checks for networks, explainers and metrics, ours and those of others.

They need no framework and no test runner: each returns None if all holds, and raises AssertionError
that says what does not.
"""

from seewhy.testing.explainers import check_explainer
from seewhy.testing.metrics import check_metric
from seewhy.testing.networks import check_network

__all__ = ["check_explainer", "check_metric", "check_network"]
