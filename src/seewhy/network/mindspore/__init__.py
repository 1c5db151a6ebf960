"""MindSpore behind the contract; the only folder of the library that imports mindspore."""

from seewhy.network.mindspore.adapter import MindSporeNetwork
from seewhy.network.mindspore.ops import MindSporeOps

__all__ = ["MindSporeNetwork", "MindSporeOps"]
