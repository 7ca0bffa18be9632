"""Be one program that measures itself: python -m tests.benchmarks.program MODULE EMAIL POSTMASTER."""

import importlib
import sys

import django

if __name__ == "__main__":
    django.setup()  # models can be imported only after this
    module, email, postmaster = sys.argv[1:]
    importlib.import_module(f"tests.benchmarks.{module}").main(email, int(postmaster))
