"""Gmail for Python programs: a client of its API with a simulator of its server."""
