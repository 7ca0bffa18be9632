"""Confirm over HTTP that a mailbox was emptied."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from mailsync import emptied, schedule
from mailsync.api import lookup
from mailsync.api.accounts import AccountView
from mailsync.api.errors import ApiError
from mailsync.api.schema import StartAnswer
from syncjobs.idempotency import IDEMPOTENCY_KEY, idempotent
from syncjobs.views import started, trigger_of


class ConfirmEmpty(AccountView):
    """The mail that Gmail no longer lists really is gone."""

    throttle_scope = "start"

    @extend_schema(
        operation_id="accounts_confirm_empty",
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses={200: StartAnswer, 202: StartAnswer},
    )
    @idempotent
    def post(self, request: Request, pk: str) -> Response:
        """A full sync that may mark everything as deleted; only after one that failed with `suddenly_empty`."""
        try:
            return started(emptied.confirm(self.account(request, pk), trigger=trigger_of(request)))
        except emptied.NothingToConfirm:
            raise ApiError(
                409, "nothing_to_confirm", "The last sync missed no mail: there is nothing to confirm."
            ) from None
        except (schedule.Paused, schedule.ReconnectNeeded) as error:
            raise lookup.refusal(error) from None
