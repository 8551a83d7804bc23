"""What handlers ask for, and what becomes of what they return."""
