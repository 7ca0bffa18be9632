"""Addresses of jobs, each with and without its trailing slash."""

from django.urls import re_path

from syncjobs import views

urlpatterns = [
    re_path(r"^jobs/?$", views.Jobs.as_view(), name="jobs"),
    re_path(r"^jobs/(?P<task_id>\w{1,64})/?$", views.Job.as_view(), name="job-json"),
    re_path(r"^jobs/(?P<task_id>\w{1,64})/events/?$", views.Events.as_view(), name="job-events"),
    re_path(r"^jobs/(?P<task_id>\w{1,64})/cancel/?$", views.Cancel.as_view(), name="job-cancel"),
    re_path(r"^jobs/(?P<task_id>\w{1,64})/retry/?$", views.Retry.as_view(), name="job-retry"),
]
