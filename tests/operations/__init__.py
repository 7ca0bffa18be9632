"""What operators do to the whole: back it up, put a pooler before it, change its broker."""
