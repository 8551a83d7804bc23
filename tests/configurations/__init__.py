"""Tests of microframe.configurations."""
