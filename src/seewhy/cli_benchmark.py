"""What `seewhy benchmark` prints."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import isnan
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from seewhy.store import JobReader, Mean, MetricInfo, Ranking, Standing, in_words


def report(paths: Sequence[Path], out: Console, as_json: bool) -> None:
    """Print the rankings of all jobs.

    Raises
    ------
    ValueError
        If no job holds a score.
    """
    jobs = {}
    for path in paths:
        with JobReader(path) as reader:
            jobs[path] = reader.sanity_report()
    if not any(jobs.values()):
        raise ValueError(
            "there are no scores: run with metrics, `benchmarkers` of `register_saliency`, of "
            "`register_explainers` or of the file that `seewhy run` takes"
        )
    if as_json:
        plain = {str(path): [to_plain(ranking) for ranking in made] for path, made in jobs.items()}
        out.print_json(json.dumps(plain))
        return
    for path, rankings in jobs.items():
        out.print(str(path), markup=False, style="bold")
        if not rankings:
            out.print("  no scores", markup=False)
        for ranking in rankings:
            out.print(_table(ranking), soft_wrap=False)
            for sentence in in_words(ranking):
                out.print(f"  {sentence}", markup=False)
            out.print()


def to_plain(ranking: Ranking) -> dict[str, Any]:
    """Ranking as JSON values; NaN becomes null."""
    return {
        "metric": {**ranking.metric._asdict(), "low": _finite(ranking.metric.low),
                   "high": _finite(ranking.metric.high)},
        "standings": [
            {
                "explainer": standing.explainer,
                "baseline": standing.baseline,
                **_plain_mean(standing.score),
                "comparisons": [
                    {"baseline": c.baseline, "verdict": c.verdict, **_plain_mean(c.difference)}
                    for c in standing.comparisons
                ],
            }
            for standing in ranking.standings
        ],
        "in_words": in_words(ranking),
    }  # fmt: skip


def _plain_mean(mean: Mean) -> dict[str, Any]:
    return {key: None if isnan(value) else value for key, value in mean._asdict().items()}


def _finite(value: float) -> float | None:
    return value if abs(value) != float("inf") else None


def _table(ranking: Ranking) -> Table:
    metric = ranking.metric
    table = Table(title=_title(metric), title_justify="left", box=None, padding=(0, 1, 0, 1))
    baselines = list(dict.fromkeys(c.baseline for s in ranking.standings for c in s.comparisons))
    table.add_column("")
    table.add_column("explainer")
    for column in ("mean", "95 % interval", "n", *(f"- {name}" for name in baselines)):
        table.add_column(column, justify="right", no_wrap=True)
    place = 0
    for standing in ranking.standings:
        place += not standing.baseline
        table.add_row(
            "" if standing.baseline else str(place),
            f"({standing.explainer})" if standing.baseline else standing.explainer,
            f"{standing.score.mean:.3f}",
            _interval(standing.score),
            str(standing.score.n or "-"),
            *(_beside(standing, name) for name in baselines),
        )
    return table


def _title(metric: MetricInfo) -> str:
    better = "higher" if metric.higher_is_better else "lower"
    low, high = (f"{end:g}" if abs(end) != float("inf") else "..." for end in metric[2:4])
    chance = "" if metric.chance is None else f", chance {metric.chance:g}"
    return f"{metric.name}: {better} is better, {low} to {high}{chance}"


def _interval(mean: Mean) -> str:
    return "-" if isnan(mean.low) else f"{mean.low:.3f} to {mean.high:.3f}"


def _beside(standing: Standing, baseline: str) -> str:
    signs = {"better": "better", "worse": "WORSE", "not distinguishable": "="}
    for comparison in standing.comparisons:
        if comparison.baseline == baseline:
            return f"{comparison.difference.mean:+.3f} {signs.get(comparison.verdict, '?')}"
    return ""
