"""MindSpore behind the contract; the only folder of the library that imports mindspore."""

from seewhy.network.mindspore.adapter import MindSporeNetwork

__all__ = ["MindSporeNetwork"]
