"""How sure a network is of its probabilities: Monte Carlo dropout and deep ensembles."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv

from seewhy.network import Network, adapt
from seewhy.network.inputs import check_inputs
from seewhy.network.memory import MemoryLimit
from seewhy.network.names import check_layer
from seewhy.network.protocol import Activation, OutputPicker, Tensor
from seewhy.network.rates import check_rate
from seewhy.network.seeds import check_seed
from seewhy.network.targets import check_range, class_ids

TAIL = 0.025
"""On either side of the 95 % interval."""
PASSES = 50
SAMPLES_AT_ONCE = 32
"""At the most; the results do not depend on it."""
NO_VARIANCE = 1e-14
"""Less is the rounding of single precision."""
OVERSHOOT = 1e-3
"""By so much half precision oversteps 0 and 1."""

Array = npt.NDArray[np.float64]


class Estimate(NamedTuple):
    """Probabilities and how far they vary, each (N, L).

    Attributes
    ----------
    probability
        What the network says without dropout; the mean of the members for an ensemble.
    mean, std
        Mean and standard deviation (divided by the number of passes) of the passes.
    low, high
        Ends of the 95 % interval, in [0, 1].
    """

    probability: Tensor
    mean: Tensor
    std: Tensor
    low: Tensor
    high: Tensor


class EpistemicUncertainty:
    """Says how far a network's probabilities vary with what its weights could have been.

    For one network by Monte Carlo dropout (Gal and Ghahramani, "Dropout as a Bayesian
    Approximation", ICML 2016): with p_1 ... p_T the probabilities of T forwards in which dropout
    is live and all else, BatchNorm too, in evaluation mode,

        mean = 1/T sum p_t,    std^2 = 1/T sum (p_t - mean)^2.

    For a list of networks (a deep ensemble; Lakshminarayanan et al., NeurIPS 2017) p_t is what the
    t-th network says without dropout.

    The 95 % interval holds the middle of the beta distribution with the centre m and the variance
    v = std^2: a = m (m (1 - m) / v - 1), b = a (1 - m) / m. Without any variance both ends are m;
    with v >= m (1 - m), which no beta distribution has, the limit is taken, all weight on 0 and 1.

    What is before the first value dropped runs once for all passes, and the rest in batches. All
    samples share the masks of a pass; results do not depend on how samples are split.

    Parameters
    ----------
    network
        The classifier: a `torch.nn.Module` or a `mindspore.nn.Cell` that takes (N, C, H, W) and
        returns logits (N, K), or a list of at least two. See `seewhy.Explainer` for how it is
        treated.
    activation_fn
        Turns logits into probabilities: a module, a cell or any callable.
    passes
        T, at least 2; None: 50. Not for a list of networks.
    rate
        Probability of a value to be dropped, in [0, 1). None: as in the network's own dropout
        layers, or 0.5 for one that is put in. Not for a list of networks.
    where
        Name of the layer after whose output dropout is put, the only one then. None: the
        network's own dropout layers are live; if none runs, one is put before the last layer that
        holds a weight matrix. Not for a list of networks.
    interval
        `"beta"`, or `"quantile"` for the 2.5 % and 97.5 % quantiles of the passes.
    centre
        What the beta distribution has as its mean: the `"mean"` of the passes, or the
        `"probability"` without dropout, as MindSpore's explainer had it.
    seed
        Of the masks; None draws other ones each time.
    output
        Picks the logits when the network returns a tuple, a dict or the like.

    Raises
    ------
    TypeError, ValueError
        If an argument is of a wrong type or value.
    """

    def __init__(
        self,
        network: Any,
        activation_fn: Activation,
        passes: int | None = None,
        rate: float | None = None,
        where: str | None = None,
        *,
        interval: Literal["beta", "quantile"] = "beta",
        centre: Literal["mean", "probability"] = "mean",
        seed: int | None = 0,
        output: OutputPicker | None = None,
    ) -> None:
        networks = list(network) if isinstance(network, (list, tuple)) else [network]
        self.ensemble = isinstance(network, (list, tuple))
        if not callable(activation_fn):
            raise TypeError(f"`activation_fn` must be callable, got {type(activation_fn).__name__}")
        self._members = [adapt(one, activation_fn, output) for one in networks]
        if self.ensemble:
            _check_ensemble(self._members, passes, rate, where)
        self.passes = len(networks) if self.ensemble else _check_passes(passes)
        check_rate(rate)
        self.rate = rate
        self.where = _check_where(where, self._members[0])
        self.interval = _check_word("interval", interval, ("beta", "quantile"))
        self.centre = _check_word("centre", centre, ("mean", "probability"))
        check_seed(seed)
        self.seed = seed
        self._memory = MemoryLimit()

    @property
    def networks(self) -> list[Any]:
        """The user's own network objects."""
        return [member.original for member in self._members]

    @property
    def parameters(self) -> dict[str, Any]:
        """The settings that make the estimates what they are, as plain JSON values."""
        words = {"interval": self.interval, "centre": self.centre}
        if self.ensemble:
            return {"members": [member.fingerprint() for member in self._members], **words}
        dropout = {"passes": self.passes, "rate": self.rate, "where": self.where}
        return {**dropout, **words, "seed": self.seed}

    def __call__(self, inputs: Tensor, targets: Any = None) -> Estimate:
        """Estimate how sure the network is of its probabilities.

        Parameters
        ----------
        inputs
            Floating tensor (N, C, H, W) of the network's framework, N >= 1, finite.
        targets
            Class ids in every form that an explainer takes; None for all K classes.

        Returns
        -------
        Estimate
            Tensors (N, L) with the inputs' tensor type, device and dtype; L = K without targets.

        Raises
        ------
        TypeError, ValueError
            If an argument is of a wrong type or shape, if a class id is out of range, if the
            network offers no place for dropout, or if it or `activation_fn` returns NaN or
            anything but probabilities.
        RuntimeError
            In MindSpore's graph mode, for dropout.
        """
        ops = self._members[0].ops
        check_inputs(inputs, ops)
        ids = None if targets is None else class_ids(targets, inputs.shape[0], ops)
        # A fresh seed too is one seed for all samples.
        seed = secrets.randbits(64) if self.seed is None else self.seed
        number = inputs.shape[0]
        step = 1 if number == 1 else self._members[0].batch_size(inputs, SAMPLES_AT_ONCE)

        def estimated(part: npt.NDArray[np.int64]) -> Tensor:
            rows = slice(int(part[0]), int(part[-1]) + 1)
            plain, passes = self._passes(inputs[rows], seed)
            if ids is not None:
                check_range(ids, plain.shape[1])
                plain, passes = (_taken(values, ids[rows]) for values in (plain, passes))
            made = self._summary(_clipped(plain), _clipped(passes))
            return ops.tensor(np.stack(made, 1), like=inputs)

        parts = (np.arange(at, min(at + step, number)) for at in range(0, number, step))
        made = [self._memory.run(estimated, part, ops) for part in parts]
        joined = made[0] if len(made) == 1 else ops.concat(made)
        return Estimate(*(joined[:, place] for place in range(len(Estimate._fields))))

    def _passes(self, x: Tensor, seed: int) -> tuple[Array, Array]:
        """Probabilities (n, K), and (T, n, K) of the passes or members."""
        ops = self._members[0].ops
        if self.ensemble:
            answers = [ops.numpy(member.probabilities(x)) for member in self._members]
            if len({answer.shape for answer in answers}) > 1:
                raise ValueError("`network` must be of networks with the same number of outputs")
            passes = np.stack(answers).astype(np.float64)
            return passes.mean(0), passes
        plain, made = self._members[0].dropout_passes(x, self.passes, self.rate, self.where, seed)
        return ops.numpy(plain).astype(np.float64), ops.numpy(made).astype(np.float64)

    def _summary(self, plain: Array, passes: Array) -> tuple[Array, ...]:
        mean, std = passes.mean(0), passes.std(0)
        if self.interval == "quantile":
            low, high = np.quantile(passes, (TAIL, 1 - TAIL), axis=0)
        else:
            low, high = beta_interval(mean if self.centre == "mean" else plain, std**2)
        return plain, mean, std, low, high

    def __repr__(self) -> str:
        names = ", ".join(type(network).__name__ for network in self.networks)
        settings = "".join(f", {key}={value!r}" for key, value in self.parameters.items())
        return f"EpistemicUncertainty({f'[{names}]' if self.ensemble else names}{settings})"


def beta_interval(mean: Array, variance: Array) -> tuple[Array, Array]:
    """Ends of the middle 95 % of the beta distributions with these means and variances.

    Where the variance is none, both ends are the mean; where it is mean (1 - mean) or more, all
    weight is on 0 and 1.
    """
    most = mean * (1 - mean)
    shaped = (variance > NO_VARIANCE) & (variance < most)
    strength = np.where(shaped, most, 2.0) / np.where(shaped, variance, 1.0) - 1
    centre = np.where(shaped, mean, 0.5)
    ends = []
    for tail in (TAIL, 1 - TAIL):
        end = betaincinv(centre * strength, (1 - centre) * strength, tail)
        limit = np.where(variance > NO_VARIANCE, (1 - mean < tail).astype(np.float64), mean)
        ends.append(np.where(shaped, end, limit))
    return ends[0], ends[1]


def _taken(values: Array, ids: npt.NDArray[np.int64]) -> Array:
    """Values (..., n, K) at the class ids (n, L)."""
    return np.take_along_axis(values, np.broadcast_to(ids, (*values.shape[:-1], ids.shape[1])), -1)


def _clipped(values: Array) -> Array:
    low, high = values.min(), values.max()
    if low < -OVERSHOOT or high > 1 + OVERSHOOT:
        raise ValueError(
            "`activation_fn` must turn the logits into probabilities in [0, 1], got values in "
            f"[{low:.4g}, {high:.4g}]"
        )
    return values.clip(0, 1)


def _check_passes(passes: Any) -> int:
    if passes is None:
        return PASSES
    if isinstance(passes, bool) or not isinstance(passes, int):
        raise TypeError(f"`passes` must be an int of at least 2, got {type(passes).__name__}")
    if passes < 2:
        raise ValueError(f"`passes` must be an int of at least 2, got {passes}")
    return passes


def _check_where(where: Any, network: Network) -> str | None:
    if where is None:
        return None
    if not isinstance(where, str):
        raise TypeError(f"`where` must be the name of a layer, got {type(where).__name__}")
    check_layer(where, network.layers(), "where")
    return where


def _check_word(name: str, word: Any, known: Sequence[str]) -> str:
    if not isinstance(word, str):
        raise TypeError(f"`{name}` must be {' or '.join(map(repr, known))}, got {word!r}")
    if word not in known:
        raise ValueError(f"`{name}` must be {' or '.join(map(repr, known))}, got {word!r}")
    return word


def _check_ensemble(members: Sequence[Network], passes: Any, rate: Any, where: Any) -> None:
    if len(members) < 2:
        raise ValueError(f"`network` must be one, or a list of at least 2, got {len(members)}")
    if len({id(member.original) for member in members}) < len(members):
        raise ValueError("`network` must be a list of different networks, got one twice")
    if len({member.ops.tensor_type for member in members}) > 1:
        raise TypeError("`network` must be a list of networks of one framework")
    for name, value in (("passes", passes), ("rate", rate), ("where", where)):
        if value is not None:
            raise ValueError(f"`{name}` must be None for a list of networks, got {value!r}")
