"""Explain a PyTorch classifier on two batches of photographs: python examples/torch_script.py."""

import torch
from torch.utils.data import DataLoader

from seewhy import GradCAM, GuidedBackprop
from seewhy.demo.columns import to_display
from seewhy.demo.photographs import class_names
from seewhy.demo.torch import dataset, network
from seewhy.runner import ImageClassificationRunner

net = network()
data = (DataLoader(dataset(), batch_size=8), class_names())
runner = ImageClassificationRunner(
    "explanations", data, net, torch.nn.Softmax(dim=-1), display=to_display, job="torch-script"
)
runner.register_saliency([GradCAM(net, layer="_conv_head"), GuidedBackprop(net)])
print("Now look at it: seewhy view", runner.run().parent)
