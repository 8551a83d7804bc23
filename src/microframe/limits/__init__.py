"""Limits: how much a client may ask, said of routes; `middleware/rate_limit.py` sees to it."""
