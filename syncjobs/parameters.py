"""Read the whole numbers that a query holds."""

from rest_framework.exceptions import ValidationError

LARGEST_ID = 2**63 - 1
MOST_DIGITS = 19


def whole(name: str, text: str, lowest: int = 1, highest: int = LARGEST_ID) -> int:
    """The number that parameter `name` says, digits only; raises ValidationError outside the bounds."""
    if not text.isascii() or not text.isdigit() or len(text) > MOST_DIGITS or not lowest <= int(text) <= highest:
        raise ValidationError({name: [f"A whole number from {lowest} to {highest}."]})
    return int(text)
