"""idqc inspects one photo of an identity document: criteria, scores, and a verdict."""

__version__ = "0.1.0"
