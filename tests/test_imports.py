"""`import seewhy`, and every module that names no framework, loads none, and no plotting either."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_layering import may_import_framework, modules

HEAVY = ("torch", "mindspore", "matplotlib", "IPython")

IMPORT_AND_LIST = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def loaded_by(*names: str) -> set[str]:
    command = [sys.executable, "-c", IMPORT_AND_LIST, *names]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert result.returncode == 0, result.stderr
    return set(result.stdout.split())


@pytest.mark.parametrize("module", ["seewhy", "seewhy.demo.photographs"])
def test_alone_it_loads_no_framework(module: str) -> None:
    assert not loaded_by(module) & set(HEAVY)


def test_no_framework_free_module_loads_a_framework() -> None:
    names = [name for name in modules() if not may_import_framework(name)]
    assert "seewhy" in names
    loaded = loaded_by(*names)
    assert "seewhy" in loaded
    assert not loaded & set(HEAVY)


def test_every_public_name_is_there_when_it_is_asked_for() -> None:
    import seewhy

    for name in seewhy.__all__:
        assert getattr(seewhy, name) is not None
        assert name in dir(seewhy)
    assert seewhy.visual.__name__ == "seewhy.visual"
    with pytest.raises(AttributeError, match="has no attribute 'Rise'"):
        _ = seewhy.Rise


def test_the_pages_load_no_explainer() -> None:
    """They start at once: SciPy and scikit-learn alone take most of a second."""
    assert not loaded_by("seewhy.viewer", "seewhy.cli") & {*HEAVY, "scipy", "sklearn"}


def test_the_check_would_notice(tmp_path: Path) -> None:
    assert "sqlite3" in loaded_by("sqlite3")


def test_the_package_is_typed() -> None:
    import seewhy

    assert Path(seewhy.__file__).with_name("py.typed").is_file()
