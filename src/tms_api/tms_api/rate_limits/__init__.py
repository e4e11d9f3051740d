"""Limits on requests and on sign-in attempts."""
