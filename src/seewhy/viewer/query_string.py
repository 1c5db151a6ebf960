"""Reading query strings: every value is checked, and what cannot be shown is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

Choice = TypeVar("Choice", bound=str)

MAX_ID = 2**63 - 1
SIZES = (12, 24, 48, 96)
"""Entries of a page that one can choose from."""


class BadQuery(ValueError):
    """A query string that no page wrote."""


class Query(NamedTuple):
    """A query string: the last value of each key that is not empty, and all values of each key."""

    one: dict[str, str]
    many: dict[str, list[str]]

    @classmethod
    def parse(cls, items: Sequence[tuple[str, str]]) -> Query:
        """Read the pairs of a query string."""
        many: dict[str, list[str]] = {}
        for key, value in items:
            many.setdefault(key, []).append(value)
        return cls({key: values[-1] for key, values in many.items() if values[-1]}, many)

    def all(self, key: str) -> list[str]:
        """Every value of a key that is not empty, each once."""
        return list(dict.fromkeys(value for value in self.many.get(key, []) if value))

    def choice(self, key: str, choices: Sequence[str], default: str) -> str:
        """One of `choices`."""
        return choice(key, self.one.get(key, default), choices)

    def choices(self, key: str, choices: Sequence[Choice]) -> tuple[Choice, ...]:
        """Some of `choices`, in their order."""
        chosen = {choice(key, value, choices) for value in self.all(key)}
        return tuple(value for value in choices if value in chosen)

    def switch(self, key: str, default: bool) -> bool:
        """On or off: 1 or 0."""
        return self.choice(key, ("0", "1"), str(int(default))) == "1"

    def number(self, key: str, default: int, highest: int = MAX_ID) -> int:
        """A whole number from 0."""
        return whole_number(key, self.one[key], highest) if key in self.one else default

    def optional_number(self, key: str, highest: int = MAX_ID) -> int | None:
        """A whole number from 0, or None where none is given."""
        return self.number(key, 0, highest) if key in self.one else None

    def size(self) -> int:
        """Entries of a page."""
        return int(self.choice("n", tuple(map(str, SIZES)), "24"))

    def at_most_one(self, first: str, second: str) -> None:
        """BadQuery if both keys have a value."""
        if first in self.one and second in self.one:
            raise BadQuery(f"`{first}` and `{second}` cannot both be given")


def choice(key: str, value: str, choices: Sequence[str]) -> str:
    """Read one of `choices`; BadQuery if it is none."""
    if value not in choices:
        raise BadQuery(f"`{key}` must be one of {', '.join(choices)}, got {value[:50]!r}")
    return value


def whole_number(key: str, value: str, highest: int = MAX_ID) -> int:
    """Read a whole number; BadQuery if it is none, or too high."""
    # `int` alone would take signs, blanks, underscores and other alphabets' digits.
    if not (value.isascii() and value.isdigit()) or len(value) > 19 or int(value) > highest:
        raise BadQuery(f"`{key}` must be a whole number in 0..{highest}, got {value[:50]!r}")
    return int(value)
