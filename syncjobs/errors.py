"""What a running job may say instead of finishing."""

from typing import Any


class LeaseLost(Exception):
    """Another worker owns this job now; nothing written since may be kept."""


class Interrupted(Exception):
    """The slice ends here: its time is over, the worker shuts down, or the job must `wait` so many seconds."""

    def __init__(self, *, wait: float = 0.0, phase: str, code: str = "", **params: Any) -> None:
        super().__init__(phase)
        self.wait = wait
        self.phase = phase
        self.code = code
        self.params = params


class CancelRequested(Exception):
    """A person asked this job to stop."""


class RetryLater(Exception):
    """The outside world is in trouble: try again after a backoff; the attempt counts."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class JobFailed(Exception):
    """No further attempt can help until a person acts; `code` says what to do."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class AlreadyFinished(Exception):
    """The job is final; nothing changes it any more."""


class NotRetryable(Exception):
    """This job cannot be started anew: it did not fail, or what it works on is at rest; `code` says which."""

    code = "not_retryable"
