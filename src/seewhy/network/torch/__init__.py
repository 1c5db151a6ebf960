"""PyTorch behind the contract; the only folder of the library that imports torch."""

from seewhy.network.torch.adapter import TorchNetwork
from seewhy.network.torch.ops import TorchOps

__all__ = ["TorchNetwork", "TorchOps"]
