"""PyTorch behind the contract; the only folder of the library that imports torch."""

from seewhy.network.torch.adapter import TorchNetwork

__all__ = ["TorchNetwork"]
