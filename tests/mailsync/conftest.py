"""What every test of the product may rely on."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def light_settings(settings: Any, tmp_path: Path) -> None:
    """Nothing is collected for tests, so WhiteNoise gets an empty directory; no slow hashes."""
    settings.STATIC_ROOT = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
