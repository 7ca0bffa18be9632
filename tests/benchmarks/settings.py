"""The product's settings with more addresses, views that do next to nothing, and a kind of job that does as little."""

import os

from config import settings as product

globals().update({name: getattr(product, name) for name in dir(product) if name.isupper()})
ROOT_URLCONF = "tests.benchmarks.urls"
SYNC_KINDS = product.SYNC_KINDS | {"tiny": "tests.benchmarks.tiny.TINY", "steps": "tests.benchmarks.steps.KIND"}
# Counted as ever, refused never.
API_THROTTLES = product.API_THROTTLES | {"read": "1000000/minute", "start": "1000000/minute"}
MIDDLEWARE = ["tests.benchmarks.counted.Counted", *product.MIDDLEWARE]
STATIC_ROOT = os.environ.get("BENCH_STATIC", product.STATIC_ROOT)
