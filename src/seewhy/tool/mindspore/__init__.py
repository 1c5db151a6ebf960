"""The tools in MindSpore."""

from seewhy.tool.mindspore.ood_net import MindSporeOoDNet

__all__ = ["MindSporeOoDNet"]
