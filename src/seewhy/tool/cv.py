"""Tools for images."""

from seewhy.tool.ood_net import OoDNet

__all__ = ["OoDNet"]
