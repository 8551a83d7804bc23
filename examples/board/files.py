"""Files: what members attach to a card: uploaded with a form, downloaded under the names they came with."""

from collections.abc import Sequence
from typing import Annotated

from examples.board.attachments import FileNotFound, Files, TooManyFiles
from examples.board.cards import CardNotFound, CurrentCard
from examples.board.policies import WRITES
from examples.board.records import Attachment
from microframe import FileResponse, Form, FormLimits, Provided, Request, Response, Router, UploadFile

LARGEST = 5_000_000  # bytes of one file

files = Router(prefix="/{card_id}/files", tags=["files"], raises=[CardNotFound])


@files.get()
async def list_files(card: CurrentCard, files: Provided[Files]) -> Sequence[Attachment]:
    """The files of one card, in the order in which they came."""
    return await files.of(card.id)


@files.post(
    limit=WRITES,
    status_code=201,
    raises=[TooManyFiles],
    max_body_size=LARGEST + 100_000,
    form_limits=FormLimits(max_files=1, max_file_size=LARGEST),
)
async def add_file(
    card: CurrentCard,
    file: UploadFile,
    files: Provided[Files],
    request: Request,
    response: Response,
    note: Annotated[str, Form(max_length=200)] = "",
) -> Attachment:
    """Attach a file of at most 5 MB; its name is kept, and where it is stored is our affair."""
    added = await files.add(card.board_id, card.id, file, note)
    place = request.url_for("download_file", board_id=card.board_id, card_id=card.id, file_id=added.id)
    response.headers["Location"] = str(place)
    return added


@files.get(
    "/{file_id}", raises=[FileNotFound], responses={200: {"content": {"application/octet-stream": {}}}}
)
async def download_file(card: CurrentCard, file_id: int, files: Provided[Files]) -> FileResponse:
    """The file itself, whole or in parts (`Range`), never shown in the page: anybody may have sent it."""
    file = await files.get(card.id, file_id)
    return FileResponse(files.path_of(file), media_type="application/octet-stream", filename=file.name)


@files.delete("/{file_id}", limit=WRITES, status_code=204, raises=[FileNotFound])
async def remove_file(card: CurrentCard, file_id: int, files: Provided[Files]) -> None:
    await files.remove(card.id, file_id)
