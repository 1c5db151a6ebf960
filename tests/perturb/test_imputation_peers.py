"""The same imputation as grad-cam's, which is that of the paper's authors."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pytorch_grad_cam.metrics.road import NoisyLinearImputer

from seewhy.perturb.imputation import TOLERANCE, imputed

pytestmark = [pytest.mark.torch, pytest.mark.peers]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # grad-cam's, on NumPy 2
def test_equals_grad_cam_s() -> None:
    rng = np.random.default_rng(2)
    x, hidden = rng.normal(size=(3, 20, 17)).astype(np.float32), rng.random((20, 17)) < 0.7
    kept = torch.from_numpy(~hidden).float()
    theirs = NoisyLinearImputer(noise=0.0)(torch.from_numpy(x), kept)
    made = imputed(x[None].astype(float), hidden[None])[0]
    np.testing.assert_allclose(made, theirs.numpy(), rtol=0, atol=TOLERANCE * np.ptp(x))
