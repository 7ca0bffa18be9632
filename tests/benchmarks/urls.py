"""The product's addresses, beside a view that does nothing: what any answer costs here."""

from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class Empty(APIView):
    """The same middleware, the same authentication, the same throttles, then nothing."""

    def get(self, request: Request) -> Response:
        """An empty answer."""
        return Response({})


urlpatterns = [path("api/empty/", Empty.as_view()), path("", include("config.urls"))]
