"""What a store holds of a job as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"
Status = Literal["running", "finished", "interrupted", "failed"]


class ExplainerInfo(NamedTuple):
    """An explainer of a job.

    Attributes
    ----------
    name : str
        Name shown to people; unique in a job.
    signed : bool
        Whether zero means "no influence" and negative values mean "against": such maps are
        stored over a range that is symmetric about zero.
    params : mapping of str to JSON
        Arguments it was built with.
    baseline : bool
        Whether it is only there for the scores of others to be compared with. Its maps are not
        stored.
    """

    name: str
    signed: bool
    params: Mapping[str, JSON]
    baseline: bool = False


class MetricInfo(NamedTuple):
    """A metric of a job.

    Attributes
    ----------
    name : str
        Name shown to people; unique in a job.
    higher_is_better : bool
        Direction.
    low, high : float
        Lowest and highest possible score; may be infinite.
    params : mapping of str to JSON
        Arguments it was built with.
    chance : float or None
        Expected score of a map that knows nothing; None if only a random map tells.
    needs_mask : bool
        Whether it scores only labels of which a box is known.
    """

    name: str
    higher_is_better: bool
    low: float
    high: float
    params: Mapping[str, JSON]
    chance: float | None = None
    needs_mask: bool = False


class JobInfo(NamedTuple):
    """Summary of a job.

    Attributes
    ----------
    name : str
        Job name.
    status : str
        What the writer last said: running, finished, interrupted, failed.
    state : str
        `status`, or "stalled" if the status says running but no process holds the job.
    created, updated : float
        Seconds since the epoch; `updated` is the last time anything was written.
    done, total : int, int or None
        Samples the run has dealt with, of how many.
    samples : int
        Samples stored.
    revision : int
        Grows with every batch written.
    size : int
        Bytes on disk.
    labels : int
        Number of classes.
    explainers : tuple of ExplainerInfo
        In the order in which they were registered.
    settings : mapping
        Settings the run was started with.
    versions : mapping
        Versions of the software that wrote it.
    forwards : str
        What ran the network's forwards, and why, in words; "" if that was not noted.
    uncertainty : mapping or None
        Settings with which uncertainties are estimated; None if they are not.
    hierarchical_occlusion : mapping or None
        Settings with which counterfactuals are searched; None if they are not.
    counterfactuals : (int, int)
        Labels with a region that decides the prediction, and all that were searched.
    rate : float or None
        Samples a second since the run was last started; None before the first ones.
    metrics : int
        Number of metrics that score the explanations.
    """

    name: str
    status: Status
    state: str
    created: float
    updated: float
    done: int
    total: int | None
    samples: int
    revision: int
    size: int
    labels: int
    explainers: tuple[ExplainerInfo, ...]
    settings: Mapping[str, JSON]
    versions: Mapping[str, str]
    forwards: str = ""
    uncertainty: Mapping[str, JSON] | None = None
    hierarchical_occlusion: Mapping[str, JSON] | None = None
    counterfactuals: tuple[int, int] = (0, 0)
    rate: float | None = None
    metrics: int = 0

    @property
    def kind(self) -> str:
        """What was explained, as "image classification" or "tabular regression"."""
        return str(self.settings.get("kind", ""))

    @property
    def is_tabular(self) -> bool:
        """Whether the samples are rows of a table; `TabularReader` reads them."""
        return self.kind.startswith("tabular")

    @property
    def remaining(self) -> float | None:
        """Seconds that a running job still needs at this rate; None if that cannot be said."""
        if self.state != "running" or self.total is None or not self.rate:
            return None
        return max(self.total - self.done, 0) / self.rate
