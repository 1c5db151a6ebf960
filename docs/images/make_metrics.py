"""Make the images of docs/metrics: ``python docs/images/make_metrics.py`` (extras: demo, plot).

Names of metrics as arguments make theirs alone. The numbers behind the images are printed.
"""

import sys
from io import BytesIO
from pathlib import Path

import metrics_curves as curves
import metrics_maps as maps
from matplotlib.figure import Figure
from metrics_common import DPI
from PIL import Image

HERE = Path(__file__).parent
MAKERS = (
    curves.faithfulness,
    curves.faithfulness_correlation,
    curves.road,
    curves.infidelity,
    curves.tabular_faithfulness,
    maps.localization,
    maps.relevance_mass,
    maps.relevance_rank,
    maps.energy_pointing_game,
    maps.robustness,
    maps.max_sensitivity,
    maps.class_sensitivity,
    maps.parameter_randomisation,
    maps.sparseness,
    maps.complexity,
)


def main() -> None:
    """Write one image for each metric beside this file."""
    for make in MAKERS:
        if len(sys.argv) > 1 and make.__name__ not in sys.argv[1:]:
            continue
        print(f"-- {make.__name__}")
        made = make()
        if isinstance(made, Figure):
            with BytesIO() as png:
                made.savefig(png, dpi=DPI, bbox_inches="tight", pad_inches=0.06)
                made = Image.open(png).convert("RGB")
        path = HERE / f"metrics_{make.__name__}.jpg"
        made.save(path, quality=78, optimize=True)
        print(path.name, made.size, f"{path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
