"""Experiments on the capture screen: arms, who gets which, what is compared, and a test that survives peeking."""
