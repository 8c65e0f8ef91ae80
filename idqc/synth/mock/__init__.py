"""Mock documents: cards drawn by a procedural layout, with made-up values and the word SPECIMEN on each."""
