"""Forms: the parameters that a route reads from a form, field by field or as one model, in one step."""

from typing import Any, Callable, Dict, FrozenSet, List, Sequence, Set, Tuple

from microframe.exceptions import Invalid, SetupError
from microframe.http.forms import FormData
from microframe.http.parts import MULTIPART
from microframe.http.request import Request
from microframe.http.uploads import UploadFile
from microframe.injection.body_parameter import BodyParameter, ReadBody
from microframe.injection.pickers import only_one
from microframe.injection.records import extras, gather, located
from microframe.injection.sources import build_decoder, default_of, missing
from microframe.markers import MISSING, Parameter
from microframe.validation.codec import Field
from microframe.validation.registry import Codecs
from microframe.validation.shapes import is_scalar, is_sequence_of_scalars, parts

FormSource = Callable[[FormData], Any]
"""A form to the value of one parameter; raises `Invalid` with complete locations."""

UPLOADED = Parameter("form", media_type=MULTIPART)
"""What an `UploadFile` is without a marker: a file."""


def is_upload(annotation: Any) -> bool:
    """Whether values of this type are files: an `UploadFile`, a list of them, or nothing."""
    return any(isinstance(part, type) and issubclass(part, UploadFile) for part in parts(annotation))


def is_content(annotation: Any) -> bool:
    """Whether a file is wanted as its bytes."""
    return any(part is bytes for part in parts(annotation))


def build_form_reader(parameters: Sequence[BodyParameter], codecs: Codecs, strict: bool) -> ReadBody:
    """Read the form: as the one value of the one parameter, else as a list, each an `Invalid` where it is wrong."""
    read = [build_form_source(parameter, codecs, strict, parameters) for parameter in parameters]
    contents = names_of_contents(parameters, codecs)

    async def prepare(request: Request) -> FormData:
        form = await request.form()
        return await with_contents(form, contents) if contents else form

    if len(read) == 1:

        async def read_one(request: Request) -> Any:
            return read[0](await prepare(request))

        return read_one

    async def read_all(request: Request) -> List[Any]:
        form = await prepare(request)
        values: List[Any] = []
        for source in read:
            try:
                values.append(source(form))
            except Invalid as exc:
                values.append(exc)
        return values

    return read_all


def build_form_source(
    parameter: BodyParameter, codecs: Codecs, strict: bool, beside: Sequence[BodyParameter] = ()
) -> FormSource:
    """The source of one parameter; `beside` are all that read the form, whose fields a model does not miss.

    Raises:
        SetupError: no field of a form holds a value of its type.
    """
    asked, marker = parameter.asked, parameter.marker
    if is_record(parameter, codecs):
        known = {name for other in beside for name in names_of(other, codecs)}
        return build_form_record(parameter, codecs, strict, frozenset(known))
    if not is_scalar(asked.annotation) and not is_sequence_of_scalars(asked.annotation):
        raise SetupError(
            f"{asked.name} of {parameter.where} is read from a form, which holds no {asked.annotation!r}"
        )
    name = parameter.alias
    pick = build_pick(name, asked.annotation, strict)
    decode = build_decoder(asked, marker, codecs, parameter.where)
    default = default_of(asked, marker)

    def source(form: FormData) -> Any:
        raw = pick(form)
        if raw is MISSING:
            if default is None:
                raise Invalid([missing("body", name)])
            return default()
        try:
            return decode(raw)
        except Invalid as exc:
            raise Invalid(exc.under("body", name)) from None

    return source


def build_pick(name: str, annotation: Any, strict: bool) -> FormSource:
    """Take a field out of a form. An empty text is one that nobody has filled in, but in a list, as in FastAPI."""
    if is_sequence_of_scalars(annotation):
        return lambda form: form.getlist(name) or MISSING

    def pick(form: FormData) -> Any:
        value = only_one(form.getlist(name), "body", name) if strict else form.get(name, MISSING)
        return MISSING if value == "" else value

    return pick


def build_form_record(
    parameter: BodyParameter, codecs: Codecs, strict: bool, known: FrozenSet[str]
) -> FormSource:
    """The source of a structured parameter, to which each field of the form is one of its own."""
    asked, marker = parameter.asked, parameter.marker
    fields = fields_of(parameter, codecs)
    picks = [(field.alias, build_pick(field.alias, field.annotation, strict)) for field in fields]
    own = {field.alias: field.alias for field in fields}
    decode = build_decoder(asked, marker, codecs, parameter.where)
    default = default_of(asked, marker)
    told = set(known | own.keys())

    def source(form: FormData) -> Any:
        if default is not None and not any(name in form for name in own):
            return default()
        values = gather(form, picks)
        values.update(extras(form.multi_items(), told))
        try:
            return decode(values)
        except Invalid as exc:
            raise Invalid([located(error, "body", own) for error in exc.errors]) from None

    return source


# What is asked for ---------------------------------------------------------------------------------------------------


def is_record(parameter: BodyParameter, codecs: Codecs) -> bool:
    annotation = parameter.asked.annotation
    return codecs.for_annotation(annotation).is_structured(annotation)


def fields_of(parameter: BodyParameter, codecs: Codecs) -> Sequence[Field]:
    annotation = parameter.asked.annotation
    return codecs.for_annotation(annotation).fields(annotation)


def names_of(parameter: BodyParameter, codecs: Codecs) -> List[str]:
    """The fields of a form that a parameter is made of."""
    if is_record(parameter, codecs):
        return [field.alias for field in fields_of(parameter, codecs)]
    return [parameter.alias]


def names_of_contents(parameters: Sequence[BodyParameter], codecs: Codecs) -> FrozenSet[str]:
    """The files of which only the bytes are wanted.

    Raises:
        SetupError: somebody else wants the same one as a file.
    """
    contents: Set[str] = set()
    files: Dict[str, str] = {}
    for parameter in parameters:
        annotations: List[Tuple[str, Any]] = [(parameter.alias, parameter.asked.annotation)]
        if is_record(parameter, codecs):
            annotations = [(field.alias, field.annotation) for field in fields_of(parameter, codecs)]
        for name, annotation in annotations:
            if is_upload(annotation):
                files[name] = parameter.where
            elif is_content(annotation):
                contents.add(name)
    for name in contents & files.keys():
        raise SetupError(f"{files[name]} reads the file {name!r}, of which another only wants the bytes")
    return frozenset(contents)


async def with_contents(form: FormData, names: FrozenSet[str]) -> FormData:
    """The form with the bytes of some files in their place."""
    pairs: List[Any] = []
    for name, value in form.multi_items():
        if name in names and isinstance(value, UploadFile):
            await value.seek(0)
            content: Any = await value.read()
            await value.seek(0)
            pairs.append((name, content))
        else:
            pairs.append((name, value))
    return FormData(pairs)
