"""Scripts and their versions: what they declare, how they are drafted, tested, published, pinned, rolled back and suspended."""
