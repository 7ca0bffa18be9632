"""The back office of users: Django's own, but that a user is deleted with mailboxes and grants, piece by piece."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from mailsync.departure import leave
from mailsync.models import Account, Message

admin.site.unregister(User)


@admin.register(User)
class PeopleAdmin(UserAdmin):
    """To clear `active` rests a user: syncs end, sockets close, tokens and password open nothing, the mirror stays."""

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """In numbers: Django would list every message."""
        users = list(objs)
        accounts = Account.objects.filter(owner__in=users)
        told = [
            _("%(user)s (mailboxes: %(mailboxes)s, mirrored messages: %(messages)s)")
            % {
                "user": user.get_username(),
                "mailboxes": accounts.filter(owner=user).count(),
                "messages": Message.objects.filter(account__owner=user).count(),
            }
            for user in users
        ]
        missing = set() if self.has_delete_permission(request) else {str(User._meta.verbose_name)}
        return told, {str(User._meta.verbose_name_plural): len(users)}, missing, []

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Through the service."""
        self._leave(request, [obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """The same for many."""
        self._leave(request, queryset)

    def _leave(self, request: HttpRequest, users: Iterable[User]) -> None:
        for user in users:
            # Once the admin's own transaction is over: each step of it commits by itself.
            transaction.on_commit(partial(leave, user, by=request.user.get_username()))
        self.message_user(
            request, _("Shut out at once. Mailboxes are erased now, then the user is gone."), messages.WARNING
        )
