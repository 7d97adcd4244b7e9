"""The values that a configuration is made of, sources of inputs too: their checks, their schema.

Patterns hold of a whole text, in Python as in the JavaScript of editors.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Tag,
    WithJsonSchema,
    model_validator,
)

from mitosyn.config.problems import SOURCE_TAGS, quoted
from mitosyn.meshes import FILE_LAYER, LAYER, WEB_LAYERS


class Section(BaseModel):
    """Keys of a configuration; the text below each is its meaning in the schema and the docs."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def _refuse(what: str, value: object) -> ValueError:
    return ValueError(f"expected {what} (found {quoted(value)})")


@dataclass(frozen=True)
class Text:
    """What a text must look like, in words and as a pattern.

    ``check`` refuses what no pattern can tell; without it, the pattern decides.
    """

    expected: str
    pattern: str
    check: Callable[[str], str] | None = None

    def __call__(self, value: str) -> str:
        """Return the text if it is as expected."""
        if self.check is not None:
            return self.check(value)
        if not re.fullmatch(self.pattern, value):
            raise _refuse(self.expected, value)
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> Any:
        """Let pydantic check it."""
        return AfterValidator(self).__get_pydantic_core_schema__(source, handler)

    def __get_pydantic_json_schema__(self, core: Any, handler: GetJsonSchemaHandler) -> Any:
        """Let editors check it, and say the same."""
        # Before a newline at the end, Python's $ matches too.
        form = {"type": "string", "pattern": rf"^(?:{self.pattern})$(?!\n)"}
        return form | {"patternErrorMessage": f"expected {self.expected}"}


def _number(value: Any) -> float:
    """Read a number above 0; texts of numbers come from the command line."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not 0 < number < math.inf:
        raise _refuse("a finite number above 0", value)
    return number


def _integer(value: Any) -> Any:
    """Read the text of a whole number, as which the command line gives nested ones."""
    text = isinstance(value, str) and re.fullmatch(r"[+-]?\d{1,18}", value)
    return int(value) if text else value


def _voxel_size(value: Any) -> tuple[float, float, float]:
    try:
        x, y, z = (_number(size) for size in (value if isinstance(value, list | tuple) else ()))
    except ValueError:
        raise _refuse("three finite numbers above 0, in nm: [x, y, z]", value) from None
    return x, y, z


_WEB = r"(?:https?|gs|s3)://[^\s/?#]\S*"
_URL = "a URL that begins with https://, http://, gs:// or s3://"
_FILE_NAME = Text("the name of a file, without folders", r"(?=.*[^. ])[^/\\\x00-\x1f{}]+")
_LOCAL = Text("a path without braces, or a URL", r"(?=.*\S)[^\x00-\x1f{}]+")


def is_url(source: str) -> bool:
    """Return whether a source is a URL rather than a local path."""
    return "://" in source


def _url_end(url: str) -> str:
    """Return the file name at the end of a URL."""
    return PurePosixPath(urlsplit(url).path).name


# Public buckets have a web address.
_BUCKETS = {"gs": "https://storage.googleapis.com/", "s3": "https://s3.amazonaws.com/"}


def _url(value: str) -> str:
    """Read a web address, that of a bucket too; others are refused with what to write instead."""
    scheme, _, rest = value.partition("://")
    if scheme.lower() in _BUCKETS:
        # So that time-outs, retries and politeness hold there too.
        value = _BUCKETS[scheme.lower()] + rest
    if scheme.lower() == "file":
        raise _refuse("a local path as it is, without file://", value)
    try:
        host = urlsplit(value).hostname
    except ValueError:
        host = None
    if not host or not re.fullmatch(_WEB, value):
        raise _refuse(_URL, value)
    return value


def _file_url(value: str) -> str:
    """Read a web address that names the file."""
    name = _url_end(_url(value))
    try:
        _FILE_NAME(name)
    except ValueError:
        raise _refuse("a URL that ends in a file's name, or filename beside it", value) from None
    return value


def _path(value: str) -> str:
    """Read a local path or a web address."""
    return _file_url(value) if is_url(value) else _LOCAL(value)


Integer = Annotated[int, Field(strict=True), BeforeValidator(_integer)]
PositiveInt = Annotated[Integer, Field(gt=0)]
CellId = Annotated[Integer, Field(gt=0, le=2**63 - 1)]
Count = Annotated[Integer, Field(ge=0)]
StoredLabel = Annotated[int, BeforeValidator(_integer)]
Size = Annotated[float, Field(gt=0), BeforeValidator(_number)]
_SIZES = {"type": "array", "items": {"type": "number", "exclusiveMinimum": 0}}
_THREE = {"minItems": 3, "maxItems": 3, "examples": [[4.0, 4.0, 40.0]]}
VoxelSize = Annotated[
    tuple[float, float, float], BeforeValidator(_voxel_size), WithJsonSchema(_SIZES | _THREE)
]

_NAME = "a name of letters, digits, '_', '-' and '.' that does not begin with '.' or '-'"
_MEMBER = "a path inside the archive, without '..' and not absolute"
_LAYER = "a layer, precomputed:// and file://…, https://…, gs://… or s3://…"
_PUBLIC = "a public layer, precomputed://https://… or precomputed://gs://…"
_CHECKSUM = "md5: and 32, or sha256: and 64 digits of 0-9 and a-f"
Name = Annotated[str, Text(_NAME, r"[A-Za-z0-9_][A-Za-z0-9_.-]*")]
FileName = Annotated[str, _FILE_NAME]
Url = Annotated[str, Text(_URL, _WEB, _url)]
PathOrUrl = Annotated[str, Text(_LOCAL.expected, rf"{_WEB}|(?!.*://){_LOCAL.pattern}", _path)]
Member = Annotated[str, Text(_MEMBER, r"(?!(?:.*/)?\.{0,2}(?:/|$))[^\\\x00-\x1f{}]+")]
Checksum = Annotated[str, Text(_CHECKSUM, "md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}")]
_WEB_LAYER = "|".join(WEB_LAYERS)
Layer = Annotated[str, Text(_LAYER, rf"(?:{FILE_LAYER}|{_WEB_LAYER})\S+")]
PublicLayer = Annotated[Layer, Text(_PUBLIC, rf"(?:{_WEB_LAYER})\S+")]


class Download(Section):
    """A remote file of which more is to be said than its URL."""

    url: Url
    """`https://` or `http://` address; a file in a bucket is read through its HTTPS address."""
    filename: FileName | None = None
    """The name to keep the file under; needed where the URL does not end in it."""
    size: PositiveInt | None = None
    """Its size in bytes, which is then verified."""
    checksum: Checksum | None = None
    """`md5:` or `sha256:` and hexadecimal digits, which are then verified."""

    @property
    def name(self) -> str:
        """The file's name: the one given, or the end of the URL."""
        return self.filename or _url_end(self.url)

    @model_validator(mode="after")
    def _has_a_name(self) -> Download:
        if self.filename is None:
            _file_url(self.url)
        return self


class ArchiveMember(Section):
    """A file or folder inside one of the dataset's archives."""

    archive: str
    """The name of the archive under `archives`."""
    member: Member
    """The path inside the archive."""


def _form(value: Any) -> str | None:
    """Return which form of a source a value has, so that its problems are those of this form."""
    if isinstance(value, str):
        return SOURCE_TAGS[0]
    if isinstance(value, Section):
        return f"<{type(value).__name__}>"
    if isinstance(value, Mapping):
        return SOURCE_TAGS[2] if {"archive", "member"} & set(value) else SOURCE_TAGS[1]
    return None


def _sourced(section: type[Section]) -> Callable[[Any], str | None]:
    """Return how the form of a source is told that may also be a section with a ``path``."""
    return lambda value: (
        f"<{section.__name__}>"
        if isinstance(value, section) or (isinstance(value, Mapping) and "path" in value)
        else _form(value)
    )


def _form_or_layer(value: Any) -> str | None:
    is_layer = isinstance(value, str) and value.startswith(LAYER)
    return SOURCE_TAGS[3] if is_layer else _form(value)


_File = Annotated[PathOrUrl, Tag(SOURCE_TAGS[0])] | Annotated[Download, Tag(SOURCE_TAGS[1])]
Archive = Annotated[_File, Discriminator(_form)]
_AnySource = _File | Annotated[ArchiveMember, Tag(SOURCE_TAGS[2])]
Source = Annotated[_AnySource, Discriminator(_form)]
SourceOrLayer = Annotated[
    _AnySource | Annotated[Layer, Tag(SOURCE_TAGS[3])], Discriminator(_form_or_layer)
]


def layer_or(section: type[Section]) -> Any:
    """Return the type of a layer that may also be a section with a ``path`` and more."""
    tag = f"<{section.__name__}>"
    return Annotated[
        Annotated[Layer, Tag(SOURCE_TAGS[3])] | Annotated[section, Tag(tag)],
        Discriminator(lambda v: tag if isinstance(v, section | Mapping) else SOURCE_TAGS[3]),
    ]


def source_or(section: type[Section]) -> Any:
    """Return the type of a source that may also be a section with a ``path`` and more."""
    return Annotated[
        _AnySource | Annotated[section, Tag(f"<{section.__name__}>")],
        Discriminator(_sourced(section)),
    ]
