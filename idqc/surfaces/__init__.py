"""The rules of what people meet: the capture screen, the verification queue, the reviewer's console, experiments."""
