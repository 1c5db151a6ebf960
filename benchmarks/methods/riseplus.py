"""RISEPlus: what the weights of masks add to RISE. The OoDNet is untrained, which takes as long."""

from benchmarks.case import Method, Subject
from benchmarks.methods import rise
from benchmarks.ours import seewhy, softmax
from seewhy.explainer import RISE, RISEPlus
from seewhy.tool import OoDNet

CLASSES = 10

MASKS = 256
"""So many that what is done once a call, more than in RISE, weighs little."""


def explainer(subject: Subject) -> RISEPlus:
    ood_net = OoDNet(subject.network, CLASSES)
    return RISEPlus(ood_net, subject.network, softmax(subject), num_masks=MASKS, grid=rise.GRID)


def plain(subject: Subject) -> RISE:
    return RISE(subject.network, softmax(subject), num_masks=MASKS, grid=rise.GRID)


METHOD = Method(
    name="RISEPlus",
    ours=(seewhy(explainer), seewhy(plain, "seewhy RISE", comparable=False)),
    forwards=lambda subject: MASKS,
    backwards=lambda labels: 0,
    limit="one F for each mask",
    most=lambda network, labels: 1.1,
    stream=True,
    frameworks=("torch",),
    networks=("efficientnet_lite0",),
    batches=(1,),
    labels=(1, 3),
)
