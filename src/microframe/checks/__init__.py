"""Checks: what of a built application is weak, one function each, in `CHECKS`."""
