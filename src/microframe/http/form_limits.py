"""Form limits: how much of a form is read, and what is said when it is more."""

from dataclasses import dataclass, fields
from typing import Final, Optional

from microframe.exceptions import BadRequestException, PayloadTooLargeException, SetupError


class MalformedFormException(BadRequestException):
    """The body is not the form that it says it is: {reason}."""

    code = "malformed_form"


class TooManyFormPartsException(PayloadTooLargeException):
    """The form has more than {limit} fields and files."""


class TooManyFilesException(PayloadTooLargeException):
    """The form has more than {limit} files."""


class FormFieldTooLargeException(PayloadTooLargeException):
    """A field of the form is larger than {limit} bytes."""


class FormFileTooLargeException(PayloadTooLargeException):
    """A file of the form is larger than {limit} bytes."""


class FormTooLargeException(PayloadTooLargeException):
    """The fields of the form are larger than {limit} bytes together."""


@dataclass(frozen=True)
class FormLimits:
    """How much of a form is read; what is None is as it is outside: the router's, then the application's.

    Whatever is allowed here, the whole body has `max_body_size` bytes at most.
    """

    max_parts: Optional[int] = None
    """Most fields and files together."""

    max_files: Optional[int] = None
    """Most files."""

    max_field_size: Optional[int] = None
    """Most bytes of a field that is no file."""

    max_file_size: Optional[int] = None
    """Most bytes of a file; None everywhere: as many as the body may have."""

    max_memory: Optional[int] = None
    """Most bytes of a form that are in memory: more fields are refused, more files go to the disk."""

    max_part_headers: Optional[int] = None
    """Most headers of one field or file; more are a 400."""

    max_part_header_size: Optional[int] = None
    """Most bytes of one of them; more are a 400."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
                raise SetupError(f"{field.name} is a number of at least 0, not {value!r}")

    def over(self, outer: "FormLimits") -> "FormLimits":
        """These, and the outer ones where these say nothing."""
        own = {name: value for name, value in vars(self).items() if value is not None}
        return FormLimits(**{**vars(outer), **own})

    def at_most(self, other: "FormLimits") -> "FormLimits":
        """The smaller limit of each, whoever sets it."""
        both = {name: (value, getattr(other, name)) for name, value in vars(self).items()}
        return FormLimits(
            **{
                name: min((one for one in pair if one is not None), default=None)
                for name, pair in both.items()
            }
        )


DEFAULT_FORM_LIMITS: Final = FormLimits(
    max_parts=1_000,
    max_files=100,
    max_field_size=1_048_576,
    max_memory=10_000_000,
    max_part_headers=8,
    max_part_header_size=4_096,
)
