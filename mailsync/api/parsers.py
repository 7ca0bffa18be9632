"""Read the JSON that programs send."""

import json
from collections.abc import Mapping
from typing import IO, Any

from django.http import QueryDict
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import JSONParser
from rest_framework.request import Request


def document(request: Request) -> Any:
    """The JSON that was sent, {} for an empty body. Raises ParseError, UnsupportedMediaType.

    A form whose fields were read in the search for a CSRF token would count as an empty body.
    """
    if isinstance(request.data, QueryDict):
        raise UnsupportedMediaType(str(request.content_type))
    return request.data


class StrictJSONParser(JSONParser):
    """Refuses what Python's parser lets through or stumbles over: lone surrogates, endless nesting."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The document. Raises ParseError."""
        try:
            data = super().parse(stream, media_type, parser_context)
            json.dumps(data, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise ParseError("JSON parse error - half a surrogate pair is no character.") from None
        except RecursionError:
            raise ParseError("JSON parse error - nested too deeply.") from None
        return data
