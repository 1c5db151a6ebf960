"""A data set in, explanations in a store out."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seewhy.benchmark import EdgeDetector, Metric, RandomMap
from seewhy.counterfactual import HierarchicalOcclusion
from seewhy.explainer import Explainer
from seewhy.network import adapt
from seewhy.network.protocol import Activation, OutputPicker
from seewhy.runner import checks
from seewhy.runner.batches import same_shape_batches
from seewhy.runner.dataset import as_dataset, items, num_items, num_samples
from seewhy.runner.display import Display, to_picture
from seewhy.runner.explanation import Explanation, probabilities
from seewhy.runner.progress import progress_bar
from seewhy.runner.resume import Arrivals, Wanted
from seewhy.runner.samples import LabelledImage, read_samples, unpack
from seewhy.runner.verdict import share_a_sum_of_one
from seewhy.store import ExplainerInfo, JobWriter, MetricInfo
from seewhy.store.rows import check_job_name
from seewhy.uncertainty import EpistemicUncertainty
from seewhy.version import __version__


class ImageClassificationRunner:
    """Explains an image classifier on a whole data set and stores what it finds.

    The results go to one file, `<summary_dir>/<job>.seewhy.db`, which can be viewed while it is
    written (`seewhy view SUMMARY_DIR`). A run that was stopped, in whatever way, goes on where it
    stopped when it is started again; a finished one has nothing left to do.

    Explained are the labels of the ground truth and those that the network predicts: with a
    probability above `threshold` or, where a softmax over many classes gives none so much, the
    most probable one.

    Parameters
    ----------
    summary_dir
        Folder for the store; made if it does not exist.
    data
        Tuple of data set and class names. The data set is a MindSpore dataset, a PyTorch `Dataset`
        or `DataLoader`, a tuple of arrays (images, labels, boxes, masks), or anything else that can
        be iterated more than once; it yields [image], [image, label], [image, label, bbox or mask]
        or [image, label, bbox, mask]. Images are CHW or NCHW with 1, 3 or 4 channels, as the
        network wants them. Labels are ids, ids padded with -1, or multi-hot. Boxes are x, y, width,
        height in pixels of the input, masks (H, W) or (labels, H, W) of 0 and 1; the i-th belongs
        to the i-th label. Class names stand in the order of the network's outputs.
    network
        The classifier: a `torch.nn.Module` or a `mindspore.nn.Cell` that returns logits.
    activation_fn
        Turns logits into probabilities: a module, a cell or any callable.
    output
        Picks the logits when the network returns a tuple, a dict or the like.
    threshold
        Probability above which a label is predicted, in [0, 1].
    display
        Turns an input (C, H, W) back into a picture, where the data set normalises it: takes a
        float32 array and returns a PIL image or an array (uint8, or floats in 0..1). Without it,
        inputs outside 0..1 and 0..255 are stretched to their own range.
    names
        Names of the samples in the order of the data set, which must not be shuffled then. Without
        them the samples are numbered.
    job
        Name of the store's file; give each kind of run in a folder a name of its own.
    batch_size
        Samples that go through the network together; the results do not depend on it.
    progress
        Whether to show a progress bar; `None` shows it in a terminal and in a notebook.

    Raises
    ------
    TypeError
        If an argument is of a wrong type.
    ValueError
        If class names are blank or repeated, the data set is empty or its first item is not of
        an accepted form, or the network's outputs do not match the class names.
    """

    def __init__(
        self,
        summary_dir: str | Path,
        data: tuple[Any, list[str]],
        network: Any,
        activation_fn: Activation,
        *,
        output: OutputPicker | None = None,
        threshold: float = 0.5,
        display: Display | None = None,
        names: Sequence[str] | None = None,
        job: str = "explanations",
        batch_size: int = 8,
        progress: bool | None = None,
    ) -> None:
        self._summary_dir = checks.check_summary_dir(summary_dir)
        dataset, self._labels = checks.check_data(data)
        self._dataset = as_dataset(dataset)
        checks.check_activation_fn(activation_fn)
        self._network = adapt(network, activation_fn, output)
        self._output = output
        self._activation_fn = activation_fn
        self._activation_name = getattr(
            activation_fn, "__qualname__", type(activation_fn).__qualname__
        )
        self._threshold = checks.check_threshold(threshold)
        checks.check_display(display)
        self._display = display
        check_job_name(job)
        self._job = job
        self._batch_size = checks.check_batch_size(batch_size)
        self._progress = checks.check_progress(progress)
        self._explainers: Sequence[Explainer] = ()
        self._baselines: Sequence[Explainer] = ()
        self._metrics: Sequence[Metric] = ()
        self._uncertainty: EpistemicUncertainty | None = None
        self._search: HierarchicalOcclusion | None = None
        first = self._first_sample()
        self._first_shape = first.image.shape
        self._names = checks.check_names(names, self._total)
        self._exclusive = share_a_sum_of_one(
            probabilities(self._network, [first.image], len(self._labels))[0]
        )
        to_picture(first.image, display)

    def register_saliency(
        self, explainers: list[Explainer], benchmarkers: list[Any] | None = None
    ) -> None:
        """Choose the explainers; may be called once.

        Parameters
        ----------
        explainers
            At least one, of distinct classes, each made for the very network object of the runner.
            An explainer may serve several runners.
        benchmarkers
            Metrics that score every map, of distinct names; the scores go to the store. A random
            map and the edges of the image (`seewhy.benchmark.baselines`) are scored beside the
            explainers, so that the scores can be compared with something. Metrics that need a mask
            score the labels that have a box or a mask in `data`.

        Raises
        ------
        TypeError
            If an argument is of a wrong type.
        ValueError
            If there is no explainer, a class is repeated, an explainer explains another network,
            or a metric is made for another number of labels.
        RuntimeError
            If it was called before.
        """
        if self._explainers:
            raise RuntimeError("`register_saliency` must be called once, it was called before")
        metrics = checks.check_benchmarkers(benchmarkers, len(self._labels))
        self._explainers = checks.check_explainers(explainers, self._network.original)
        self._metrics = metrics
        if metrics:
            named = {explainer.name for explainer in self._explainers}
            original, output = self._network.original, self._output
            self._baselines = [
                baseline(original, output=output)
                for baseline in (RandomMap, EdgeDetector)
                if baseline.__name__ not in named
            ]

    def register_uncertainty(self, uncertainty: EpistemicUncertainty | None = None) -> None:
        """Estimate how sure the network is of each probability; may be called once.

        Standard deviation and 95 % interval of the explained labels go to the store. Call it
        before or after `register_saliency`, which `run` needs as well.

        Parameters
        ----------
        uncertainty
            How to estimate it, made for the very network object of the runner, or for an ensemble
            that holds it. `None` stands for `EpistemicUncertainty` with its defaults.

        Raises
        ------
        TypeError
            If `uncertainty` is of a wrong type.
        ValueError
            If it was made for another network, or the network offers no place for dropout.
        RuntimeError
            If it was called before.
        """
        if self._uncertainty is not None:
            raise RuntimeError("`register_uncertainty` must be called once, it was called before")
        network = self._network
        if uncertainty is None:
            uncertainty = EpistemicUncertainty(
                network.original, self._activation_fn, output=self._output
            )
        checks.check_uncertainty(uncertainty, network.original)
        self._uncertainty = uncertainty

    def register_hierarchical_occlusion(self, search: HierarchicalOcclusion | None = None) -> None:
        """Find the regions that decide the predictions; may be called once.

        For each explained label the region that alone keeps the prediction goes to the store, or
        the reason why there is none. `run` needs nothing else; it goes together with
        `register_saliency`, in any order. Images must have three channels and 56 or more pixels on
        their short side; in a data set of images of several sizes, those that have not get that as
        the reason.

        Parameters
        ----------
        search
            How to search, made for the very network object of the runner. `None` stands for
            `HierarchicalOcclusion` with the runner's `threshold`.

        Raises
        ------
        TypeError
            If `search` is of a wrong type.
        ValueError
            If it was made for another network, or the first image of `data` cannot be searched.
        RuntimeError
            If it was called before.
        """
        if self._search is not None:
            raise RuntimeError(
                "`register_hierarchical_occlusion` must be called once, it was called before"
            )
        if search is None:
            search = HierarchicalOcclusion(
                self._network.original,
                self._activation_fn,
                threshold=self._threshold,
                output=self._output,
            )
        checks.check_hierarchical_occlusion(search, self._network.original)
        try:
            search.check_fit(self._first_shape)
        except ValueError as error:
            raise ValueError(f"{error} (the first image of `data`)") from error
        self._search = search

    def run(self) -> Path:
        """Explain every sample that is not yet in the store, and return the path of the store.

        Ctrl-C stops it with everything so far readable; so does any error.

        Raises
        ------
        TypeError, ValueError
            If nothing is registered, if the data are not of an accepted form, if the network or
            `activation_fn` returns NaN or anything but probabilities, or if the store belongs to
            another run.
        RuntimeError
            If another process runs this job, or in MindSpore's graph mode where hooks are needed.
        OSError
            If the store cannot be written.
        """
        if not self._explainers and (self._search is None or self._uncertainty is not None):
            needed = "nothing to do" if self._uncertainty is None else "uncertainty needs it"
            raise ValueError(f"`register_saliency` must be called before `run`, {needed}")
        with self._open_store() as writer:
            explainers, baselines = (
                [made.name for made in these] for these in (self._explainers, self._baselines)
            )
            wanted = Wanted(
                explainers,
                baselines,
                self._metrics,
                uncertainty=self._uncertainty is not None,
                counterfactuals=self._search is not None,
            )
            arrivals = Arrivals(writer, wanted)
            self._explain_all(writer, arrivals)
            arrivals.warn_of_strangers(writer.path)
        return writer.path

    def _first_sample(self) -> LabelledImage:
        item = next(items(self._dataset), None)
        first = None if item is None else next(unpack(item, 0, len(self._labels)), None)
        if first is None:
            raise ValueError("`data` must yield at least one sample, got an empty data set")
        self._total = num_samples(self._dataset, item)
        return first

    def _open_store(self) -> JobWriter:
        framework = self._network.ops.tensor_type.partition(".")[0]
        return JobWriter(
            self._summary_dir,
            self._job,
            settings={
                "kind": "image classification",
                "network": type(self._network.original).__name__,
                "weights": self._network.fingerprint(),
                "activation_fn": self._activation_name,
                "threshold": self._threshold,
            },
            labels=self._labels,
            explainers=[
                ExplainerInfo(e.name, e.signed, e.parameters, baseline)
                for these, baseline in ((self._explainers, False), (self._baselines, True))
                for e in these
            ],
            metrics=[
                MetricInfo(
                    m.name, m.higher_is_better, *m.range, m.parameters, m.chance, m.needs_mask
                )
                for m in self._metrics
            ],
            total=self._total,
            versions={"seewhy": __version__, framework: sys.modules[framework].__version__},
            uncertainty=None if self._uncertainty is None else self._uncertainty.parameters,
            hierarchical_occlusion=None if self._search is None else self._search.parameters,
        )

    def _explain_all(self, writer: JobWriter, arrivals: Arrivals) -> None:
        explanation = Explanation(
            self._network,
            len(self._labels),
            self._explainers,
            self._baselines,
            self._metrics,
            self._threshold,
            self._exclusive,
            self._display,
            self._names,
            self._uncertainty,
            self._search,
        )
        by_sample = self._total is not None
        total = self._total if by_sample else num_items(self._dataset)
        with progress_bar(f"Explaining {self._job}", total, self._progress) as tell:

            def tell_progress() -> None:
                writer.progress(arrivals.finished)
                tell(arrivals.finished if by_sample else arrivals.items, arrivals.explained)

            samples = read_samples(self._dataset, len(self._labels))
            unfinished = arrivals.unfinished(samples, tell_progress)
            for batch in same_shape_batches(unfinished, self._batch_size):
                explanation.store(batch, writer)
                writer.forwards(self._network.engine)
                arrivals.explained += len(batch)
                tell_progress()
