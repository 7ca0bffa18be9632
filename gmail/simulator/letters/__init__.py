"""Believable mail, made on demand from a seed."""
