"""Grad-CAM at the last convolution, and where `layer='auto'` looks."""

from benchmarks import by_hand, peers
from benchmarks.case import Aim, Contender, Method
from benchmarks.ours import seewhy
from seewhy.explainer import GradCAM

METHOD = Method(
    name="GradCAM",
    ours=(
        seewhy(lambda subject: GradCAM(subject.network, subject.layer)),
        seewhy(
            lambda subject: GradCAM(subject.network, "auto"),
            name="seewhy layer='auto'",
            comparable=False,
        ),
    ),
    others=(
        Contender("by hand", by_hand.gradcam, peer=False),
        Contender("captum LayerGradCam", peers.captum_gradcam, all_labels=False),
        Contender("grad-cam GradCAM", peers.pytorch_gradcam, all_labels=False, normalised=True),
        Contender("torchcam GradCAM", peers.torchcam_gradcam),
    ),
    forwards=lambda subject: 1,
    backwards=lambda labels: 0,
    limit="F",
    most=lambda network, labels: 1.15 + 0.02 * labels,
    aims=(Aim("captum LayerGradCam", 5, labels=3), Aim("by hand", 1)),
)
