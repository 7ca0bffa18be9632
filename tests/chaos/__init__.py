"""Real processes, seeded trouble, a ledger that the database itself writes."""
