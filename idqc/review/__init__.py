"""How people review: the order of the queue, opinions and how they end a case, agreement. No web, no SQL."""
