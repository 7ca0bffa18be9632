"""Switch the language from any page."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views import i18n
from django.views.decorators.http import require_POST

from mailsync.models import Preferences


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """In a cookie for whoever is not signed in, in the profile for whoever is; leads back to `next`."""
    language = request.POST.get("language", "")
    if request.user.is_authenticated and language in dict(settings.LANGUAGES):
        Preferences.objects.update_or_create(user_id=request.user.pk, defaults={"language": language})
    return i18n.set_language(request)
