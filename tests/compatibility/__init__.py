"""Tests of compatibility: programs written for FastAPI, run under both frameworks and asked the same."""
