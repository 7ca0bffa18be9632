"""Every address of the product."""

from django.contrib import admin
from django.urls import include, path, re_path

from config import health
from mailsync.api import push
from mailsync.dashboard import missing, sign_in
from mailsync.metrics.door import metrics

handler400 = "mailsync.api.errors.bad_request"
handler403 = "mailsync.api.errors.forbidden"
handler404 = "mailsync.api.errors.not_found"
handler500 = "mailsync.api.errors.server_error"

urlpatterns = [
    path("healthz", health.alive),
    path("readyz", health.ready),
    # One door: the admin's own would ask for no second step.
    path("admin/login/", sign_in.staff),
    path("metrics", metrics, name="metrics"),
    path("admin/", admin.site.urls),
    path("api/", include("mailsync.api.urls")),
    re_path(r"^push/gmail/?$", push.gmail, name="push"),
    path("", include("mailsync.dashboard.urls")),
    re_path("", missing.nowhere),
]
