"""Tools that a user trains or runs; what serves images is in `seewhy.tool.cv` too."""

from seewhy.tool import cv
from seewhy.tool.ood_net import OoDNet

__all__ = ["OoDNet", "cv"]
