"""Take mail out: the exact bytes, in forms that other programs read."""
