"""in_notebook and show: real kernels, real viewers, real pyplot back ends."""

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from jupyter_client.manager import start_new_kernel
from matplotlib import pyplot
from PIL import Image, ImageShow

from seewhy.visual import in_notebook, show

PICTURE = Image.new("RGB", (8, 8), (255, 0, 0))
SETUP = (
    "from PIL import Image\n"
    "from seewhy.visual import in_notebook, show\n"
    "picture = Image.new('RGB', (8, 8), (255, 0, 0))\n"
)


class RecordingViewer(ImageShow.Viewer):
    """Keeps what it is shown."""

    def __init__(self) -> None:
        self.shown: list[Image.Image] = []

    def show(self, image: Image.Image, **options: object) -> int:
        self.shown.append(image)
        return 1


@pytest.fixture
def viewer(monkeypatch: pytest.MonkeyPatch) -> RecordingViewer:
    recording = RecordingViewer()
    monkeypatch.setattr(ImageShow, "_viewers", [recording])
    return recording


class Kernel:
    """A real Jupyter kernel; `run` returns the text it printed and the pictures it displayed."""

    def __init__(self) -> None:
        environment = {**os.environ, "MPLBACKEND": ""}
        self.manager, self.client = start_new_kernel(kernel_name="python3", env=environment)

    def run(self, code: str) -> tuple[str, list[Image.Image]]:
        text: list[str] = []
        pictures: list[Image.Image] = []

        def collect(message: dict) -> None:
            content = message["content"]
            if message["msg_type"] == "stream":
                text.append(content["text"])
            elif message["msg_type"] in ("display_data", "execute_result"):
                png = base64.b64decode(content["data"]["image/png"])
                pictures.append(Image.open(BytesIO(png)).convert("RGB"))

        reply = self.client.execute_interactive(code, timeout=60, output_hook=collect)
        assert reply["content"]["status"] == "ok", reply["content"]
        return "".join(text), pictures

    def stop(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    running = Kernel()
    running.run(SETUP)
    yield running
    running.stop()


def test_a_notebook_is_told_from_a_script(kernel: Kernel):
    assert kernel.run("print(in_notebook())")[0] == "True\n"
    assert in_notebook() is False


def test_ipython_in_a_terminal_is_no_notebook():
    code = "from seewhy.visual import in_notebook; print('in a notebook:', in_notebook())"
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--quick", "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "in a notebook: False" in done.stdout


@pytest.mark.parametrize("argument", ["None", "True"])
def test_a_notebook_gets_one_figure(kernel: Kernel, argument: str):
    text, pictures = kernel.run(f"show([[picture, picture], [picture, picture]], {argument})")
    assert text == ""
    assert len(pictures) == 1
    red = (np.asarray(pictures[0]) == (255, 0, 0)).all(-1)
    assert red.mean() > 0.5
    # Two rows and two columns of red squares with white between them.
    for axis in (0, 1):
        covered = red.any(axis).astype(int)
        assert np.diff(covered, prepend=0, append=0).tolist().count(1) == 2


def test_a_notebook_is_left_alone_on_request(kernel: Kernel):
    assert kernel.run("show([[picture]], False)") == ("", [])


def test_a_notebook_without_matplotlib_gets_a_contact_sheet(kernel: Kernel):
    code = (
        "import sys\n"
        "kept = sys.modules.get('matplotlib.figure')\n"
        "sys.modules['matplotlib.figure'] = None\n"
        "try:\n"
        "    show([[picture]])\n"
        "finally:\n"
        "    sys.modules.pop('matplotlib.figure')\n"
        "    if kept: sys.modules['matplotlib.figure'] = kept\n"
    )
    _, pictures = kernel.run(code)
    assert len(pictures) == 1
    assert (np.asarray(pictures[0]) == (255, 0, 0)).all(-1).sum() == 224 * 224


@pytest.mark.parametrize("argument", [None, False])
def test_a_script_shows_nothing_by_default(viewer: RecordingViewer, argument: bool | None):
    show([[PICTURE]], argument)
    show([[PICTURE, PICTURE]], argument)
    assert viewer.shown == []
    assert pyplot.get_fignums() == []


def test_a_script_opens_a_single_picture(viewer: RecordingViewer):
    show([[PICTURE]], True)
    assert viewer.shown == [PICTURE]


def test_a_script_opens_several_in_a_matplotlib_window(tmp_path: Path):
    # A back end of our own takes the window's place: the way through pyplot is the real one.
    (tmp_path / "window.py").write_text(
        "from matplotlib.backends.backend_agg import FigureCanvasAgg as FigureCanvas\n"
        "from matplotlib._pylab_helpers import Gcf\n"
        "def show(*args, **kwargs):\n"
        "    for manager in Gcf.get_all_fig_managers():\n"
        "        manager.canvas.figure.savefig('window.png')\n"
    )
    code = (
        SETUP + "show([[picture, picture]], True)\n"
        "from matplotlib import pyplot; print(pyplot.get_fignums())"
    )
    paths = os.pathsep.join([str(tmp_path), *sys.path])
    environment = {**os.environ, "MPLBACKEND": "module://window", "PYTHONPATH": paths}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[]\n"
    window = np.asarray(Image.open(tmp_path / "window.png").convert("RGB"))
    assert (window == (255, 0, 0)).all(-1).mean() > 0.5


def test_a_script_without_matplotlib_opens_a_contact_sheet(
    viewer: RecordingViewer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    show([[PICTURE, PICTURE]], True, columns=2)
    assert len(viewer.shown) == 1
    assert viewer.shown[0].width > 2 * 224


def test_a_machine_without_a_viewer_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ImageShow, "_viewers", [])
    with pytest.warns(RuntimeWarning, match="no picture viewer was found"):
        show([[PICTURE]], True)


@pytest.mark.parametrize("argument", [1, "yes", 0])
def test_show_must_be_a_bool(argument: object):
    with pytest.raises(TypeError, match="`show` must be a bool or None"):
        show([[PICTURE]], argument)


def test_bad_pictures_are_refused_even_when_nothing_is_shown():
    with pytest.raises(TypeError, match="`images` must hold"):
        show([PICTURE], False)
