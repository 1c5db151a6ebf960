"""Metrics: one short file each."""

from seewhy.benchmark.base import Cost, LabelAgnosticMetric, LabelSensitiveMetric, Metric
from seewhy.benchmark.baselines import EdgeDetector, RandomMap
from seewhy.benchmark.boxes import boxes_to_mask
from seewhy.benchmark.class_sensitivity import ClassSensitivity
from seewhy.benchmark.complexity import Complexity
from seewhy.benchmark.curves import Curve
from seewhy.benchmark.energy_pointing_game import EnergyPointingGame
from seewhy.benchmark.faithfulness import Faithfulness
from seewhy.benchmark.faithfulness_correlation import FaithfulnessCorrelation
from seewhy.benchmark.infidelity import Infidelity
from seewhy.benchmark.localization import Localization
from seewhy.benchmark.localization_metric import LocalizationMetric
from seewhy.benchmark.max_sensitivity import MaxSensitivity
from seewhy.benchmark.parameter_randomisation import ParameterRandomisation
from seewhy.benchmark.random_ranking import RandomRanking
from seewhy.benchmark.relevance_mass import RelevanceMass
from seewhy.benchmark.relevance_rank import RelevanceRank
from seewhy.benchmark.road import ROAD
from seewhy.benchmark.robustness import Robustness
from seewhy.benchmark.sparseness import Sparseness
from seewhy.benchmark.tabular_faithfulness import TabularFaithfulness
from seewhy.benchmark.together import evaluate_together

__all__ = [
    "ROAD",
    "ClassSensitivity",
    "Complexity",
    "Cost",
    "Curve",
    "EdgeDetector",
    "EnergyPointingGame",
    "Faithfulness",
    "FaithfulnessCorrelation",
    "Infidelity",
    "LabelAgnosticMetric",
    "LabelSensitiveMetric",
    "Localization",
    "LocalizationMetric",
    "MaxSensitivity",
    "Metric",
    "ParameterRandomisation",
    "RandomMap",
    "RandomRanking",
    "RelevanceMass",
    "RelevanceRank",
    "Robustness",
    "Sparseness",
    "TabularFaithfulness",
    "boxes_to_mask",
    "evaluate_together",
]
