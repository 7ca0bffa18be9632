"""What each process writes to its log, and in which form: a line for people, JSON for machines."""

import logging
import re
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from config import env
from syncjobs import scene

_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


class Line(logging.Formatter):
    """One line a record, whatever a stranger's text holds: a forged second line would look like one of ours."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line with what the slice at work is known by; a traceback follows on lines of its own."""
        line = _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), super().formatMessage(record))
        return line + "".join(f" {name}={value}" for name, value in getattr(record, "scene", {}).items())


class Json(JsonFormatter):
    """An object a record: time, level, logger, message, then job, slice, account where it is about one."""

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """What a call gives as `extra` comes last, and replaces none of these."""
        super().add_fields(log_data, record, message_dict)
        log_data.pop("scene", None)
        log_data |= getattr(record, "scene", {})


class WithScene(logging.Filter):
    """Notes on each record what its thread works on."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always passes."""
        record.scene = dict(scene.now())
        return True


class WithoutTraceback(logging.Filter):
    """For what a stranger can bring about as often as he likes, and whose line says all."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always passes."""
        record.exc_info = None
        return True


_FORMATS = ("line", "json") if env.flag("DEBUG", env.flag("MAILSYNC_EMBEDDED", False)) else ("json", "line")
FORMAT = env.choice("LOG_FORMAT", *_FORMATS)


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"scene": {"()": WithScene}, "brief": {"()": WithoutTraceback}},
    "formatters": {
        "line": {"()": Line, "format": "%(levelname).1s %(name)s: %(message)s"},
        "json": {
            "()": Json,
            "fmt": "%(levelname)s %(name)s %(message)s %(process)d",
            "timestamp": "time",
            "rename_fields": {"levelname": "level", "name": "logger"},
        },
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": FORMAT, "filters": ["scene"]}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # The one INFO line per task would drown the wake-up that comes every second.
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "django_celery_beat": {"level": "WARNING"},
        "googleapiclient": {"level": "WARNING"},
        "axes": {"level": "ERROR"},
        "httpx": {"level": "WARNING"},
        "django.security.DisallowedHost": {"filters": ["brief"]},
        # It brings a form of its own; here its lines are like all others.
        "uvicorn": {"handlers": [], "propagate": True},
        "uvicorn.error": {"handlers": [], "propagate": True},
        # Named, or it would come back as a child of the first: addresses hold the codes of consents, the tokens of letters.
        "uvicorn.access": {"handlers": [], "propagate": False},
    },
}
