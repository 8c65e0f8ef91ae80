"""The HTTP service over the library: a checkout or the image runs it, the wheel does not hold it."""
