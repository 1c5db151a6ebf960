"""The filters and orders that the rows page offers, as plain data."""

from __future__ import annotations

from seewhy.store import FeatureInfo, TabularReader
from seewhy.viewer.job_data import Data
from seewhy.viewer.rows.intervals import format_interval
from seewhy.viewer.rows.state import RowsState

LISTED = 40
LISTED_FEATURES = 12
LISTED_CATEGORIES = 30


def label_filters(job: TabularReader, state: RowsState) -> Data:
    """The most frequent labels among the kinds chosen, and how many there are in all."""
    wanted = state.find.casefold()
    counts = job.counts()
    found: list[Data] = []
    for index, name in enumerate(job.labels):
        number = sum(
            count
            for kind, count in counts.get(index, {}).items()
            if not state.kinds or kind in state.kinds
        )
        active = name in state.labels
        if active or (index in counts and wanted in name.casefold()):
            found.append({"label": name, "count": number, "active": active})
    found.sort(key=lambda row: (not row["active"], -row["count"], row["label"]))
    return {"listed": found[: max(LISTED, len(state.labels))], "found": len(found)}


def feature_filters(job: TabularReader, state: RowsState) -> Data:
    """Features that match what was typed, those filtered by first, and how many there are."""
    wanted = state.feature.casefold()
    found = [
        feature
        for feature in job.features
        if state.intervals(feature.name) or wanted in feature.name.casefold()
    ]
    found.sort(key=lambda feature: not state.intervals(feature.name))
    chosen = sum(bool(state.intervals(feature.name)) for feature in found)
    listed = found[: max(LISTED_FEATURES, chosen)]
    return {"listed": [_feature(feature, state) for feature in listed], "found": len(found)}


def _feature(feature: FeatureInfo, state: RowsState) -> Data:
    intervals = state.intervals(feature.name)
    low, high = intervals[0] if intervals else (float("-inf"), float("inf"))
    categories = list((feature.categories or {}).items())[:LISTED_CATEGORIES]
    return {
        "feature": feature.name,
        "active": bool(intervals),
        "low": format_interval((low, float("inf"))).removesuffix(".."),
        "high": format_interval((float("-inf"), high)).removeprefix(".."),
        "categories": [
            {"code": code, "name": name, "active": (float(code), float(code)) in intervals}
            for code, name in categories
        ],
        "more": len(feature.categories or {}) - len(categories),
    }


def orders(job: TabularReader, state: RowsState) -> list[Data]:
    """Orders that one can choose; the one in force is among them."""
    if job.is_regression:
        names = {
            "id": "Data set order",
            "-prob": "Highest output first",
            "prob": "Lowest output first",
            "-residual": "Largest error first",
            "residual": "Smallest error first",
        }
    else:
        names = {
            "id": "Data set order",
            "-prob": "Most probable first",
            "prob": "Least probable first",
        }
    if state.sort not in names:
        feature = state.sort.removeprefix("-").removeprefix("f.")
        names[f"-f.{feature}"] = f"Highest {feature} first"
        names[f"f.{feature}"] = f"Lowest {feature} first"
    return [{"sort": sort, "name": name} for sort, name in names.items()]


def active_filters(job: TabularReader, state: RowsState) -> list[Data]:
    """Each filter in force, with the state without it."""
    found: list[Data] = [
        {"name": label, "kind": None, "without": state.toggle_label(label)}
        for label in state.labels
    ]
    found += [{"name": k, "kind": k, "without": state.toggle_kind(k)} for k in state.kinds]
    if state.name:
        name = f"name contains “{state.name}”"
        found.append({"name": name, "kind": None, "without": state.filtered(name="")})
    features = {feature.name: feature for feature in job.features}
    found += [
        {
            "name": f"{name}: {_in_words(features[name], intervals)}",
            "kind": None,
            "without": state.with_intervals(name, ()),
        }
        for name, intervals in state.cells
    ]
    return found


def _in_words(feature: FeatureInfo, intervals: tuple[tuple[float, float], ...]) -> str:
    words = [
        feature.describe(low) if feature.categories and low == high else _interval(low, high)
        for low, high in intervals
    ]
    return " or ".join(words)


def _interval(low: float, high: float) -> str:
    if low == high:
        return format_interval((low, high))
    text = format_interval((low, high))
    if text.endswith(".."):
        return f"at least {text.removesuffix('..')}"
    if text.startswith(".."):
        return f"at most {text.removeprefix('..')}"
    return text.replace("..", " to ")
