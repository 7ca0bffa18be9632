"""The product's settings with one more address: a view that does nothing."""

from config import settings as product

globals().update({name: getattr(product, name) for name in dir(product) if name.isupper()})
ROOT_URLCONF = "tests.benchmarks.urls"
API_THROTTLES = product.API_THROTTLES | {"read": "1000000/minute"}  # counted as ever, refused never
