"""EfficientNet-Lite0 on real photographs, in PyTorch and in MindSpore.

All of it comes out of installed packages. `photographs`, `columns` and `weights` need no framework;
`seewhy.demo.torch` and `seewhy.demo.mindspore` each have `network()` and `dataset()`.
"""
