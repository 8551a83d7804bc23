"""Keeping a stream alive: silence is broken, pieces are not, and the maker ends with its reader."""

import asyncio
from typing import AsyncIterator, List

import pytest

from microframe.http.keepalive import KeptAlive

pytestmark = pytest.mark.virtual_time

Notes = List[str]


def fail(error: Exception) -> None:
    raise error


def kept(pieces: AsyncIterator[bytes], seconds: float = 60) -> KeptAlive:
    return KeptAlive(pieces, b"idle", seconds)  # type: ignore[arg-type]


async def test_pieces_come_in_order_and_end() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"1"
        yield b""
        await asyncio.sleep(0)
        yield b"2"

    stream = kept(pieces())
    assert [piece async for piece in stream] == [b"1", b"", b"2"]
    with pytest.raises(StopAsyncIteration):
        await stream.__anext__()
    await stream.aclose()


async def test_silence_is_broken_again_and_again_and_the_piece_still_comes() -> None:
    release = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        await release.wait()
        yield b"1"
        yield b"2"

    stream = kept(pieces(), 0.01)
    assert [await stream.__anext__() for _ in range(3)] == [b"idle"] * 3
    release.set()
    assert [piece async for piece in stream] == [b"1", b"2"]
    await stream.aclose()


async def test_a_piece_puts_off_the_next_sign_of_life() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(6):
            await asyncio.sleep(0.02)
            yield b"1"

    stream = kept(pieces(), 1)
    assert [piece async for piece in stream] == [b"1"] * 6
    await stream.aclose()


async def test_the_timer_waits_from_the_last_piece_on() -> None:
    release = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        await asyncio.sleep(0.03)
        yield b"1"
        await release.wait()
        yield b"2"

    stream = kept(pieces(), 0.05)
    assert await stream.__anext__() == b"1"
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert await stream.__anext__() == b"idle"
    assert loop.time() - began > 0.045
    await stream.aclose()


async def test_a_reader_that_is_busy_when_the_timer_comes_is_told_nothing() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        await asyncio.sleep(0)
        yield b"1"
        yield b"2"

    stream = kept(pieces(), 0.01)
    assert await stream.__anext__() == b"1"
    await asyncio.sleep(0.03)
    assert await stream.__anext__() == b"2"
    await stream.aclose()


async def test_what_goes_wrong_is_told_once_and_in_its_place() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"1"
        raise LookupError("broken")

    stream = kept(pieces())
    assert await stream.__anext__() == b"1"
    with pytest.raises(LookupError, match="broken"):
        await stream.__anext__()
    await stream.aclose()


async def test_beginning_tells_what_goes_wrong_before_the_first_piece() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        await asyncio.sleep(0)
        fail(LookupError("broken"))
        yield b""

    stream = kept(pieces())
    with pytest.raises(LookupError, match="broken"):
        await stream.begin(10)
    await stream.aclose()


async def test_beginning_keeps_the_first_piece_and_does_not_wait_for_ever() -> None:
    release = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"1"
        await release.wait()

    stream = kept(pieces())
    await stream.begin(10)
    assert await stream.__anext__() == b"1"
    await stream.aclose()
    slow = kept(pieces(), 0.01)
    assert await slow.__anext__() == b"1"
    await slow.begin(0.01)
    assert await slow.__anext__() == b"idle"
    await slow.aclose()


@pytest.mark.parametrize("at", ["the start", "a piece", "a wait"])
async def test_closing_ends_the_maker_in_its_own_task(at: str) -> None:
    notes: Notes = []
    tasks: List[object] = []

    async def pieces() -> AsyncIterator[bytes]:
        tasks.append(asyncio.current_task())
        try:
            yield b"1"
            await asyncio.sleep(60)
        except BaseException as exc:
            notes.append(type(exc).__name__)
            raise
        finally:
            await asyncio.sleep(0)
            tasks.append(asyncio.current_task())

    stream = kept(pieces(), 0.01)
    if at != "the start":
        assert await stream.__anext__() == b"1"
    if at == "a wait":
        assert await stream.__anext__() == b"idle"
    await stream.aclose()
    await stream.aclose()
    assert notes == {"the start": [], "a piece": ["GeneratorExit"], "a wait": ["CancelledError"]}[at]
    assert len(set(tasks)) == (at != "the start")


async def test_what_fails_while_it_closes_is_told() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        try:
            yield b"1"
        finally:
            raise LookupError("cannot close")

    stream = kept(pieces())
    await stream.__anext__()
    with pytest.raises(LookupError, match="cannot close"):
        await stream.aclose()
    await stream.aclose()


async def test_a_reader_that_is_cancelled_leaves_the_rest_to_who_closes() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        await asyncio.sleep(60)
        yield b""

    stream = kept(pieces())
    reader = asyncio.ensure_future(stream.__anext__())
    await asyncio.sleep(0)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    await stream.aclose()
