"""Find the account that a command names."""

from django.core.management.base import CommandError

from mailsync.models import Account


def account_called(name: str) -> Account:
    """By address, or by id where several users mirror the same address; raises CommandError."""
    found = list(Account.objects.filter(pk=int(name)) if name.isdigit() else Account.objects.filter(email=name.lower()))
    if not found:
        raise CommandError(f"There is no account {name!r}.")
    if len(found) > 1:
        ids = ", ".join(f"{each.pk} ({each.owner})" for each in found)
        raise CommandError(f"Several users mirror {name}: name one by its id: {ids}.")
    return found[0]
