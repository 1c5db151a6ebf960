"""What one run measures."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace


@dataclass(frozen=True)
class Settings:
    """Plain values only: they travel to the measuring processes as JSON."""

    framework: str = "torch"
    part: str = "time"
    """"time" or "memory": memory is measured where nothing has run before."""
    allocator: str = "default"
    """"tuned": the process keeps the memory it frees; only streams of forwards are measured."""
    networks: tuple[str, ...] = ()
    """Networks, numbers of images and of labels; none means those that each method names."""
    batches: tuple[int, ...] = ()
    labels: tuple[int, ...] = ()
    small: bool = False
    """Whether methods of hundreds of forwards do a part of their work."""
    until: float = float("inf")
    """Time (since the epoch) at which no further group of cases begins."""
    repeats: int = 5
    seconds: float = 12.0
    """CPU time of a group of cases after which it is repeated less often: see `interleave`."""
    thorough: bool = True
    """Whether two threads are timed too, and memory for one label beside that for most."""
    only: tuple[str, ...] = ()
    """Parts of methods' names; none means all."""

    def wants(self, name: str) -> bool:
        """Whether `only` lets a method pass."""
        return not self.only or any(part.lower() in name.lower() for part in self.only)

    def to_json(self) -> str:
        """Return the settings as text for `from_json`."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Settings:
        """Read what `to_json` wrote."""
        plain = json.loads(text)
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in plain.items()})


def quick(settings: Settings) -> Settings:
    """Return settings that show within minutes whether all works, on a busy machine too."""
    return replace(
        settings,
        networks=("efficientnet_lite0",),
        batches=(1,),
        labels=(1, 3),
        small=True,
        repeats=3,
        seconds=2.0,
        thorough=False,
    )


def with_tuned_allocator(settings: Settings) -> Settings:
    """Return the shorter run in which no contender takes its memory anew from the kernel."""
    return replace(
        settings,
        allocator="tuned",
        labels=settings.labels or (1, 3),
        small=True,
        repeats=min(settings.repeats, 3),
        thorough=False,
    )


def for_mindspore(settings: Settings) -> Settings:
    """Return the shorter run for MindSpore, which is several times slower and has no peers."""
    return replace(
        settings,
        framework="mindspore",
        networks=("efficientnet_lite0",),
        batches=(1,),
        labels=(1, 3) if settings.thorough else (1,),
        small=True,
        repeats=min(settings.repeats, 3 if settings.thorough else 1),
    )
