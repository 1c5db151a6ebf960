"""How SeeWhy drives a network."""

from seewhy.network.adapt import adapt
from seewhy.network.protocol import Network, Ops

__all__ = ["Network", "Ops", "adapt"]
