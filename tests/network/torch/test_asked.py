"""Streams in bfloat16 or compiled, where a user asks for them.

The tests run with a limit on oneDNN's instructions that rules bfloat16 out, so it is tried in a
process of its own; and so is the absence of a compiler.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seewhy.network import adapt
from seewhy.network.torch.asked import Asked
from seewhy.network.torch.tuning import speed_up_streams
from tests.networks import images, make

ROOT = Path(__file__).parents[3]


def batches(number: int = 3, size: tuple[int, int] = (16, 15)) -> list[Tensor]:
    return [torch.from_numpy(images(4, size=size, seed=k)) for k in range(number)]


def answers(module: nn.Module, parts: list[Tensor]) -> Tensor:
    return torch.cat(list(adapt(module, nn.Softmax(-1)).stream(parts)))


def expected(module: Any, parts: list[Tensor]) -> Tensor:
    with torch.no_grad():
        made: Tensor = module(torch.cat(parts)).softmax(-1)
    return made


class Untraceable(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = make("torch")

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.inner(x if float(x.detach().sum()) < 1e9 else x * 2)
        return made


def run(script: str, **environment: str) -> Any:
    """Run a script in a new process without the limit; it prints JSON last."""
    given = {**os.environ, **environment, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    given.pop("ONEDNN_MAX_CPU_ISA", None)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        env=given, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


BFLOAT16 = """
import json, torch
from torch import nn
from seewhy import adapt
from seewhy.explainer import Occlusion
from seewhy.network.torch.engine import engine_of
from seewhy.network.torch.tuning import speed_up_streams
from tests.network.torch.test_asked import Untraceable, answers, batches, expected
from tests.networks import make
from tests.snapshots import snapshot

said = []
try:
    for module in (make("torch"), Untraceable()):
        module.train()
        before, parts = snapshot("torch", module), batches()
        speed_up_streams(module, "bfloat16")
        made = answers(module, parts)
        assert snapshot("torch", module) == before
        module.eval()
        wanted = expected(module, parts)
        first = float((made - wanted).abs().max())
        with torch.no_grad():
            for weight in module.parameters():
                weight.mul_(-0.9)
        renewed = float((answers(module, parts) - expected(module, parts)).abs().max())
        reason = engine_of(module).reason
        maps = Occlusion(module, nn.Softmax(-1), window=4, stride=2)(parts[0], 1)
        speed_up_streams(module, None)
        exact = float((answers(module, parts) - expected(module, parts)).abs().max())
        plain = Occlusion(module, nn.Softmax(-1), window=4, stride=2)(parts[0], 1)
        apart = float((maps - plain).abs().max() / plain.abs().max())
        said.append([reason, made.dtype == torch.float32, first, renewed, exact, apart])
except RuntimeError as error:
    said = str(error)
print(json.dumps(said))
"""


def test_bfloat16() -> None:
    said = run(BFLOAT16)
    flags = Path("/proc/cpuinfo").read_text().split()
    if not {"avx512_bf16", "amx_bf16"} & set(flags):
        assert "bfloat16 need a processor" in said
        return
    for (reason, is_float32, first, renewed, exact, apart), words in zip(
        said, ("fused oneDNN graph in bfloat16: 2 conv", "bfloat16 by autocast"), strict=True
    ):
        assert reason.startswith(words)
        assert is_float32
        assert 1e-5 < first < 0.02
        assert 1e-5 < renewed < 0.02
        assert exact < 1e-5
        assert 1e-5 < apart < 0.2


def test_a_processor_without_bfloat16_is_refused() -> None:
    """The limit that the tests run with stands for one."""
    with pytest.raises(RuntimeError, match="need a processor and an oneDNN with bfloat16"):
        speed_up_streams(make("torch"), "bfloat16")


COMPILED = """
import json, torch
from torch import nn
from seewhy import adapt
from seewhy.explainer import Occlusion
from seewhy.network.torch.engine import engine_of
from seewhy.network.torch.tuning import speed_up_streams
from tests.network.torch.test_asked import answers, batches, expected
from tests.networks import make
from tests.snapshots import snapshot

module, parts = make("torch"), batches()
maps = Occlusion(module, nn.Softmax(-1), window=4, stride=2)(parts[0], 1)
module.train()
before = snapshot("torch", module)
speed_up_streams(module, "compile")
made = answers(module, [*parts, parts[0][:1]])
assert snapshot("torch", module) == before
module.eval()
found = [made - expected(module, [*parts, parts[0][:1]])]
said = [engine_of(module).reason, adapt(module).engine.split(";")[0]]
found.append(Occlusion(module, nn.Softmax(-1), window=4, stride=2)(parts[0], 1) - maps)
with torch.no_grad():
    module.fc.weight.mul_(-2)
found.append(answers(module, parts) - expected(module, parts))
speed_up_streams(module, None)
answers(module, parts)
said.append(engine_of(module).reason)
print(json.dumps([said, [float(apart.abs().max()) for apart in found]]))
"""


def test_compiled() -> None:
    (compiled, shown, after), differences = run(COMPILED)
    assert compiled == shown == "torch.compile"
    assert after.startswith("fused oneDNN graph: 2 conv")
    assert max(differences) < 1e-5


def test_a_replaced_module_is_compiled_anew() -> None:
    module = make("torch")
    asked = Asked("bfloat16", module)
    module.fc.weight = nn.Parameter(module.fc.weight * 2)
    assert asked.serves(module)
    module.relu6 = nn.Identity()
    assert not asked.serves(module)


NO_COMPILER = """
import json
from seewhy.network.torch.tuning import speed_up_streams
from tests.networks import make

try:
    speed_up_streams(make("torch"), "compile")
except RuntimeError as error:
    print(json.dumps(str(error)))
"""


def test_no_compiler(tmp_path: Path) -> None:
    said = run(NO_COMPILER, CXX="no-such-compiler", TORCHINDUCTOR_CACHE_DIR=str(tmp_path))
    assert "need `torch.compile`, which needs a C++ compiler (g++ or clang) at run time" in said
    assert "no-such-compiler" in said or "compiler" in said.split("here it failed: ")[1].lower()


@pytest.mark.parametrize("failing", ["it fails", "it answers otherwise"])
def test_a_way_that_does_not_serve(failing: str, caplog: pytest.LogCaptureFixture) -> None:
    def forward(x: Tensor) -> Tensor:
        if not torch.is_autocast_enabled("cpu"):
            return x.sum((2, 3))
        if failing == "it fails":
            raise RuntimeError("no kernel for BFloat16")
        return x.sum((2, 3)) * 1.1

    asked, parts = Asked("bfloat16", make("torch")), batches()
    with caplog.at_level(logging.WARNING, "seewhy"):
        for x in parts:
            made = asked.run(forward, lambda answer, number: answer, x)
            torch.testing.assert_close(made, x.sum((2, 3)))
    (said,) = caplog.messages
    assert said.startswith("bfloat16 by autocast was asked for, but is not used: ")
    assert ("no kernel" if failing == "it fails" else "differ by 1.0e-01") in said
    assert asked.words.startswith("plain network: bfloat16 by autocast was asked for, but ")


def test_out_of_memory_is_no_failure_of_the_way() -> None:
    def forward(x: Tensor) -> Tensor:
        raise torch.OutOfMemoryError("out of memory")

    asked = Asked("bfloat16", make("torch"))
    with pytest.raises(torch.OutOfMemoryError):
        asked.run(forward, lambda answer, number: answer, batches(1)[0])
    assert asked.words == "bfloat16 by autocast"


def test_bad_arguments() -> None:
    module = make("torch")
    with pytest.raises(ValueError, match="`by` must be 'bfloat16', 'compile' or None, got 'int8'"):
        speed_up_streams(module, "int8")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="`by` must be 'bfloat16', 'compile' or None, got bool"):
        speed_up_streams(module, True)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"`network` must be a torch.nn.Module .*got builtins.str"):
        speed_up_streams("module", "compile")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="`network` must hold float32 parameters on the CPU"):
        speed_up_streams(module.double(), "bfloat16")


@pytest.mark.mindspore
def test_a_network_of_mindspore_is_refused() -> None:
    with pytest.raises(TypeError, match=r"to_float.*graph mode"):
        speed_up_streams(make("mindspore"), "bfloat16")
