"""Mock documents, photographed: labelled photos for training and evaluation, every value in them made up."""
