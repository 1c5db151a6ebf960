"""Names that an old reader can carry."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence

from seewhy.store.job_records import MetricInfo

LOWER = " (lower is better)"


def safe_labels(names: Sequence[str]) -> list[str]:
    """Put blanks in the place of underscores.

    MindInsight finds the pictures of a counterfactual by a name that it splits at underscores.
    """
    return replaced(names, "_", " ")


def safe_explainers(names: Sequence[str]) -> list[str]:
    """Put dashes in the place of dots and brackets.

    MindInsight's score table takes them for paths into its data, and shows an empty column.
    """
    return replaced(names, "[.[\\]]", "-")


def safe_metrics(metrics: Sequence[MetricInfo]) -> list[str]:
    """Say so where lower scores are better: MindInsight assumes that higher ones are."""
    return distinct(m.name if m.higher_is_better else m.name + LOWER for m in metrics)


def replaced(names: Sequence[str], pattern: str, by: str) -> list[str]:
    """Replace what matches; names stay distinct, and those without a match stay as they are."""
    made = [
        re.sub(pattern, by, name).strip() or "-" if re.search(pattern, name) else name
        for name in names
    ]
    taken = {name for name, new in zip(names, made, strict=True) if name == new}
    numbered = []
    for name, new in zip(names, made, strict=True):
        found = new if name == new else _untaken(new, taken)
        taken.add(found)
        numbered.append(found)
    return numbered


def distinct(names: Iterable[str]) -> list[str]:
    """Number repeated names: the second "cat" becomes "cat (2)"."""
    names = list(names)
    taken = set(names)
    seen: set[str] = set()
    made = []
    for name in names:
        found = _untaken(name, taken) if name in seen else name
        seen.add(name)
        taken.add(found)
        made.append(found)
    return made


def _untaken(name: str, taken: Collection[str]) -> str:
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name} ({number})"
    return found


def folder_names(names: Iterable[str]) -> list[str]:
    """Names of folders: letters, digits, blanks, dots and dashes, 80 at the most, distinct."""
    return distinct(_folder_name(name) for name in names)


def _folder_name(name: str) -> str:
    plain = unicodedata.normalize("NFC", name)
    return re.sub(r"[^\w .-]+", "-", plain)[:80].strip(". ") or "-"
