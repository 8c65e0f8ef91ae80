"""Engines that an operator may plug in: PaddleOCR for reading, InsightFace for faces. Neither comes with idqc."""
