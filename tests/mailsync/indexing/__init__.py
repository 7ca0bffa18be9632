"""Tests of what of a mail is searched."""
