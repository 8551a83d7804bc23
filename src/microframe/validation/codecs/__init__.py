"""Codecs: one file for each model library."""
