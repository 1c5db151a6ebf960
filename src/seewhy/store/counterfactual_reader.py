"""Reading the counterfactuals of a job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from seewhy.store import counterfactual_queries
from seewhy.store.base_reader import StoreReader
from seewhy.store.counterfactual_queries import CounterfactualQuery, Place
from seewhy.store.counterfactuals import (
    CounterfactualEntry,
    CounterfactualRecord,
    fetch_counterfactuals,
    fetch_entries,
)


class CounterfactualPage(NamedTuple):
    """A page of the list of counterfactuals, and the samples on either side of it.

    Attributes
    ----------
    entries : tuple of CounterfactualEntry
        In order.
    places : tuple of Place
        Of the entries.
    previous, next : Place or None
        Of the sample in front of the page, and of the one behind it.
    matching : int
        Samples that match in all.
    """

    entries: tuple[CounterfactualEntry, ...]
    places: tuple[Place, ...]
    previous: Place | None
    next: Place | None
    matching: int


class CounterfactualReader(StoreReader):
    """The part of `JobReader` about counterfactuals."""

    def counterfactuals(self, sample_ids: Sequence[int]) -> tuple[CounterfactualRecord, ...]:
        """Counterfactuals of some samples, by sample and label; also those without a region."""
        with self._query() as connection:
            return fetch_counterfactuals(connection, sample_ids)

    def counterfactual_page(
        self, query: CounterfactualQuery, holding: int | None = None
    ) -> CounterfactualPage:
        """One page of the samples whose labels were searched.

        Parameters
        ----------
        query
            Which ones, in which order.
        holding
            A sample: where the first page does not hold it, the page that begins with it is given,
            if it matches. Plays no part when the query names a place.
        """
        with self._query() as connection:
            rows = counterfactual_queries.page_holding(connection, query, holding)
            keys = [(place.sample_id, place.label) for place in rows.rows]
            return CounterfactualPage(
                entries=fetch_entries(connection, keys),
                places=tuple(rows.rows),
                previous=rows.previous,
                next=rows.next,
                matching=counterfactual_queries.count(connection, query),
            )

    def count_counterfactuals(self, query: CounterfactualQuery) -> int:
        """Count the samples whose labels match."""
        with self._query() as connection:
            return counterfactual_queries.count(connection, query)

    def counterfactual_counts(self, query: CounterfactualQuery) -> dict[int, int]:
        """Count the samples by label, whichever label the query names."""
        with self._query() as connection:
            return counterfactual_queries.counts(connection, query)
