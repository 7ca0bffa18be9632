"""The address of the socket; imported by the ASGI application alone."""

from django.urls import path

from syncjobs.consumers import JobConsumer

websocket_urlpatterns = [path("ws/sync/", JobConsumer.as_asgi())]
