"""The registry of codecs: which one is chosen, which libraries that imports, and what plugins may add."""

import subprocess
import sys
import textwrap
from typing import Any, List, Optional, Sequence

import pydantic
import pytest

from microframe.validation import (
    Codec,
    Codecs,
    Decode,
    DecodeJSON,
    Encode,
    EncodeOptions,
    Field,
    Schemas,
    Wanted,
)
from microframe.validation.codecs.pydantic import PydanticCodec


class Metres:
    """A type of some plugin's."""

    def __init__(self, amount: float) -> None:
        self.amount = amount


class MetresCodec:
    """The codec that this plugin adds."""

    name = "metres"

    def handles(self, annotation: Any) -> bool:
        return annotation in (Metres, Optional[Metres], int)

    def is_structured(self, annotation: Any) -> bool:
        return False

    def fields(self, annotation: Any) -> Sequence[Field]:
        return ()

    def decoder(self, annotation: Any) -> Decode:
        return lambda value: Metres(float(str(value)))

    def json_decoder(self, annotation: Any) -> DecodeJSON:
        return lambda body: Metres(float(body))

    def encoder(self, annotation: Any, options: EncodeOptions) -> Encode:
        return lambda value: str(value.amount).encode()

    def schemas(self, wanted: Sequence[Wanted], template: str, separate: bool) -> Schemas:
        return Schemas([{"type": "number", "title": "Metres"} for _ in wanted], {})


class NewerCodec(MetresCodec):
    """Another one for the same types."""

    name = "newer"


def test_pydantic_reads_what_nobody_else_does() -> None:
    assert Codecs().for_annotation(int).name == "pydantic"
    assert Codecs().for_annotation(List[Any]).name == "pydantic"


def test_a_codec_added_is_asked_first_and_the_newest_before_the_others() -> None:
    codecs = Codecs()
    assert codecs.for_annotation(int).name == "pydantic"
    codecs.add(MetresCodec())
    assert codecs.for_annotation(Metres).name == "metres"
    assert codecs.for_annotation(int).name == "metres"
    assert codecs.for_annotation(str).name == "pydantic"
    codecs.add(NewerCodec())
    assert codecs.for_annotation(Optional[Metres]).name == "newer"


def test_codecs_added_to_one_application_are_not_seen_by_another() -> None:
    codecs = Codecs()
    codecs.add(MetresCodec())
    assert Codecs().for_annotation(int).name == "pydantic"


def test_what_satisfies_the_contract_is_a_codec() -> None:
    codec: Codec = MetresCodec()
    assert codec.encoder(Metres, EncodeOptions())(codec.json_decoder(Metres)(b"1.5")) == b"1.5"


def test_a_model_that_defines_the_marks_of_another_library_stays_pydantics() -> None:
    class Plain(pydantic.BaseModel):
        n: int

    assert isinstance(Codecs().for_annotation(List[Plain]), PydanticCodec)


def run(program: str) -> str:
    """What a program prints in an interpreter of its own."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert not done.returncode, done.stderr
    return done.stdout.strip()


LOADED = 'print(*(name for name in ("pydantic", "pydantic_core", "msgspec", "attr") if name in sys.modules))'


def test_no_library_is_imported_before_an_annotation_is_compiled() -> None:
    assert run(f"import sys; import microframe.validation; {LOADED}") == ""


def test_only_pydantic_is_imported_for_standard_types() -> None:
    program = f"""
    import sys
    from microframe.validation import Codecs
    Codecs().for_annotation(int)
    {LOADED}
    """
    assert run(program) == "pydantic pydantic_core"


def test_a_struct_does_not_import_attrs_and_an_attrs_class_not_msgspec() -> None:
    pytest.importorskip("msgspec")
    program = """
    import sys, {library}
    from microframe.validation import Codecs
    {definition}
    print(Codecs().for_annotation(Card).name, "msgspec" in sys.modules, "attr" in sys.modules)
    """
    struct = "Card = msgspec.defstruct('Card', [('a', int)])"
    assert run(program.format(library="msgspec", definition=struct)) == "msgspec True False"
    attrs_class = "Card = attrs.make_class('Card', {'a': attrs.field(type=int)})"
    assert run(program.format(library="attrs", definition=attrs_class)) == "attrs False True"


def test_a_class_of_a_missing_library_is_a_setup_error_that_says_what_to_install() -> None:
    program = """
    import sys
    sys.modules["attrs"] = None
    sys.modules["attr"] = object()
    from microframe.exceptions import SetupError
    from microframe.validation import Codecs
    class Card:
        __attrs_attrs__ = ()
    try:
        Codecs().for_annotation(Card)
    except SetupError as exc:
        print(exc)
    """
    assert "[attrs]" in run(program)
