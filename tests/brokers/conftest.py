"""What tests of brokers share: one Redis for a whole test process."""

from collections.abc import Iterator

import pytest

from tests.servers import RedisServer, redis_server


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """One that a test may stop."""
    with redis_server() as server:
        yield server
