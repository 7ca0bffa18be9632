"""How long Gmail takes to answer."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds for any call, more for each part of a batch and for each megabyte."""

    call: float = 0.0
    part: float = 0.0
    megabyte: float = 0.0

    @classmethod
    def read(cls, text: str) -> "Latency":
        """ "none", "realistic", or seconds per call. Raises ValueError."""
        if text == "none":
            return cls()
        if text == "realistic":
            return cls(0.09, 0.008, 0.05)
        seconds = float(text)
        if not 0 <= seconds <= 600:
            raise ValueError(f"latency must be between 0 and 600 s, not {text}")
        return cls(call=seconds)

    def before(self, parts: int, dice: Random) -> float:
        """Seconds until the answer to a call (0 parts) or batch begins; it varies by a fifth."""
        return (self.call + self.part * parts) * dice.uniform(0.8, 1.2)

    def during(self, size: int) -> float:
        """Seconds that the transfer of `size` bytes takes."""
        return self.megabyte * size / 1_000_000
