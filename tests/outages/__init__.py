"""Outages: what each part of an application does while what it needs is away, on real traffic."""
