"""The page where a user signs in."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView


class SignIn(LoginView):
    """Username with password; in the embedded default it says how to try the product."""

    template_name = "mailsync/login.html"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Mention the demo login where there is one."""
        demo = (
            settings.EMBEDDED and settings.DEVELOPMENT and User.objects.filter(username="demo", is_active=True).exists()
        )
        return super().get_context_data(demo=demo, **kwargs)
