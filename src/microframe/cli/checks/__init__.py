"""Checks: what `microframe check` looks for, one function each, in `CHECKS`."""
