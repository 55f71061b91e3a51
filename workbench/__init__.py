"""The Workbench: one pipeline document, run for real and simulated."""

__version__ = "0.1.0"
