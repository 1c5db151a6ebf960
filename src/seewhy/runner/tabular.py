"""A table in, explanations in a store out."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from math import inf
from pathlib import Path
from typing import Any, Literal

import numpy as np

from seewhy.benchmark import RandomRanking, TabularFaithfulness
from seewhy.explainer import PseudoLinearCoef
from seewhy.explainer.tabular import Predictor, answering, check_names
from seewhy.explainer.tabular.checks import check_category_names
from seewhy.network.tensors import ops_of
from seewhy.runner import checks, tabular_checks
from seewhy.runner.interrupt import let_ctrl_c_raise
from seewhy.runner.paced import paced_batches
from seewhy.runner.progress import progress_bar
from seewhy.runner.tabular_answers import read_answers
from seewhy.runner.tabular_checks import TabularMethod
from seewhy.runner.tabular_data import digest_of_all, digests, read_table, read_truth
from seewhy.runner.tabular_explanation import TabularExplanation
from seewhy.runner.tabular_resume import check_same_answers, number_rows
from seewhy.store import Coefficients, ExplainerInfo, MetricInfo, TabularWriter
from seewhy.store.job_records import JSON
from seewhy.store.rows import check_job_name
from seewhy.version import __version__

LOOKED_AT = 256
"""Rows whose outputs tell of what kind the model's answers are."""


class TabularRunner:
    """Explains a model of rows on a whole table and stores what it finds.

    The results go to one file, `<summary_dir>/<job>.seewhy.db`, which can be read while it is
    written (`seewhy.store.read_tabular`). A run that was stopped, in whatever way, goes on where it
    stopped when it is started again; a finished one has nothing left to do.

    Explained are the classes that the model predicts and those of the ground truth, or all; for a
    regression its one output.

    Parameters
    ----------
    summary_dir
        Folder for the store; made if it does not exist.
    data
        Rows (N, K) of finite numbers, or a tuple of rows and class names: an array, a tensor, a
        DataFrame or a list. Class names stand in the order of the outputs; by default an
        estimator's own, else "0", "1" and so on. A regression may name its one output.
    predictor
        The model: an estimator, a `torch.nn.Module`, a `mindspore.nn.Cell`, or any callable on
        rows; see `LIMETabular`. It returns (N, L) for L > 1 classes, or (N,) or (N, 1) for a
        regression.
    ground_truth
        What is right: N class ids (-1 or NaN: not known), N class names, for a regression N numbers
        (NaN: not known); or the name of the column of the DataFrame `data` that holds it, which is
        no feature then.
    feature_names
        K distinct names; by default the columns of a DataFrame, else what an explainer calls them.
    categorical_names
        Names of the codes of categorical columns, as for `LIMETabular`: what a page shows for them.
    targets
        `"predicted"`: the classes predicted, and those of the ground truth. `"all"`: each class for
        each row, which a global importance needs; for SHAPKernel and LIMETabular it costs the same.
    threshold
        Probability above which a class is predicted, in [0, 1]. Where the probabilities sum to one
        and none is above it, and where outputs are no probabilities, the largest is.
    names
        Names of the rows; by default the index of a DataFrame, else they are numbered.
    job
        Name of the store's file; give each kind of run in a folder a name of its own.
    batch_size
        Rows that are explained together; the results do not depend on it. `None` takes as many as
        keep the machine busy for about a second.
    progress
        Whether to show a progress bar; `None` shows it in a terminal and in a notebook.

    Raises
    ------
    TypeError
        If an argument is of a wrong type.
    ValueError
        If there are no rows, they are of uneven width or hold NaN, if the class names are not as
        many as the outputs, blank or repeated, or if the ground truth does not fit.
    """

    def __init__(
        self,
        summary_dir: str | Path,
        data: Any,
        predictor: Any,
        *,
        ground_truth: Any = None,
        feature_names: Sequence[str] | None = None,
        categorical_names: Mapping[int, Any] | None = None,
        targets: Literal["predicted", "all"] = "predicted",
        threshold: float = 0.5,
        names: Sequence[str] | None = None,
        job: str = "tabular",
        batch_size: int | None = None,
        progress: bool | None = None,
    ) -> None:
        self._summary_dir = checks.check_summary_dir(summary_dir)
        self._table = read_table(data, ground_truth)
        rows = self._table.rows
        width = rows.values.shape[1]
        self._feature_names = check_names("feature_names", feature_names, width)
        self._categories = check_category_names(categorical_names, range(width))
        self._targets = tabular_checks.check_targets(targets)
        self._threshold = checks.check_threshold(threshold)
        self._names = checks.check_names(names, len(self._table)) or self._table.names
        check_job_name(job)
        self._job = job
        self._batch_size = None if batch_size is None else checks.check_batch_size(batch_size)
        self._progress = checks.check_progress(progress)
        self._explainers: Sequence[TabularMethod] = ()
        self._metrics: Sequence[TabularFaithfulness] = ()
        self._answering = answering(predictor)
        self._predictor = Predictor(predictor)
        self._answers = read_answers(self._predictor(rows.values[:LOOKED_AT], rows.kind))
        let_ctrl_c_raise()
        self._labels = tabular_checks.class_names(
            self._table.labels, self._answering, self._answers
        )
        self._truth = read_truth(
            self._table.truth, len(self._table), self._labels, self._answers.regression
        )

    def register_explainers(
        self, explainers: list[Any], benchmarkers: list[TabularFaithfulness] | None = None
    ) -> None:
        """Choose the explainers, and the metrics that score them; may be called once.

        Parameters
        ----------
        explainers
            At least one `LIMETabular`, `SHAPKernel`, `SHAPGradient` or `PseudoLinearCoef`, of
            distinct classes, each made for the very predictor of the runner. An explainer may serve
            several runners.
        benchmarkers
            Metrics of distinct kinds, made for the same predictor. They score what is said of the
            classes that are predicted or true, of PseudoLinearCoef nothing. A random ranking is
            scored beside the explainers, so that the scores can be compared with something.

        Raises
        ------
        TypeError
            If an argument is of a wrong type.
        ValueError
            If there is no explainer, a class is repeated, or an explainer or a metric was made for
            another predictor, another number of columns, or another number of classes.
        RuntimeError
            If it was called before.
        """
        if self._explainers:
            raise RuntimeError("`register_explainers` must be called once, it was called before")
        made = tabular_checks.check_methods(explainers, self._answering, self._table, self._answers)
        metrics = tabular_checks.check_metrics(benchmarkers, made, self._answering, self._table)
        self._features = tabular_checks.feature_infos(
            self._feature_names, self._table, made, self._categories
        )
        self._explainers = made
        self._metrics = metrics

    def run(self) -> Path:
        """Explain every row that is not yet in the store, and return the path of the store.

        Ctrl-C stops it with everything so far readable; so does any error.

        Raises
        ------
        TypeError, ValueError
            If nothing is registered, if the predictor's answers are not numbers or not finite, or
            if the store belongs to another run: other features, other settings of an explainer, a
            predictor that answers otherwise.
        RuntimeError
            If another process runs this job.
        OSError
            If the store cannot be written.
        """
        if not self._explainers:
            raise ValueError("`register_explainers` must be called before `run`, nothing to do")
        known = digests(self._table.rows.values, self._truth)
        with self._open_store() as writer:
            check_same_answers(writer, self._predictor, self._table.rows.kind)
            self._explain_rows(writer, known)
            self._explain_model(writer, known)
        return writer.path

    def _open_store(self) -> TabularWriter:
        network, regression = self._predictor.network, self._answers.regression
        settings: dict[str, JSON] = {
            "kind": "tabular regression" if regression else "tabular classification",
            "predictor": tabular_checks.describe(self._answering),
        }
        if network is not None:
            settings["weights"] = network.fingerprint()
        if not regression:
            settings["threshold"] = self._threshold
        owner = getattr(self._answering, "__self__", self._answering)
        library = type(owner).__module__ if network is None else network.ops.tensor_type
        module = sys.modules.get(library.partition(".")[0])
        version = getattr(module, "__version__", None)
        versions = {} if version is None else {library.partition(".")[0]: str(version)}
        return TabularWriter(
            self._summary_dir,
            self._job,
            settings=settings,
            labels=self._labels,
            features=self._features,
            explainers=[_info(explainer) for explainer in self._explainers]
            + [ExplainerInfo(b.name, True, b.parameters, True) for b in self._baselines()],
            metrics=[
                MetricInfo(m.name, True, -inf, inf, {**m.parameters, "data": m.data_digest})
                for m in self._metrics
            ],
            total=len(self._table),
            versions={"seewhy": __version__, **versions},
        )

    def _baselines(self) -> list[RandomRanking]:
        return [RandomRanking()] if self._metrics else []

    def _explain_rows(self, writer: TabularWriter, known: list[str]) -> None:
        explanation = TabularExplanation(
            self._table,
            self._truth,
            self._names,
            self._predictor,
            self._answers,
            [each for each in self._explainers if not isinstance(each, PseudoLinearCoef)],
            self._metrics,
            self._targets,
            self._threshold,
        )
        left = [row for row in number_rows(known, writer) if not explanation.is_finished(row)]
        skipped, explained = len(known) - len(left), 0
        title = f"Explaining {self._job}"
        with progress_bar(title, len(known), self._progress, "rows") as tell:
            tell(skipped, 0)
            for batch in paced_batches(left, self._batch_size):
                writer.progress(skipped + explained)
                explanation.store(batch, writer)
                explained += len(batch)
                writer.progress(skipped + explained)
                tell(skipped + explained, explained)
        writer.progress(len(known))

    def _explain_model(self, writer: TabularWriter, known: list[str]) -> None:
        """Store the coefficients of the model as a whole, unless those of these rows are there."""
        rows, digest = self._table.rows, digest_of_all(known)
        for explainer in self._explainers:
            if not isinstance(explainer, PseudoLinearCoef):
                continue
            if writer.coefficients_digest(explainer.name) == digest:
                continue
            found = explainer(rows.kind.native(rows.values), show=False)
            let_ctrl_c_raise()
            overall, relative = (
                np.asarray(each if (ops := ops_of(each)) is None else ops.numpy(each))
                for each in found
            )
            writer.set_coefficients(explainer.name, Coefficients(overall, relative), digest)


def _info(explainer: TabularMethod) -> ExplainerInfo:
    params = dict(explainer.parameters)
    if not isinstance(explainer, PseudoLinearCoef):
        # The background, or the statistics of the training data, shape the results as well.
        params["data"] = explainer.data_digest
    return ExplainerInfo(explainer.name, True, params)
