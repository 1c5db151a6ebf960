"""Speed and memory of every method, beside its limit and its peers: `python -m benchmarks`."""
