"""Deconvolution."""

from benchmarks import peers
from benchmarks.case import Contender, Method
from benchmarks.ours import seewhy
from seewhy.explainer import Deconvolution

METHOD = Method(
    name="Deconvolution",
    ours=(seewhy(lambda subject: Deconvolution(subject.network)),),
    others=(
        Contender(
            "captum Deconvolution",
            peers.captum_gradient("Deconvolution"),
            all_labels=False,
            note="knows nn.ReLU only",
        ),
    ),
    forwards=lambda subject: 1,
    backwards=lambda labels: labels,
    limit="F + L B",
)
