"""Say how Celery talks to its broker: Redis, or RabbitMQ, each in its own words."""

from typing import Any
from urllib.parse import urlsplit


def is_rabbitmq(url: str) -> bool:
    """Whether a broker's URL leads to RabbitMQ."""
    return urlsplit(url).scheme in {"amqp", "amqps"}


def transport_options(url: str, role: str) -> dict[str, Any]:
    """Of Celery; times in seconds. A click must not wait for a broker that hangs."""
    impatient = role == "web"
    if is_rabbitmq(url):
        # Without a confirmation nobody hears that a message went into a connection that was dead already.
        return {
            "confirm_publish": True,
            "read_timeout": 1 if impatient else 30,
            "write_timeout": 1 if impatient else 30,
        }
    return {
        "socket_timeout": 0.5 if impatient else 30,
        "socket_connect_timeout": 0.5 if impatient else 2,
        "socket_keepalive": True,
        "health_check_interval": 25,
        "retry_on_timeout": True,
        "visibility_timeout": 3600,
    }
