"""The version of SeeWhy."""

__version__ = "0.1.0"
