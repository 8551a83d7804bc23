"""Signing: purposes, key rings, expiry, and everything a forger may try."""

import base64
import hmac
from typing import Callable, List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe.exceptions import SetupError
from microframe.signing import BadSignature, SignatureExpired, Signer, build_mac, derive_key

OLD = "an old key that was in use for years"
NEW = "the new key that has just been made "
ANY = st.characters(exclude_categories=())  # lone surrogates too
NOW = 1_700_000_000.0


def at(seconds: float) -> Callable[[], float]:
    """A clock that stands still."""
    return lambda: seconds


def raw_of(token: str) -> bytes:
    return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))


def token_of(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.mark.parametrize("size", [0, 1, 55, 64, 65, 1000])
@pytest.mark.parametrize("key", [b"", b"k" * 32, b"k" * 64])
def test_a_mac_is_the_one_of_the_standard_library(key: bytes, size: int) -> None:
    mac, message = build_mac(key), bytes(range(256)) * 4
    for _ in range(2):
        assert mac(message[:size]) == hmac.new(key, message[:size], "sha256").digest()


# Key derivation: RFC 5869, appendix A -----------------------------------------------------------------------


def test_hkdf_gives_the_first_vector_of_rfc_5869() -> None:
    derived = derive_key(
        bytes.fromhex("0b" * 22),
        bytes.fromhex("f0f1f2f3f4f5f6f7f8f9"),
        salt=bytes.fromhex("000102030405060708090a0b0c"),
        length=42,
    )
    assert derived.hex() == (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )


def test_hkdf_gives_the_second_vector_of_rfc_5869() -> None:
    derived = derive_key(
        bytes(range(0x50)), bytes(range(0xB0, 0x100)), salt=bytes(range(0x60, 0xB0)), length=82
    )
    assert derived.hex() == (
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
        "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
        "cc30c58179ec3e87c14c01d5c1f3434f1d87"
    )


def test_hkdf_gives_the_third_vector_of_rfc_5869() -> None:
    derived = derive_key(bytes.fromhex("0b" * 22), b"", length=42)
    assert derived.hex() == (
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    )


@pytest.mark.parametrize("length", [0, -1, 255 * 32 + 1])
def test_hkdf_refuses_lengths_it_cannot_give(length: int) -> None:
    with pytest.raises(ValueError, match="8160"):
        derive_key(b"secret", b"", length=length)


# Round trips ------------------------------------------------------------------------------------------------


@given(st.binary(max_size=200), st.text(ANY, min_size=1), st.text(ANY, min_size=1))
def test_every_payload_comes_back_under_any_key_and_purpose(payload: bytes, key: str, purpose: str) -> None:
    signer = Signer([key], purpose)
    assert signer.verify(signer.sign(payload)) == payload
    assert signer.verify(signer.sign(payload, expires_in=60)) == payload


def test_a_token_is_safe_in_cookies_urls_and_headers() -> None:
    token = Signer([NEW], "session").sign(bytes(range(256)), expires_in=3600)
    assert token.isascii()
    assert token.replace("-", "").replace("_", "").isalnum()


def test_the_same_bytes_signed_twice_give_the_same_token() -> None:
    signer = Signer([NEW], "session", clock=at(NOW))
    assert signer.sign(b"x", 60) == signer.sign(b"x", 60)


# Case 74: purposes ------------------------------------------------------------------------------------------


def test_key_and_purpose_do_not_run_into_each_other() -> None:
    token = Signer(["ab"], "c").sign(b"payload")
    with pytest.raises(BadSignature):
        Signer(["a"], "bc").verify(token)


def test_the_parts_of_a_purpose_do_not_run_into_each_other() -> None:
    purposes = [("ab", "c"), ("a", "bc"), ("abc",), ("abc", ""), ("", "abc"), ("a", "b", "c")]
    tokens = {Signer([NEW], purpose).sign(b"payload") for purpose in purposes}
    assert len(tokens) == len(purposes)
    with pytest.raises(BadSignature):
        Signer([NEW], ("a", "bc")).verify(Signer([NEW], ("ab", "c")).sign(b"payload"))


def test_a_purpose_as_text_is_the_tuple_of_it_alone() -> None:
    assert Signer([NEW], ("session",)).verify(Signer([NEW], "session").sign(b"x")) == b"x"


def test_a_token_of_one_kind_is_refused_as_any_other_kind() -> None:
    kinds = ["session", "csrf", "reset", "email"]
    for made in kinds:
        token = Signer([NEW], made).sign(b"user 7")
        for read in kinds:
            if read != made:
                with pytest.raises(BadSignature):
                    Signer([NEW], read).verify(token)


# Case 75: key rings -----------------------------------------------------------------------------------------


def test_rotation_signs_with_the_new_key() -> None:
    token = Signer([NEW, OLD], "session").sign(b"x")
    assert Signer([NEW], "session").verify(token) == b"x"
    with pytest.raises(BadSignature):
        Signer([OLD], "session").verify(token)


def test_an_old_key_verifies_and_says_that_it_is_time_to_sign_again() -> None:
    ring = Signer([NEW, "one in between, also out of use", OLD], "session")
    old = ring.check(Signer([OLD], "session").sign(b"x"))
    assert (old.payload, old.outdated) == (b"x", True)
    assert ring.check(ring.sign(old.payload)).outdated is False


def test_a_key_that_left_the_ring_verifies_nothing() -> None:
    with pytest.raises(BadSignature):
        Signer([NEW], "session").verify(Signer([OLD], "session").sign(b"x"))


# Expiry -----------------------------------------------------------------------------------------------------


def test_a_token_is_good_until_its_last_moment_and_not_at_its_end() -> None:
    token = Signer([NEW], "reset", clock=at(NOW)).sign(b"x", expires_in=60)
    assert Signer([NEW], "reset", clock=at(NOW + 59.9)).verify(token) == b"x"
    for late in (NOW + 60, NOW + 61, NOW + 10**9):
        with pytest.raises(SignatureExpired):
            Signer([NEW], "reset", clock=at(late)).verify(token)


def test_a_token_without_expiry_is_good_for_ever() -> None:
    token = Signer([NEW], "link", clock=at(NOW)).sign(b"x")
    found = Signer([NEW], "link", clock=at(NOW * 100)).check(token)
    assert found.expires_at is None


def test_the_end_of_life_is_told() -> None:
    signer = Signer([NEW], "link", clock=at(NOW))
    assert signer.check(signer.sign(b"x", 1.5)).expires_at == NOW + 1.5


def test_expiry_is_inside_the_signature() -> None:
    raw = bytearray(raw_of(Signer([NEW], "reset", clock=at(NOW)).sign(b"x", expires_in=60)))
    raw[1:9] = bytes(8)
    with pytest.raises(BadSignature) as caught:
        Signer([NEW], "reset", clock=at(NOW)).verify(token_of(bytes(raw)))
    assert not isinstance(caught.value, SignatureExpired)


def test_a_forged_token_is_never_called_expired() -> None:
    token = Signer([OLD], "reset", clock=at(NOW)).sign(b"x", expires_in=1)
    with pytest.raises(BadSignature) as caught:
        Signer([NEW], "reset", clock=at(NOW + 10)).verify(token)
    assert not isinstance(caught.value, SignatureExpired)


@pytest.mark.parametrize("expires_in", [0, -1, float("nan"), float("inf")])
def test_a_lifetime_that_is_no_positive_number_is_refused(expires_in: float) -> None:
    with pytest.raises(ValueError, match="expires_in"):
        Signer([NEW], "reset").sign(b"x", expires_in)


# Forgery ----------------------------------------------------------------------------------------------------


def test_no_single_character_can_be_changed() -> None:
    signer = Signer([NEW], "session", clock=at(NOW))
    token = signer.sign(b"user 7", expires_in=60)
    for place in range(len(token)):
        for letter in "A_-9z":
            changed = token[:place] + letter + token[place + 1 :]
            if changed != token:
                with pytest.raises(BadSignature):
                    signer.verify(changed)


def test_a_token_has_one_spelling() -> None:
    signer = Signer([NEW], "session")
    token = next(t for t in (signer.sign(bytes([i]) * 5) for i in range(256)) if "-" in t or "_" in t)
    spellings: List[str] = [
        token + "=",
        token + "==",
        " " + token,
        token + "\n",
        token[:4] + "\n" + token[4:],
        token.replace("-", "+").replace("_", "/"),
        token + "A",
        token[:-1],
    ]
    for spelling in spellings:
        with pytest.raises(BadSignature):
            signer.verify(spelling)


def test_the_unused_bits_at_the_end_must_be_zero() -> None:
    signer = Signer([NEW], "session")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = signer.sign(b"")  # 41 bytes: two bits of the last letter say nothing
    last = alphabet[alphabet.index(token[-1]) + 1]
    assert raw_of(token[:-1] + last) == raw_of(token)
    with pytest.raises(BadSignature):
        signer.verify(token[:-1] + last)


@pytest.mark.parametrize("token", ["", "A", "AAAA", "é", "\ud800", "." * 60, "\x00" * 60, "A" * 54])
def test_garbage_is_a_bad_signature(token: str) -> None:
    with pytest.raises(BadSignature):
        Signer([NEW], "session").verify(token)


@given(st.text(max_size=100))
def test_any_text_is_at_worst_a_bad_signature(token: str) -> None:
    with pytest.raises(BadSignature):
        Signer([NEW], "session").verify(token)


def test_a_token_of_another_version_is_refused_even_when_it_is_signed() -> None:
    signer = Signer([NEW], "session")
    signed = b"\x02" + bytes(8) + b"x"
    token = token_of(signed + signer._macs[0](signed))
    with pytest.raises(BadSignature, match="version"):
        signer.verify(token)


# Limits and mistakes ----------------------------------------------------------------------------------------


def test_payload_and_token_have_a_largest_size() -> None:
    signer = Signer([NEW], "session", max_size=100)
    token = signer.sign(b"x" * 100)
    assert signer.verify(token) == b"x" * 100
    with pytest.raises(ValueError, match="101 bytes"):
        signer.sign(b"x" * 101)
    with pytest.raises(BadSignature, match="too large"):
        signer.verify(token + "AA")
    with pytest.raises(BadSignature, match="too large"):
        signer.verify("A" * 10_000_000)


@pytest.mark.parametrize("keys", [[], [""], ["good", ""], "one text, not a list"])
def test_a_signer_without_proper_keys_is_a_setup_error(keys: List[str]) -> None:
    with pytest.raises(SetupError, match="Signer"):
        Signer(keys, "session")


@pytest.mark.parametrize("purpose", ["", (), ("",)])
def test_a_signer_without_a_purpose_is_a_setup_error(purpose: str) -> None:
    with pytest.raises(SetupError, match="purpose"):
        Signer([NEW], purpose)


def test_keys_show_nowhere() -> None:
    signer = Signer([NEW, OLD], "session")
    assert repr(signer) == "Signer(purpose='session', keys=2)"
    with pytest.raises(BadSignature) as caught:
        signer.verify("A" * 100)
    assert NEW not in str(caught.value)
