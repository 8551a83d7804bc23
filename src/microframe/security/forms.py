"""Forms of OAuth2: the fields by which a user and password are exchanged for a token."""

from typing import Annotated, Optional

from microframe.markers import Form
from microframe.posture import Posture
from microframe.security.credentials import MAX_CREDENTIALS


class OAuth2PasswordRequestForm:
    """The form of the password flow (RFC 6749 §4.3.2): `form: Annotated[OAuth2PasswordRequestForm, Depends()]`.

    `scopes` is a list, made of the field `scope`, whose words are separated by spaces.
    """

    __posture__ = Posture(is_login=True)

    def __init__(
        self,
        *,
        grant_type: Annotated[Optional[str], Form(pattern="^password$")] = None,
        username: Annotated[str, Form(max_length=MAX_CREDENTIALS)],
        password: Annotated[str, Form(max_length=MAX_CREDENTIALS, json_schema_extra={"format": "password"})],
        scope: Annotated[str, Form(max_length=MAX_CREDENTIALS)] = "",
        client_id: Annotated[Optional[str], Form(max_length=MAX_CREDENTIALS)] = None,
        client_secret: Annotated[
            Optional[str], Form(max_length=MAX_CREDENTIALS, json_schema_extra={"format": "password"})
        ] = None,
    ) -> None:
        self.grant_type = grant_type
        self.username = username
        self.password = password
        self.scopes = scope.split()
        self.client_id = client_id
        self.client_secret = client_secret


class OAuth2PasswordRequestFormStrict(OAuth2PasswordRequestForm):
    """The same where `grant_type` must be sent, as RFC 6749 has it."""

    def __init__(
        self,
        grant_type: Annotated[str, Form(pattern="^password$")],
        username: Annotated[str, Form(max_length=MAX_CREDENTIALS)],
        password: Annotated[str, Form(max_length=MAX_CREDENTIALS, json_schema_extra={"format": "password"})],
        scope: Annotated[str, Form(max_length=MAX_CREDENTIALS)] = "",
        client_id: Annotated[Optional[str], Form(max_length=MAX_CREDENTIALS)] = None,
        client_secret: Annotated[
            Optional[str], Form(max_length=MAX_CREDENTIALS, json_schema_extra={"format": "password"})
        ] = None,
    ) -> None:
        super().__init__(
            grant_type=grant_type,
            username=username,
            password=password,
            scope=scope,
            client_id=client_id,
            client_secret=client_secret,
        )
