"""Policies: how much one client may ask of the board, and what is kept for everybody; the same in all processes."""

from microframe import Cache
from microframe.middleware.rate_limit import Limit

REQUESTS = 600
"""What a client may ask in a minute of all that says nothing else."""
WRITES = Limit("120/minute", name="writes")
SIGN_INS = Limit("10/minute", name="sign-ins", fail_closed=True)
"""Who tries names has to wait; while nobody can count, nobody signs in."""

OF_BOARD = Cache(max_age=0, s_maxage=300, tags=("board:{board_id}",))
"""Kept here for five minutes, or until a request changes something under the same tag. Browsers ask each time."""
