"""The sync of one mailbox: decide, act, store."""
