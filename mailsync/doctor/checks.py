"""All checks, in the order in which things depend on one another."""

from mailsync.doctor import configuration, database, disk, google, grants, processes, pushes, redis_server
from mailsync.doctor.registry import Check

_TABLES = ("database", "migrations")

CHECKS = (
    Check("secrets", configuration.secrets),
    Check("address", configuration.address),
    Check("redirect", configuration.redirect),
    Check("database", database.reachable),
    Check("limits", database.limits, ("database",)),
    Check("extension", database.extension, ("database",)),
    Check("migrations", database.migrations, ("database",)),
    Check("clock", database.clock, _TABLES),
    Check("redis", redis_server.reachable),
    Check("eviction", redis_server.eviction, ("redis",)),
    Check("broker", redis_server.broker),
    Check("workers", processes.workers, _TABLES),
    Check("beat", processes.beat, _TABLES),
    Check("web", processes.web),
    Check("consent", google.consent),
    Check("client", google.client, ("consent",)),
    Check("keys", grants.keys, _TABLES),
    Check("grants", grants.dead, _TABLES),
    Check("scopes", grants.scopes, (*_TABLES, "client")),
    Check("push", pushes.configured),
    Check("door", pushes.door, ("push", "web")),
    Check("watches", pushes.watches, _TABLES),
    Check("pushes", pushes.counted, ("redis",)),
    Check("disk", disk.room, ("database",)),
)
