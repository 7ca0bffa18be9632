"""Accounts over HTTP."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mailsync import schedule
from mailsync.api.parsers import document
from mailsync.api.schema import AccountAnswer, AccountList, AccountPatch, AccountSchema
from mailsync.disconnect import disconnect
from mailsync.models import Account
from syncjobs.pagination import KeysetPagination
from syncjobs.serializers import moment
from syncjobs.views import trigger_of

MIRROR = OpenApiParameter("mirror", OpenApiTypes.STR, enum=["keep", "erase"], required=True)


def account_json(account: Account) -> dict[str, Any]:
    """The contract's JSON of an account."""
    return {
        "id": account.pk,
        "email": account.email,
        "state": account.state,
        "paused": account.paused_at is not None,
        "interval_seconds": int(account.interval.total_seconds()),
        "next_sync_at": moment(account.next_sync_at),
        "policy": account.policy,
        "deleted_policy": account.deleted_policy,
        "complete_as_of": moment(account.complete_as_of),
        "grant_ends_at": moment(account.grant_ends_at),
        "last_success_at": moment(account.last_success_at),
        "created_at": moment(account.created_at),
    }


class AccountView(APIView):
    """Finds an account of the user; a stranger's is 404."""

    def accounts(self, request: Request) -> QuerySet[Account]:
        """The user's own accounts."""
        return Account.objects.filter(owner=request.user.pk)

    def account(self, request: Request, pk: str) -> Account:
        """The one with this id."""
        return get_object_or_404(self.accounts(request), pk=int(pk))


class Accounts(AccountView):
    """The user's accounts."""

    @extend_schema(operation_id="accounts_list", responses=AccountList)
    def get(self, request: Request) -> Response:
        """One page of accounts."""
        pages = KeysetPagination()
        return pages.get_paginated_response(
            [account_json(each) for each in pages.paginate_queryset(self.accounts(request), request)]
        )


class OneAccount(AccountView):
    """One account."""

    @extend_schema(operation_id="accounts_retrieve", responses=AccountSchema)
    def get(self, request: Request, pk: str) -> Response:
        """The account as it is now."""
        return Response(account_json(self.account(request, pk)))

    @extend_schema(operation_id="accounts_update", request=AccountPatch, responses=AccountSchema)
    def patch(self, request: Request, pk: str) -> Response:
        """Change interval or policies."""
        account = self.account(request, pk)
        wanted = AccountPatch(data=document(request), partial=True)
        wanted.is_valid(raise_exception=True)
        changes = dict(wanted.validated_data)
        seconds = changes.pop("interval_seconds", None)
        if changes:
            schedule.set_policies(account, by=request.user.get_username(), trigger=trigger_of(request), **changes)
        if seconds is not None:
            schedule.set_interval(account, timedelta(seconds=seconds))
        account.refresh_from_db()
        return Response(account_json(account))

    @extend_schema(operation_id="accounts_disconnect", parameters=[MIRROR], responses={202: AccountAnswer})
    def delete(self, request: Request, pk: str) -> Response:
        """Cancel what is active, let go of the grant; then keep the mirror readable, or erase it piece by piece."""
        account = self.account(request, pk)
        mirror = request.query_params.get("mirror")
        if mirror not in ("keep", "erase"):
            raise ValidationError({"mirror": ["keep or erase."]})
        try:
            left = disconnect(account, by=request.user.get_username(), erase=mirror == "erase")
        except Account.DoesNotExist:  # erased since it was looked up
            raise Http404 from None
        return Response({"success": True, "account": account_json(left)}, status=202)


class Pause(AccountView):
    """Let an account rest."""

    @extend_schema(operation_id="accounts_pause", request=None, responses=AccountSchema)
    def post(self, request: Request, pk: str) -> Response:
        """Cancel what is active, start nothing until resumed."""
        account = self.account(request, pk)
        schedule.pause(account, by=request.user.get_username())
        account.refresh_from_db()
        return Response(account_json(account))


class Resume(AccountView):
    """Wake an account."""

    @extend_schema(operation_id="accounts_resume", request=None, responses=AccountSchema)
    def post(self, request: Request, pk: str) -> Response:
        """Go on by the clock."""
        account = self.account(request, pk)
        schedule.resume(account)
        account.refresh_from_db()
        return Response(account_json(account))
