"""Gmail's HTTP API, OAuth and Pub/Sub push, imitated by a server of its own process."""
