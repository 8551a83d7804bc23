"""Tests of the client that asks others."""
