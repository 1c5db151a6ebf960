"""Tables out of CSV files, without pandas."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, nan
from pathlib import Path

import numpy as np
import numpy.typing as npt

from seewhy.runner.plan_words import PlanError, did_you_mean

ENDINGS = (".csv", ".tsv")
SEPARATORS = ",;\t"


@dataclass(frozen=True)
class CsvFile:
    """The cells of a CSV file as texts, by column."""

    path: Path
    columns: dict[str, list[str]]
    lines: list[int]
    """The line of the file where each row ends."""

    def column(self, key: str, name: str) -> list[str]:
        """Cells of the column that the key of a plan names."""
        if name not in self.columns:
            raise PlanError(
                f"`{key}` must name a column of {self.path}, got {name!r}; "
                f"{did_you_mean(name, self.columns)}"
            )
        return self.columns[name]

    def rows(self, key: str, names: Sequence[str]) -> npt.NDArray[np.float64]:
        """Numbers (N, K) of the columns that the key of a plan names."""
        columns = [
            [self._number(cell, name, line) for cell, line in zip(cells, self.lines, strict=True)]
            for name in names
            for cells in [self.column(key, name)]
        ]
        return np.array(columns).T

    def truth(self, key: str, name: str) -> list[float] | list[str | None]:
        """Numbers if all cells are, else texts; NaN or None for what is left blank."""
        cells = self.column(key, name)
        try:
            return [float(cell) if cell else nan for cell in cells]
        except ValueError:
            return [cell or None for cell in cells]

    def _number(self, cell: str, name: str, line: int) -> float:
        try:
            number = nan if "_" in cell else float(cell)
        except ValueError:
            number = nan
        if not isfinite(number):
            what = (
                "fill missing values in first" if not cell else "give categories as integer codes"
            )
            raise PlanError(
                f"{self.path} must hold finite numbers, got {cell!r} in line {line}, column "
                f"{name!r}; {what}, or leave the column out with `columns`"
            )
        return number


def read_csv(path: Path) -> CsvFile:
    """Read a file whose first line names the columns; commas, semicolons or tabs separate.

    Raises
    ------
    PlanError
        If there is no such file, no row, a row of another width, or names that are blank or
        repeated.
    """
    if not path.is_file():
        raise PlanError(f"{path} does not exist, or is not a file")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            separator = max(SEPARATORS, key=first.count)
            reader = csv.reader(file, delimiter=separator)
            # Blank lines are no rows.
            found = [([cell.strip() for cell in row], reader.line_num) for row in reader if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise PlanError(f"{path} is not CSV in UTF-8: {error}") from error
    if len(found) < 2:
        raise PlanError(f"{path} must hold a line of column names and at least one row")
    names, lines = found[0][0], [line for _, line in found[1:]]
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated or "" in names:
        raise PlanError(
            f"{path} must have distinct column names, none of them blank, got "
            f"{repeated[0] if repeated else ''!r}" + (" more than once" if repeated else "")
        )
    for row, line in found[1:]:
        if len(row) != len(names):
            raise PlanError(
                f"{path} must have {len(names)} cells in each row, as in its first line, "
                f"got {len(row)} in line {line}"
            )
    cells = list(zip(*(row for row, _ in found[1:]), strict=True))
    return CsvFile(path, {n: list(column) for n, column in zip(names, cells, strict=True)}, lines)
