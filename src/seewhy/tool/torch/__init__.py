"""The tools in PyTorch."""

from seewhy.tool.torch.ood_net import TorchOoDNet

__all__ = ["TorchOoDNet"]
