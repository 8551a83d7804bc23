"""Document: what an application says of itself in its API document, and where that is served."""

from dataclasses import dataclass, field
from typing import Any, Literal, Mapping, Optional, Sequence

from typing_extensions import TypedDict

OpenAPIVersion = Literal["3.1.0", "3.1.1", "3.1.2", "3.2.0"]
ColorScheme = Literal["auto", "light", "dark"]
Table = Mapping[str, Any]

UNCHOSEN = "auto"
DEFAULT_URL = "/openapi.json"


class DocumentOptions(TypedDict, total=False):
    """The fields of `DocumentSettings`, as keywords; the names are FastAPI's."""

    title: str
    summary: str
    description: str
    version: str
    terms_of_service: str
    contact: Optional[Table]
    license_info: Optional[Table]
    openapi_tags: Sequence[Table]
    openapi_external_docs: Optional[Table]
    servers: Sequence[Table]
    root_path_in_servers: bool
    separate_input_output_schemas: bool
    openapi_version: OpenAPIVersion
    openapi_url: Optional[str]
    docs_url: Optional[str]
    redoc_url: Optional[str]
    scalar_url: Optional[str]
    swagger_ui_oauth2_redirect_url: Optional[str]
    swagger_ui_init_oauth: Optional[Table]
    swagger_ui_parameters: Optional[Table]
    redoc_parameters: Optional[Table]
    scalar_parameters: Optional[Table]
    docs_color_scheme: ColorScheme
    docs_css_url: str
    docs_favicon_url: str


@dataclass(frozen=True)
class DocumentSettings:
    """The part of the configuration that is about the API document. Tables are objects of OpenAPI as they stand."""

    title: str = "MicroFrame"
    """Name of the application, shown in its API document."""

    summary: str = ""
    """What it is for, in one line."""

    description: str = ""
    """What the application is for; Markdown, in several lines if need be."""

    version: str = "0.1.0"
    """Version of the application's API."""

    terms_of_service: str = ""
    """Where the terms of service are."""

    contact: Optional[Table] = field(default=None, hash=False)
    """Who to ask: `name`, `url`, `email`."""

    license_info: Optional[Table] = field(default=None, hash=False)
    """The licence of the API: `name`, and `identifier` (SPDX) or `url`."""

    openapi_tags: Sequence[Table] = field(default=(), hash=False)
    """Tags in the order in which they are shown: `name`, `description`, `externalDocs`."""

    openapi_external_docs: Optional[Table] = field(default=None, hash=False)
    """More documentation elsewhere: `url`, `description`."""

    servers: Sequence[Table] = field(default=(), hash=False)
    """Where the API is served: `url`, `description`, `variables`. Default: where the document comes from."""

    root_path_in_servers: bool = True
    """Whether the path that a proxy cut off is named as a server."""

    separate_input_output_schemas: bool = True
    """Whether a model has two schemas where what is sent and what is answered differ."""

    openapi_version: OpenAPIVersion = "3.1.1"
    """Version of the OpenAPI Specification."""

    openapi_url: Optional[str] = UNCHOSEN
    """Where the document is served. Default: `/openapi.json`, in production nowhere; None for nowhere."""

    docs_url: Optional[str] = "/docs"
    """Where Swagger UI shows the document, as long as that is served; None for nowhere."""

    redoc_url: Optional[str] = "/redoc"
    """Where ReDoc shows it."""

    scalar_url: Optional[str] = "/scalar"
    """Where Scalar shows it."""

    swagger_ui_oauth2_redirect_url: Optional[str] = "/docs/oauth2-redirect"
    """Where Swagger UI comes back to from a login."""

    swagger_ui_init_oauth: Optional[Table] = field(default=None, hash=False)
    """What Swagger UI begins a login with: `clientId`, `appName`, `scopes`."""

    swagger_ui_parameters: Optional[Table] = field(default=None, hash=False)
    """Swagger UI's own settings."""

    redoc_parameters: Optional[Table] = field(default=None, hash=False)
    """ReDoc's."""

    scalar_parameters: Optional[Table] = field(default=None, hash=False)
    """Scalar's."""

    docs_color_scheme: ColorScheme = "auto"
    """Colours of these pages: `light`, `dark`, or `auto`, which is what the reader's system is set to."""

    docs_css_url: str = ""
    """A style sheet that comes after theirs."""

    docs_favicon_url: str = ""
    """Their icon."""
