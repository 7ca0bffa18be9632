"""Tell users what happens to their mailboxes: once each time, at least once to the last way."""
