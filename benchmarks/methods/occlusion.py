"""Occlusion with windows of 32 pixels each 8 pixels."""

from benchmarks import peers
from benchmarks.case import Aim, Contender, Method, Subject
from benchmarks.ours import seewhy, softmax
from seewhy.explainer import Occlusion

WINDOW = 32

# Peers take as long for one window as for another, wherever it lies: they get so few, side by side,
# that fill one batch of 32.
SAMPLE = (56, 28)


def stride(subject: Subject) -> int:
    if subject.framework == "mindspore":
        return 32
    return 16 if subject.small else 8


def forwards(subject: Subject) -> int:
    along = (224 - WINDOW) // stride(subject) + 1
    return along**2 + 1


def sample_forwards(subject: Subject) -> int:
    return (224 // SAMPLE[0]) * (224 // SAMPLE[1]) + 1


def explainer(subject: Subject) -> Occlusion:
    return Occlusion(subject.network, softmax(subject), window=WINDOW, stride=stride(subject))


def sample_explainer(subject: Subject) -> Occlusion:
    return Occlusion(subject.network, softmax(subject), window=SAMPLE)


def captum(per_eval: int) -> Contender:
    return Contender(
        f"captum, {per_eval} per eval",
        peers.captum_occlusion(per_eval, SAMPLE),
        all_labels=False,
        forwards=sample_forwards,
        like="seewhy, as captum",
    )


METHOD = Method(
    name="Occlusion",
    ours=(seewhy(explainer),),
    others=(
        seewhy(
            sample_explainer,
            "seewhy, as captum",
            comparable=False,
            forwards=sample_forwards,
            peer=False,
        ),
        captum(1),
        captum(32),
    ),
    forwards=forwards,
    backwards=lambda labels: 0,
    limit="one F for each window and one more",
    most=lambda network, labels: 0.3 if network == "vgg16" else 0.65,
    most_on_mindspore=1.15,
    most_of_labels=1.05,
    aims=tuple(
        Aim(f"captum, {per_eval} per eval", faster, labels)
        for per_eval in (1, 32)
        for labels, faster in ((1, 4), (3, 12))
    ),
    stream=True,
    networks=("efficientnet_lite0", "mobilenet_v2", "resnet50", "vgg16"),
    batches=(1,),
    labels=(1, 3),
)
