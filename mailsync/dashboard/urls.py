"""Addresses of the pages."""

from django.contrib.auth.views import LogoutView
from django.urls import URLPattern, path

from mailsync.dashboard import (
    accounts,
    connecting,
    history,
    home,
    jobs,
    language,
    mail,
    message,
    plans,
    policies,
    settings,
    sign_in,
)

urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("accounts/<int:pk>/", accounts.account, name="account"),
    path("accounts/<int:pk>/sync/", plans.sync, name="account-sync"),
    path("accounts/<int:pk>/batch/", plans.fetch_batch, name="account-batch"),
    path("accounts/<int:pk>/check/", plans.check, name="account-check"),
    path("accounts/<int:pk>/confirm-empty/", accounts.confirm_empty, name="account-confirm-empty"),
    path("accounts/<int:pk>/failures/retry/", accounts.retry_failures, name="account-retry-failures"),
    path("accounts/<int:pk>/pause/", accounts.pause, name="account-pause"),
    path("accounts/<int:pk>/resume/", accounts.resume, name="account-resume"),
    path("accounts/<int:pk>/policies/", policies.keep, name="account-policies"),
    path("accounts/<int:pk>/disconnect/", accounts.disconnect, name="account-disconnect"),
    path("connect/", connecting.connect, name="connect"),
    path("connect/callback/", connecting.callback, name="connect-callback"),
    path("mail/", mail.mail, name="mail"),
    path("mail/<str:gmail_id>/", message.message, name="message"),
    path("mail/<str:gmail_id>/html/", message.html, name="message-html"),
    path("jobs/", history.jobs, name="jobs"),
    path("jobs/<str:task_id>/", jobs.job, name="job"),
    path("jobs/<str:task_id>/cancel/", jobs.cancel, name="job-cancel-form"),
    path("jobs/<str:task_id>/retry/", jobs.retry, name="job-retry-form"),
    path("settings/", settings.settings, name="settings"),
    path("settings/tokens/", settings.issue_token, name="token-issue"),
    path("settings/tokens/<int:pk>/revoke/", settings.revoke_token, name="token-revoke"),
    path("language/", language.set_language, name="set_language"),
    path("login/", sign_in.SignIn.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
]
