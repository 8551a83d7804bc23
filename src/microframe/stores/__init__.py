"""Stores: implementations of the contract in `store.py`, one module for each."""
