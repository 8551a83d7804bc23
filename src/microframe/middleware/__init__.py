"""Middleware and guards, one file each."""
