"""A person's browser, as the calls of the API meet it."""

import pytest
from django.contrib.auth.models import User
from django.test import Client


@pytest.fixture
def browser(anna: User) -> Client:
    """Signed in by session."""
    client = Client()
    client.force_login(anna)
    return client
