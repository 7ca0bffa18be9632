"""How much a mailbox's job does."""

from syncjobs.admission import Scope

WINDOW, BATCH, INCREMENTAL, RECONCILE, FULL = "window", "batch", "incremental", "reconcile", "full"
BACKFILL = "backfill"  # of raw bytes: on a resource of its own, so it meets none of the others
CONFIRMED = "confirmed"  # the parameter of a full pass: a person said that (almost) everything may be marked as gone
MORE_TO_DO = "more_to_do"  # the event of a batch that its request ended before the work was done

# A reconcile does what a full pass does, by difference; asked for together they are one pass.
RANK = {WINDOW: 0, BATCH: 1, INCREMENTAL: 2, RECONCILE: 3, FULL: 3}


def wider(active: Scope, asked: Scope) -> Scope:
    """The scope that does the work of both; the first where it does already. What a person confirmed stays confirmed."""
    widest = _wider(active, asked)
    if not (active.params.get(CONFIRMED) or asked.params.get(CONFIRMED)) or widest.params.get(CONFIRMED):
        return widest
    return Scope(widest.mode, {**widest.params, CONFIRMED: True})


def news(scope: Scope) -> Scope | None:
    """What a click is owed that came when a pass had read history for the last time: another look at it, or at the window."""
    if scope.mode == WINDOW:
        return scope
    return None if scope.mode == BATCH else Scope(INCREMENTAL)


def _wider(active: Scope, asked: Scope) -> Scope:
    mine, theirs = RANK[active.mode], RANK[asked.mode]
    if mine != theirs:
        return active if mine > theirs else asked
    if active.mode == WINDOW and asked.params["after"] < active.params["after"]:
        return asked
    return active
