"""Assets: the front-end files of the documentation pages: which packages of npm, which versions, and where they are."""

# The build hook loads this file by itself, where microframe cannot be imported: nothing but the standard library here.

import base64
from pathlib import Path, PurePosixPath
from typing import List, Mapping, NamedTuple, Optional, Tuple

FOLDER = Path(__file__).parent / "assets"
"""Where the files are once they are fetched; never in git, always in a wheel that was released."""

CDN = "https://cdn.jsdelivr.net"


class Asset(NamedTuple):
    """One file of a package, and the hash that it must have."""

    package: str
    version: str
    path: str
    """Inside the package."""
    sha384: str
    """In base64, as the `integrity` of a tag has it."""

    @property
    def name(self) -> str:
        """The name that it is served by, `swagger-ui.5a5818765985.css`: another content has another name."""
        path = PurePosixPath(self.path)
        return f"{path.stem}.{base64.b64decode(self.sha384).hex()[:12]}{path.suffix}"

    @property
    def integrity(self) -> str:
        return f"sha384-{self.sha384}"

    @property
    def cdn_url(self) -> str:
        return f"{CDN}/npm/{self.package}@{self.version}/{self.path}"

    @property
    def file(self) -> str:
        """Where it is kept in the folder. The version is part of it: an older one is never taken for it."""
        return f"{folder_name(self.package, self.version)}/{PurePosixPath(self.path).name}"

    def find(self) -> Optional[Path]:
        """Its file, if it is here."""
        file = FOLDER / self.file
        return file if file.is_file() else None


class Package(NamedTuple):
    """A package of npm: the files that pages load, with their hashes, and the notices that go with them."""

    name: str
    version: str
    files: Mapping[str, str]
    notices: Tuple[str, ...]

    @property
    def folder(self) -> str:
        return folder_name(self.name, self.version)

    @property
    def assets(self) -> List[Asset]:
        return [Asset(self.name, self.version, path, sha384) for path, sha384 in self.files.items()]


def folder_name(package: str, version: str) -> str:
    """`@scalar/api-reference` and `1.72.1` -> `scalar-api-reference-1.72.1`."""
    return f"{package.lstrip('@').replace('/', '-')}-{version}"


# To move to another version: change it here, run `make assets`, and write down the hashes it tells of files whose
# change you have read about. An `npm pack` without a version gives what Node is old enough for.

SWAGGER_UI = Package(
    "swagger-ui-dist",
    "5.35.0",
    {
        "swagger-ui-bundle.js": "gjRm0bEPMeTmMh5jT2cHccIwCUZSTd8YC+j0d0sXw0MdGEfScduGpSyF3ZSSLkX9",
        "swagger-ui.css": "WlYgdmXYOOBWL5apwjDEZwN+U3HmXSSu5R6V5aGxEcf7z+KuRNwBhoxKVN1i3D5I",
        "oauth2-redirect.js": "XuY48ztmqRBrZqX+bDrPUqkTumNohu9Bl+yztOEp/hDTS5qXIApmbiD04MrTFpjk",
    },
    ("LICENSE", "NOTICE", "swagger-ui-bundle.js.LICENSE.txt"),
)
REDOC = Package(
    "redoc",
    "2.5.4",
    {
        "bundles/redoc.standalone.js": "w447zOpYfw/1Tv/5AK9NfHTlQIqE3RVR6KY62jCyy9zNDgO64cMwGGP1Fj0zJVf5",
    },
    ("LICENSE", "bundles/redoc.standalone.js.LICENSE.txt"),
)
SCALAR = Package(
    "@scalar/api-reference",
    "1.72.1",
    {
        "dist/browser/standalone.js": "U11tb2XnKvmwt8RlTvnwUnYgrN+ur4Xyh9htLhjajWNR/Oyl5AX5DEz00qRmlrmK",
    },
    # It has no file with its licence (MIT): the README names it.
    ("README.md",),
)

PACKAGES = (SWAGGER_UI, REDOC, SCALAR)
