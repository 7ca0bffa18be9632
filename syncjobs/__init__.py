"""Durable jobs: one active per resource, leased, fenced, resumable; a stranger to what they do."""
