"""What would change the network's mind: regions that decide a prediction."""

from seewhy.counterfactual.edit_tree import Box, EditStep
from seewhy.counterfactual.hierarchical_occlusion import HierarchicalOcclusion
from seewhy.counterfactual.result import Counterfactual, Direction, Reason, RegionLayer

__all__ = [
    "Box",
    "Counterfactual",
    "Direction",
    "EditStep",
    "HierarchicalOcclusion",
    "Reason",
    "RegionLayer",
]
