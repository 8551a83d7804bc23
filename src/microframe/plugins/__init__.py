"""Plugins: the batteries, each in a folder of its own."""
