"""What every transition writes."""

from typing import Any

from django.db.models import F

from syncjobs.clock import SyncNow

VISIBLE: dict[str, Any] = {"revision": F("revision") + 1, "updated_at": SyncNow()}
NO_LEASE: dict[str, Any] = {"lease_token": None, "lease_until": None}
