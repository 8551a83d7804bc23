"""Tests of the API document and of the pages that show it."""
