"""Addresses of the API, each with and without its trailing slash."""

from django.urls import include, path

urlpatterns = [path("", include("syncjobs.urls"))]
