"""The page where a user signs in."""

from typing import Any

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from mailsync import spraying
from mailsync.dashboard import second_step
from mailsync.dashboard.figures import span


class SignIn(LoginView):
    """Username with password; in the embedded default it says how to try the product."""

    template_name = "mailsync/login.html"
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Not looked at where too many were wrong from the same place."""
        pause = spraying.shut_for(request, request.POST.get("username", ""))
        return super().post(request, *args, **kwargs) if pause is None else _come_back(request, pause, place=True)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Once more, and counted."""
        spraying.note(self.request)
        return super().form_invalid(form)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """In, or on to the second step."""
        user = form.get_user()
        assert isinstance(user, User)
        if second_step.needs_step(user):
            return second_step.half_signed_in(self.request, user, self.get_success_url())
        return super().form_valid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Mention the demo login where there is one."""
        demo = (
            settings.EMBEDDED and settings.DEVELOPMENT and User.objects.filter(username="demo", is_active=True).exists()
        )
        return super().get_context_data(demo=demo, **kwargs)


def staff(request: HttpRequest) -> HttpResponse:
    """The admin's door is the same one; whoever is in, but no staff, would be sent to and fro for ever."""
    if isinstance(request.user, User) and not request.user.is_staff:
        raise PermissionDenied
    return redirect(f"{reverse('login')}?{request.GET.urlencode(safe='/')}".rstrip("?"))


def locked(request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any] | None) -> HttpResponse:
    """Instead of the page: too many wrong passwords."""
    return _come_back(request, int(settings.AXES_COOLOFF_TIME.total_seconds()), place=False)


def _come_back(request: HttpRequest, pause: int, *, place: bool) -> HttpResponse:
    page = render(request, "mailsync/locked.html", {"span": span(pause), "place": place}, status=429)
    page["Retry-After"] = str(pause)
    return page
