"""Change the state of a job; nothing outside this package does."""

from syncjobs.lifecycle.asking import Asked, request
from syncjobs.lifecycle.ending import cancel, cancel_by_force, cancelled, fail, grace, succeed
from syncjobs.lifecycle.working import begin_further, claim, release
from syncjobs.registry import Answer

__all__ = [
    "Answer",
    "Asked",
    "begin_further",
    "cancel",
    "cancel_by_force",
    "cancelled",
    "claim",
    "fail",
    "grace",
    "release",
    "request",
    "succeed",
]
