"""Training, export, calibration and evaluation: the only place that knows torch."""
