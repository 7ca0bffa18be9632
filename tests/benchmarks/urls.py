"""The product's addresses, beside views that do next to nothing: what any answer costs here."""

from django.db import connection
from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

INSERT = "INSERT INTO bench_start (resource, at) VALUES (%s, clock_timestamp()) ON CONFLICT (resource) DO NOTHING"


class Empty(APIView):
    """The same middleware, the same authentication, the same throttles, then nothing."""

    def get(self, request: Request) -> Response:
        """An empty answer."""
        return Response({})


class Insert(APIView):
    """The same, then the one statement without which no start of anything can do."""

    throttle_scope = "start"

    def post(self, request: Request) -> Response:
        """202 for a new row, 200 for one that was there."""
        with connection.cursor() as cursor:
            cursor.execute(INSERT, [request.query_params["account"]])
            return Response({}, status=202 if cursor.rowcount else 200)


urlpatterns = [
    path("api/empty/", Empty.as_view()),
    path("api/insert/", Insert.as_view()),
    path("", include("config.urls")),
]
