"""Imports between the parts of SeeWhy point one way, and only the adapters name a framework."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src" / "seewhy"

NETWORK = {"network"}
METHOD = {"perturb", *NETWORK}
# What each part of the package may import of the others; it may always import itself.
ARROWS: dict[str, set[str]] = {
    "": {"explainer", "benchmark", "counterfactual", "uncertainty", "network", "runner", "viewer"},
    "version": set(),
    "network": set(),
    "perturb": NETWORK,
    "visual": set(),
    "store": set(),
    # Explainers also draw what they found, when asked to `show` it.
    "explainer": {"visual", "tool", *METHOD},
    "benchmark": {"explainer", *METHOD},
    "counterfactual": METHOD,
    "uncertainty": METHOD,
    "tool": METHOD,
    "runner": {
        "explainer", "benchmark", "counterfactual", "uncertainty", "store", "visual", *METHOD,
    },
    "viewer": {"store", "visual"},
    "testing": {"explainer", "benchmark", *METHOD},
    "demo": {"runner", "explainer", "benchmark", "counterfactual", "network"},
    # The command line starts everything; nothing but `__main__` imports it.
    "cli": {
        "demo", "runner", "store", "viewer", "explainer", "benchmark", "network", "cli_benchmark",
        "cli_export", "cli_import", "cli_info",
    },
    "cli_bar": set(),
    "cli_export": {"store", "viewer", "cli_bar"},
    "cli_import": {"store", "cli_bar"},
    "cli_benchmark": {"store"},
    "cli_info": {"store"},
    "__main__": {"cli"},
}  # fmt: skip

FRAMEWORKS = {"torch", "mindspore"}
MAY_IMPORT = {
    "seewhy.network.torch": {"torch"},
    "seewhy.network.mindspore": {"mindspore"},
    # What a user trains is trained by the framework's own means.
    "seewhy.tool.torch": {"torch"},
    "seewhy.tool.mindspore": {"mindspore"},
    "seewhy.demo.torch": {"torch", "efficientnet_lite_pytorch"},
    "seewhy.demo.mindspore": {"mindspore"},
}


def modules() -> list[str]:
    """Names of all modules of the package."""
    return sorted(_name(file) for file in SOURCE.rglob("*.py"))


def may_import_framework(module: str) -> bool:
    return any(_within(module, adapter) for adapter in MAY_IMPORT)


def _name(file: Path) -> str:
    parts = file.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def _part(module: str) -> str:
    """The part of the package that a module belongs to: seewhy.network.torch.ops -> network."""
    return [*module.split("."), ""][1]


def imports(text: str, module: str, is_package: bool) -> Iterator[str]:
    """Modules that a source imports anywhere, inside functions too; relative names made absolute.

    `from a import b` counts as a.b, which may be a module; `if TYPE_CHECKING:` counts too.
    """
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module.split(".")
            kept = len(base) - node.level + is_package
            start = base[:kept] if node.level else []
            source = ".".join([*start, node.module or ""]).strip(".")
            yield from (f"{source}.{alias.name}" for alias in node.names)


def wrong_arrows(text: str, module: str, is_package: bool = False) -> list[str]:
    """What a module imports and must not."""
    part = _part(module)
    allowed = {part, "version", *ARROWS.get(part, set())}
    wrong = []
    for imported in imports(text, module, is_package):
        root = imported.split(".")[0]
        if root == "seewhy":
            wrong += [imported] if _target(imported) not in allowed else []
        elif root in FRAMEWORKS or root == "efficientnet_lite_pytorch":
            adapters = [names for adapter, names in MAY_IMPORT.items() if _within(module, adapter)]
            wrong += [imported] if not any(root in names for names in adapters) else []
    return wrong


def _target(imported: str) -> str:
    """The part that an import reaches; `seewhy/__init__.py` itself names explainers."""
    part = _part(imported)
    return part if part == "__version__" or (part and part in ARROWS) else "explainer"


@pytest.mark.parametrize("file", sorted(SOURCE.rglob("*.py")), ids=_name)
def test_imports_point_one_way(file: Path) -> None:
    module = _name(file)
    assert _part(module) in ARROWS, "a new part of the package: give it its place in ARROWS"
    text = file.read_text(encoding="utf-8")
    assert wrong_arrows(text, module, file.name == "__init__.py") == []


def test_the_arrows_have_no_cycle() -> None:
    seen: set[str] = set()
    while open_parts := {part for part in ARROWS if part not in seen}:
        ready = {part for part in open_parts if ARROWS[part] <= seen}
        assert ready, f"a cycle among {open_parts}"
        seen |= ready


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("seewhy.store.writer", "import seewhy.runner"),
        ("seewhy.store.writer", "from seewhy.runner import ImageClassificationRunner"),
        ("seewhy.store.writer", "from seewhy import runner"),
        ("seewhy.store.writer", "from .. import runner"),
        ("seewhy.store.writer", "from ..runner import plan"),
        ("seewhy.store.writer", "def late():\n    import seewhy.viewer.app"),
        ("seewhy.viewer.app", "from seewhy.runner import plan"),
        ("seewhy.explainer.rise", "from seewhy.runner import plan"),
        ("seewhy.network.protocol", "from seewhy.explainer import Gradient"),
        ("seewhy.network.protocol", "from seewhy import Gradient"),
        ("seewhy.store.writer", "import seewhy"),
        ("seewhy.network.protocol", "import torch"),
        ("seewhy.network.torch.ops", "import mindspore"),
        ("seewhy.explainer.rise", "from torch.nn import functional"),
        ("seewhy.demo.photographs", "import torch"),
    ],
)
def test_a_wrong_arrow_is_found(module: str, source: str) -> None:
    assert len(wrong_arrows(source, module)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("seewhy.network.torch.ops", "import torch.nn.functional as F"),
        ("seewhy.demo.torch", "import torch\nfrom seewhy.demo.columns import columns"),
        ("seewhy.runner.plan", "from ..store import reader\nfrom . import progress"),
        ("seewhy.explainer.rise", "from seewhy.perturb.masks import grid\nimport numpy"),
        ("seewhy.store.reader", "from seewhy.version import __version__"),
        ("seewhy.cli", "import seewhy"),
    ],
)
def test_a_right_arrow_passes(module: str, source: str) -> None:
    assert wrong_arrows(source, module) == []
