"""Tests of the schemes by which a route takes credentials."""
