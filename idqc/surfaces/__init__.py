"""The rules of the surfaces: capture, verification, review; keys and accounts. No web, no SQL."""
