"""The web process: HTTP by Django, sockets by Channels."""

import os
import warnings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("MAILSYNC_ROLE", "web")

import django

# Static files come from WhiteNoise, whose iterators are made for WSGI; they are small and read at once.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

# First: it loads the apps that the consumers below import.
django.setup(set_prefix=False)

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402

from config import tracing  # noqa: E402
from config.bounded import Bounded  # noqa: E402
from config.released import Released  # noqa: E402
from config.sealed import Sealed  # noqa: E402
from mailsync.api.bounded import BoundedPushes  # noqa: E402
from syncjobs.routing import websocket_urlpatterns  # noqa: E402

tracing.begin()
application = ProtocolTypeRouter(
    {
        "http": Sealed(BoundedPushes(Bounded(Released()))),
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
    }
)
