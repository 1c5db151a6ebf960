"""Explain a MindSpore classifier on photographs: python examples/mindspore_script.py.

Set ONEDNN_MAX_CPU_ISA=AVX2 on processors with AVX-512: MindSpore is a hundred times faster then.
"""

from mindspore import nn

from seewhy import GradCAM, GuidedBackprop
from seewhy.demo.columns import to_display
from seewhy.demo.mindspore import dataset, network
from seewhy.demo.photographs import class_names
from seewhy.runner import ImageClassificationRunner

net = network()
data = (dataset().batch(8), class_names())
runner = ImageClassificationRunner(
    "explanations", data, net, nn.Softmax(), display=to_display, job="mindspore-script"
)
runner.register_saliency([GradCAM(net, layer="conv_head"), GuidedBackprop(net)])
print("Now look at it: seewhy view", runner.run().parent)
