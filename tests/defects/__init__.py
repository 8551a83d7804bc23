"""Where MicroFrame 2.0 failed: each of its defects as a test that it stays away."""
