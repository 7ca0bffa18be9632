"""Whether spans are told to an OpenTelemetry collector; when a process begins to, when it ends.

Nothing is loaded unless it is asked for: `config.otlp` brings a library, a thread, some ten megabytes.
"""

import importlib
import os

from config import env

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
env.choice("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")  # the only one there is: whoever asks for another is told
CONFIGURED = any(env.address(name, "", "http", "https") for name in ENDPOINTS)
MIDDLEWARE = ["mailsync.traced.Traced"] if CONFIGURED else []


def begin() -> None:
    """In each process that works, after it was forked: the thread that sends would not survive that."""
    if CONFIGURED:
        os.environ.setdefault("OTEL_SERVICE_NAME", "mailsync")
        importlib.import_module("config.otlp").start()


def end() -> None:
    """Send what is left, within a second; where processes end without Python's own farewell."""
    if CONFIGURED:
        importlib.import_module("config.otlp").stop()
