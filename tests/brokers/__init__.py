"""Brokers: one contract, and every implementation of it."""
