"""MindSpore's own import warns, and a warning in a test is an error: import it once, quietly."""

from tests.networks import library

library("mindspore")
