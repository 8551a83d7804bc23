"""Routing: from method and path to the handler, and from a name back to the path."""
