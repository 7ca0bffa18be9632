"""The HTTP API of the mirror."""
