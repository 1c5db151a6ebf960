"""The plain input gradient."""

from benchmarks import by_hand, peers
from benchmarks.case import Aim, Contender, Method
from benchmarks.ours import seewhy
from seewhy.explainer import Gradient

METHOD = Method(
    name="Gradient",
    ours=(seewhy(lambda subject: Gradient(subject.network)),),
    others=(
        Contender("by hand", by_hand.gradient, peer=False),
        Contender("captum Saliency", peers.captum_gradient("Saliency"), all_labels=False),
    ),
    forwards=lambda subject: 1,
    backwards=lambda labels: labels,
    limit="F + L B",
    aims=(Aim("by hand", 1),),
)
