"""The scripts are no package: they are loaded from their files."""

import importlib.util
from collections.abc import Callable
from types import ModuleType

import pytest

from config.embedded.home import CHECKOUT


@pytest.fixture(scope="session")
def load_script() -> Callable[[str], ModuleType]:
    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, CHECKOUT / "script" / f"{name}.py")
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load
