"""Give google-api-python-client's Gmail resources for a root address, built once in a process.

Building them takes two milliseconds and 0.6 MB each time, so they are shared: read-only after that, every request
is executed with the caller's own Http.
"""

import functools
import json
from typing import Any, NamedTuple

import httplib2
import orjson
from googleapiclient.discovery import build_from_document
from googleapiclient.discovery_cache import get_static_doc
from googleapiclient.model import JsonModel

from gmail.errors import Transient


class Resources(NamedTuple):
    users: Any
    messages: Any
    attachments: Any
    threads: Any
    labels: Any
    history: Any
    batch_uri: str


class OrjsonModel(JsonModel):
    """JsonModel that parses faster, and that takes a cut body for an error instead of handing it on as a string."""

    def deserialize(self, content: bytes) -> Any:
        try:
            return orjson.loads(content)
        except ValueError as error:
            raise Transient("Gmail's answer is not whole JSON") from error


@functools.cache
def _document() -> dict[str, Any]:
    return json.loads(get_static_doc("gmail", "v1"))


def moved(document: dict[str, Any], base_url: str) -> dict[str, Any]:
    """The document for another root ("": its own), without a second root for mutual TLS that the environment picks.

    client_options.api_endpoint would leave the batch address behind.
    """
    root = base_url.rstrip("/") + "/" if base_url else document["rootUrl"]
    return {key: value for key, value in document.items() if key != "mtlsRootUrl"} | {"rootUrl": root}


@functools.lru_cache(maxsize=16)
def resources(base_url: str = "") -> Resources:
    """The resources below `base_url`; "" is the real Gmail."""
    document = moved(_document(), base_url)
    users = build_from_document(document, http=httplib2.Http(timeout=1), model=OrjsonModel()).users()
    messages = users.messages()
    return Resources(
        users=users,
        messages=messages,
        attachments=messages.attachments(),
        threads=users.threads(),
        labels=users.labels(),
        history=users.history(),
        batch_uri=document["rootUrl"] + document["batchPath"],
    )
