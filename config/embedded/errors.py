"""Why the embedded servers cannot start, in one sentence for a person."""


class CannotStart(Exception):
    """Its text is the whole message: what is wrong, where, what to do."""
