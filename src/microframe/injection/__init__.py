"""Injection: from a handler's signature to the endpoint it compiles to."""
