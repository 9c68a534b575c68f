"""What is agreed between who asks for a kernel, the server that forks it, and the kernel."""

from __future__ import annotations

import json
import struct
from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

# What the server says on a line: the pid (with a file descriptor of the process), later the exit status.
NUMBER = struct.Struct("q")
OUTDATED = 0

# A request is the folder in which the fork will work.
LONGEST_REQUEST = 16_384

# In a kernel's environment: a folder that belongs to it alone, and goes with it.
OWN_PLACE = "SPP_WORKSHOP_KERNEL"

# What a kernel is started with to be asked through a pipe: its end. An ordinary kernel knows nothing of it.
PIPE = "pipe"


def message_line(session: Any, message: dict[str, Any], buffers: Iterable[Any] = ()) -> bytes:
    """A message of Jupyter's as a line of JSON, for a pipe.

    https://jupyter-client.readthedocs.io/en/stable/messaging.html
    """
    parts = {part: message[part] for part in ("header", "parent_header", "metadata", "content")}
    parts["buffers"] = [b64encode(each).decode() for each in buffers]
    try:
        packed: bytes = session.pack(parts)
    except UnicodeEncodeError:
        # Half a letter, which no file can hold either.
        packed = json.dumps(parts, default=str, ensure_ascii=False).encode(errors="replace")
    return packed + b"\n"


def read_line(session: Any, line: bytes) -> dict[str, Any]:
    """The message of such a line, as a `Session` gives it."""
    told: dict[str, Any] = session.unpack(line)
    for header in (told["header"], told["parent_header"]):
        if date := header.get("date"):
            # A message that holds a number which is none is sent with the zone of its date left out.
            header["date"] = datetime.fromisoformat(date).replace(tzinfo=UTC)
    told["buffers"] = [b64decode(each) for each in told["buffers"]]
    return told | {name: told["header"][name] for name in ("msg_id", "msg_type")}
