"""A photo as pixels: decoding, geometry, measures."""
