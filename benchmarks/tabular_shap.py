"""SHAPKernel and SHAPGradient beside shap and captum: ``python -m benchmarks.tabular_shap``.

Time: CPU seconds, interleaved, over the model's own predictions on the very rows that are asked
about, given to it in one call. Error: relative L2 distance to the exact values at equal numbers of
evaluations. About a minute.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.machine import machine_line
from benchmarks.measure import interleave, whole
from seewhy.explainer import SHAPGradient, SHAPKernel, exact_shapley

Floats = npt.NDArray[np.float64]
Model = Callable[[Floats], Floats]
Method = Callable[[Model, Floats, Floats, int, int, int], Floats]

ROUNDS = 7
COALITIONS = 2048
BUDGETS = (56, 112, 448, 896)
SEEDS = range(10)
PREDECESSOR_SECONDS = 3.8  # for a row and label of 4 features and 200 draws


def models() -> dict[str, tuple[Any, Floats]]:
    """Fitted models with the table of each."""
    cancer, digits = load_breast_cancer(), load_digits()
    mlp = MLPClassifier((32, 32), random_state=0, max_iter=400)
    return {
        "forest of 100, 30 features, 2 outputs": (
            RandomForestClassifier(100, random_state=0).fit(cancer.data, cancer.target),
            cancer.data,
        ),
        "MLP(32, 32), 30 features, 2 outputs": (
            make_pipeline(StandardScaler(), mlp).fit(cancer.data, cancer.target),
            cancer.data,
        ),
        "MLP(32), 64 features, 10 outputs": (
            MLPClassifier((32,), random_state=0, max_iter=100).fit(digits.data, digits.target),
            digits.data,
        ),
    }


def asked_rows(explain: Callable[[Any], object], model: Any) -> Floats:
    """All rows that an explanation asks the model about."""
    asked: list[Floats] = []

    def recording(rows: Floats) -> Floats:
        asked.append(rows)
        return np.asarray(model.predict_proba(rows))

    explain(recording)
    return np.concatenate(asked)


def time_kernel(name: str, model: Any, x: Floats) -> None:
    """One row, all outputs: our time and shap's over the predictions alone."""
    import shap

    background, row = x[:50], x[100:101]
    outputs = [list(range(model.predict_proba(row).shape[1]))]

    def recorded(predict: Any) -> object:
        return SHAPKernel(predict, background, num_neighbours=COALITIONS)(row, outputs)

    rows = asked_rows(recorded, model)
    reference = whole(lambda: model.predict_proba(rows))
    ours = SHAPKernel(model, background, num_neighbours=COALITIONS)
    theirs = shap.KernelExplainer(model.predict_proba, background)
    calls = {
        "seewhy": whole(lambda: ours(row, outputs)),
        "shap": whole(lambda: theirs.shap_values(row, nsamples=COALITIONS, l1_reg=0, silent=True)),
    }
    times = interleave(calls, reference, ROUNDS)
    seewhy, peer = times["seewhy"], times["shap"]
    print(
        f"  {name:40} predictions {np.median(seewhy.reference) * 1e3:6.0f} ms"
        f"   seewhy x{seewhy.relative:5.2f}   shap x{peer.relative:5.2f}"
        f"   shap / seewhy {peer.median / seewhy.median:5.2f}"
    )


def time_gradient() -> None:
    """A network of 4 features, 200 draws: one row and label, and 100 rows of 3 labels."""
    import shap
    import torch
    from captum.attr import GradientShap

    torch.manual_seed(0)
    torch.set_num_threads(1)
    network = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))
    x = torch.randn(100, 4)
    ours, captum = SHAPGradient(network, x), GradientShap(network)
    theirs = shap.GradientExplainer(network, x)
    each = torch.arange(3).repeat(100, 1)

    def by_captum(rows: Any, labels: range) -> None:
        for label in labels:
            captum.attribute(rows, x, n_samples=200, target=label)

    def forwards(times: int) -> None:
        points = torch.randn(200 * times, 4)
        with torch.no_grad():
            network(points)

    for what, calls in {
        "1 row, 1 label": {
            "seewhy": lambda: ours(x[:1], 0),
            "captum": lambda: by_captum(x[:1], range(1)),
            "shap (all labels)": lambda: theirs.shap_values(x[:1], nsamples=200),
        },
        "100 rows, 3 labels": {
            "seewhy": lambda: ours(x, each),
            "captum": lambda: by_captum(x, range(3)),
            "shap": lambda: theirs.shap_values(x, nsamples=200),
        },
    }.items():
        timed = {key: whole(call) for key, call in calls.items()}
        times = interleave(timed, whole(lambda: forwards(1)), ROUNDS)
        line = "   ".join(f"{key} {made.median * 1e3:8.2f} ms" for key, made in times.items())
        print(f"  {what:22} {line}")
        if what.startswith("1 "):
            factor = PREDECESSOR_SECONDS / times["seewhy"].median
            print(
                f"  {'':22} the predecessor's {PREDECESSOR_SECONDS} s are {factor:.0f} times ours"
            )


def errors() -> None:
    """Mean relative error over the seeds, at equal numbers of evaluations."""
    wine, cancer = load_wine(), load_breast_cancer()
    tables = {"wine, 13": (wine.data, wine.target)}
    tables["cancer, 14"] = (cancer.data[:, :14], cancer.target)
    for table, (x, y) in tables.items():
        for kind in (
            RandomForestClassifier(30, random_state=0),
            MLPClassifier((32, 32), random_state=0, max_iter=400),
            LogisticRegression(),
        ):
            model = make_pipeline(StandardScaler(), kind).fit(x, y).predict_proba
            for name, method in (("seewhy", by_seewhy), ("shap", by_shap), ("captum", by_captum)):
                found = "".join(f"{error:9.4f}" for error in errors_of(method, model, x))
                print(f"  {table:12}{type(kind).__name__:26}{name:8}{found}")


def errors_of(method: Method, model: Model, x: Floats) -> list[float]:
    """Mean relative error of a method for each budget."""
    background, row = x.mean(0, keepdims=True), x[5:6]
    label = int(model(row)[0].argmax())
    exact = exact_shapley(model, background, row, label)[0, 0]
    made = []
    for budget in BUDGETS:
        values = [method(model, background, row, label, budget, seed) for seed in SEEDS]
        made.append(np.mean([np.linalg.norm(value - exact) for value in values]))
    return [float(error / np.linalg.norm(exact)) for error in made]


def by_seewhy(
    model: Model, background: Floats, row: Floats, label: int, budget: int, seed: int
) -> Floats:
    explainer = SHAPKernel(model, background, num_neighbours=budget, seed=seed)
    return np.asarray(explainer(row, label)[0, 0])


def by_shap(
    model: Model, background: Floats, row: Floats, label: int, budget: int, seed: int
) -> Floats:
    import shap

    np.random.seed(seed)  # noqa: NPY002 - the one that shap draws from
    explainer = shap.KernelExplainer(model, background)
    made = explainer.shap_values(row, nsamples=budget, l1_reg=0, silent=True)
    return np.asarray(made[0, :, label])


def by_captum(
    model: Model, background: Floats, row: Floats, label: int, budget: int, seed: int
) -> Floats:
    import torch
    from captum.attr import KernelShap

    torch.manual_seed(seed)
    made = KernelShap(lambda z: torch.from_numpy(model(z.numpy())[:, label])).attribute(
        torch.from_numpy(row),
        torch.from_numpy(background),
        n_samples=budget,
        perturbations_per_eval=budget,
    )
    return np.asarray(made.numpy()[0])


def main() -> None:
    """Print three tables."""
    warnings.simplefilter("ignore")
    logging.getLogger("shap").setLevel(logging.ERROR)
    print(machine_line())
    print(f"\nKernel SHAP, {COALITIONS} coalitions x 50 background rows, one row, all outputs")
    for name, (model, x) in models().items():
        time_kernel(name, model, x)
    print("\nGradient SHAP, 4 features, 200 draws (PyTorch, one thread)")
    time_gradient()
    print(f"\nRelative error of Kernel SHAP at {', '.join(map(str, BUDGETS))} evaluations")
    errors()


if __name__ == "__main__":
    main()
