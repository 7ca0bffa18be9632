"""How much a mailbox's job does."""

from syncjobs.admission import Scope

WINDOW, BATCH, INCREMENTAL, RECONCILE, FULL = "window", "batch", "incremental", "reconcile", "full"
MORE_TO_DO = "more_to_do"  # the event of a batch that its request ended before the work was done

# A reconcile does what a full pass does, by difference; asked for together they are one pass.
RANK = {WINDOW: 0, BATCH: 1, INCREMENTAL: 2, RECONCILE: 3, FULL: 3}


def wider(active: Scope, asked: Scope) -> Scope:
    """The scope that does the work of both; the first where it does already."""
    mine, theirs = RANK[active.mode], RANK[asked.mode]
    if mine != theirs:
        return active if mine > theirs else asked
    if active.mode == WINDOW and asked.params["after"] < active.params["after"]:
        return asked
    return active
