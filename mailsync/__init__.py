"""The product: a mirror of Gmail mailboxes, its syncs, pages, API."""
