"""Running ONNX models: the machine's profile, checked sessions."""
