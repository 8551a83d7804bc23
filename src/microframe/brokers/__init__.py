"""Brokers: implementations of the contract in `broker.py`, one module for each."""
