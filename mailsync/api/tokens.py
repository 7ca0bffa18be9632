"""One's own API tokens over HTTP."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mailsync import tokens
from mailsync.api.parsers import document
from mailsync.api.schema import NewToken, TokenList, TokenRequest
from mailsync.models import ApiToken
from syncjobs.pagination import KeysetPagination
from syncjobs.serializers import moment


def token_json(token: ApiToken) -> dict[str, Any]:
    """The contract's JSON of a token, without its secret."""
    return {
        "id": token.pk,
        "label": token.label,
        "created_at": moment(token.created_at),
        "expires_at": moment(token.expires_at),
        "last_used_at": moment(token.last_used_at),
    }


class Tokens(APIView):
    """The user's tokens."""

    @extend_schema(operation_id="tokens_list", responses=TokenList)
    def get(self, request: Request) -> Response:
        """One page of tokens."""
        pages = KeysetPagination()
        rows = pages.paginate_queryset(ApiToken.objects.filter(user=request.user.pk), request)
        return pages.get_paginated_response([token_json(each) for each in rows])

    @extend_schema(operation_id="tokens_create", request=TokenRequest, responses={201: NewToken})
    def post(self, request: Request) -> Response:
        """A new token; its secret is in this answer alone."""
        wanted = TokenRequest(data=document(request))
        wanted.is_valid(raise_exception=True)
        days = wanted.validated_data.get("expires_days")
        user = get_object_or_404(User, pk=request.user.pk)
        token, secret = tokens.issue(user, wanted.validated_data["label"], timedelta(days=days) if days else None)
        return Response({**token_json(token), "token": secret}, status=201)


class Token(APIView):
    """One token."""

    @extend_schema(operation_id="tokens_delete", responses={204: None})
    def delete(self, request: Request, pk: str) -> Response:
        """It opens nothing from now on."""
        tokens.revoke(get_object_or_404(ApiToken, user=request.user.pk, pk=int(pk)), by=request.user.get_username())
        return Response(status=204)
