"""Messages as data: requests, responses, and what they are made of."""
