"""Speed on request: settings that nothing chooses unasked."""

from __future__ import annotations

import ctypes
import sys

from torch import nn

from seewhy.network.torch.asked import Way
from seewhy.network.torch.asked_checks import check_bfloat16, check_compiles
from seewhy.network.torch.engine import engine_of

# Numbers of <malloc.h>.
TRIM_THRESHOLD, TOP_PAD, MMAP_MAX = -1, -2, -4

AHEAD = 64 * 2**20
"""Bytes that are asked of the kernel beyond what is needed, so that it is asked less often."""


def tune_allocator() -> None:
    """Have the process keep the memory it frees, which makes forwards of large batches faster.

    The C library gives blocks above 32 MiB back to the kernel as soon as they are free; a network
    whose activations are larger takes them anew, page by page, after each layer, up to four times
    slower. SeeWhy's own streams keep below that size and gain little; this is for the rest:
    gradients of many samples, forwards of your own, other libraries.

    It is for the whole process and for good: memory once taken stays taken until the process
    ends. Call it before the first large forward. Results do not change.

    Raises
    ------
    RuntimeError
        If this is not Linux with glibc, or glibc refuses.
    """
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if library is None or not hasattr(library, "gnu_get_libc_version"):
        raise RuntimeError(
            "`tune_allocator` works on Linux with glibc only, this is another system"
        )
    settings = ((MMAP_MAX, 0), (TRIM_THRESHOLD, 2**31 - 1), (TOP_PAD, AHEAD))
    if not all([library.mallopt(name, value) for name, value in settings]):
        raise RuntimeError("`tune_allocator` failed: glibc refused one of the settings")


def speed_up_streams(network: nn.Module, by: Way | None) -> None:
    """Run the streams of forwards of one network in bfloat16, or compiled.

    It holds for every explainer and metric of this very object, for as long as it lives or until
    another call; copies of it know nothing of it. Streams are what Occlusion, RISE, RISEPlus,
    metrics and the hierarchical search run. Gradients, single probabilities and passes with
    dropout stay as they are. The network is not changed, and new weights are seen. What runs is
    `seewhy.adapt(network).engine`.

    Parameters
    ----------
    network
        The network that explainers are made with.
    by
        `"bfloat16"`: numbers of 8 bits instead of 24, with sums in float32 (PyTorch on the CPU).
        Where the logits of the first batch differ by more than 5 % of the largest from those in
        float32, float32 stays, and a warning says so. `"compile"`: `torch.compile`, some seconds
        to a minute when the first batch comes; equal to 1e-5 of the largest logit, or not used.
        None takes either back.

    Raises
    ------
    TypeError, ValueError
        If `network` is no PyTorch module, `by` is another word, or the parameters are not float32
        on the CPU for bfloat16.
    RuntimeError
        If the processor or this PyTorch has no quick bfloat16, or `torch.compile` does not work,
        as without a C++ compiler.
    """
    if not isinstance(network, nn.Module):
        raise TypeError(
            "`network` must be a torch.nn.Module (in MindSpore, `cell.to_float(mindspore.bfloat16)`"
            " and graph mode are the network's own settings), got "
            f"{type(network).__module__}.{type(network).__qualname__}"
        )
    accepted = "`by` must be 'bfloat16', 'compile' or None"
    if by is not None and not isinstance(by, str):
        raise TypeError(f"{accepted}, got {type(by).__name__}")
    if by not in (None, "bfloat16", "compile"):
        raise ValueError(f"{accepted}, got {by!r}")
    if by == "bfloat16":
        check_bfloat16(network)
    if by == "compile":
        check_compiles(network)
    engine_of(network).ask(by)
