"""Guided backpropagation."""

from benchmarks import peers
from benchmarks.case import Contender, Method
from benchmarks.ours import seewhy
from seewhy.explainer import GuidedBackprop

METHOD = Method(
    name="GuidedBackprop",
    ours=(seewhy(lambda subject: GuidedBackprop(subject.network)),),
    others=(
        Contender(
            "captum GuidedBackprop",
            peers.captum_gradient("GuidedBackprop"),
            all_labels=False,
            note="knows nn.ReLU only",
        ),
    ),
    forwards=lambda subject: 1,
    backwards=lambda labels: labels,
    limit="F + L B",
)
