"""RISE; the time of its masks is so nearly the same that a part of the 6000 will do."""

from benchmarks import by_hand
from benchmarks.case import Aim, Contender, FlatMemory, Method, Subject
from benchmarks.ours import seewhy, softmax
from seewhy.explainer import RISE

MASKS = {"efficientnet_lite0": 256, "mobilenet_v2": 256, "resnet50": 96, "vgg16": 48}

GRID = 10

PEERS_MASKS = 32


def masks(subject: Subject) -> int:
    if subject.framework == "mindspore":
        return 64
    return MASKS[subject.name] // (2 if subject.small else 1)


def explainer(subject: Subject) -> RISE:
    return RISE(subject.network, softmax(subject), num_masks=masks(subject), grid=GRID)


def with_masks(number: int) -> Contender:
    return seewhy(
        lambda subject: RISE(subject.network, softmax(subject), num_masks=number, grid=GRID),
        f"{number} masks",
        only_memory=("efficientnet_lite0",),
    )


METHOD = Method(
    name="RISE",
    ours=(seewhy(explainer), with_masks(300), with_masks(3000)),
    others=(
        Contender(
            "by hand, one label",
            by_hand.rise(PEERS_MASKS, GRID),
            all_labels=False,
            comparable=False,
            peer=False,
            forwards=lambda subject: PEERS_MASKS,
        ),
    ),
    forwards=masks,
    backwards=lambda labels: 0,
    limit="one F for each mask",
    most=lambda network, labels: 1.1,
    most_on_mindspore=1.15,
    most_of_labels=1.05,
    aims=(Aim("by hand, one label", 2, 1), Aim("by hand, one label", 6, 3)),
    flat=(FlatMemory("3000 masks", "300 masks"),),
    stream=True,
    networks=("efficientnet_lite0", "mobilenet_v2", "resnet50", "vgg16"),
    batches=(1,),
    labels=(1, 3, 10),
)
