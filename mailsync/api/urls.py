"""Addresses of the API, each with and without its trailing slash."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView

from mailsync.api import (
    accounts,
    attachments,
    changes,
    emptied,
    labels,
    ledgers,
    messages,
    openapi,
    plans,
    sync,
    threads,
    tokens,
)

urlpatterns = [
    re_path(r"^sync/smart/?$", sync.Smart.as_view(), name="sync-smart"),
    re_path(r"^sync/simple/?$", plans.Simple.as_view(), name="sync-simple"),
    re_path(r"^sync/check/?$", plans.Check.as_view(), name="sync-check"),
    re_path(r"^sync/today/?$", plans.Today.as_view(), name="sync-today"),
    re_path(r"^sync/week/?$", plans.Week.as_view(), name="sync-week"),
    re_path(r"^sync/batch/?$", sync.Batch.as_view(), name="sync-batch"),
    re_path(r"^sync/status/?$", sync.Status.as_view(), name="sync-status"),
    re_path(r"^accounts/?$", accounts.Accounts.as_view(), name="accounts"),
    re_path(r"^accounts/(?P<pk>[0-9]{1,18})/?$", accounts.OneAccount.as_view(), name="account-json"),
    re_path(r"^accounts/(?P<pk>[0-9]{1,18})/pause/?$", accounts.Pause.as_view(), name="account-pause"),
    re_path(r"^accounts/(?P<pk>[0-9]{1,18})/resume/?$", accounts.Resume.as_view(), name="account-resume"),
    re_path(r"^accounts/(?P<pk>[0-9]{1,18})/failures/?$", ledgers.Failures.as_view(), name="account-failures"),
    re_path(r"^accounts/(?P<pk>[0-9]{1,18})/failures/retry/?$", ledgers.RetryFailures.as_view(), name="failures-retry"),
    re_path(r"^accounts/(?P<pk>[0-9]{1,18})/certificates/?$", ledgers.Certificates.as_view(), name="certificates"),
    re_path(r"^accounts/(?P<pk>[0-9]{1,18})/confirm-empty/?$", emptied.ConfirmEmpty.as_view(), name="confirm-empty"),
    re_path(r"^accounts/(?P<pk>[0-9]{1,18})/usage/?$", ledgers.Usages.as_view(), name="account-usage"),
    re_path(r"^labels/?$", labels.Labels.as_view(), name="labels"),
    re_path(r"^threads/(?P<thread_id>[0-9A-Za-z]{1,32})/?$", threads.Thread.as_view(), name="thread-json"),
    re_path(r"^tokens/?$", tokens.Tokens.as_view(), name="tokens"),
    re_path(r"^tokens/(?P<pk>[0-9]{1,18})/?$", tokens.Token.as_view(), name="token-json"),
    re_path(r"^messages/?$", messages.Messages.as_view(), name="messages"),
    re_path(r"^messages/(?P<gmail_id>[0-9A-Za-z]{1,32})/?$", messages.OneMessage.as_view(), name="message-json"),
    re_path(r"^messages/(?P<gmail_id>[0-9A-Za-z]{1,32})/changes/?$", changes.Changes.as_view(), name="message-changes"),
    re_path(r"^messages/(?P<gmail_id>[0-9A-Za-z]{1,32})/raw/?$", messages.Raw.as_view(), name="message-raw"),
    re_path(
        r"^messages/(?P<gmail_id>[0-9A-Za-z]{1,32})/attachments/(?P<part_id>(?:root|[0-9.]{1,100}))/?$",
        attachments.Attachment.as_view(),
        name="message-attachment",
    ),
    re_path(r"^schema/?$", SpectacularAPIView.as_view(), name="schema"),
    re_path(r"^docs/?$", openapi.Docs.as_view(), name="docs"),
    path("", include("syncjobs.urls")),
]
