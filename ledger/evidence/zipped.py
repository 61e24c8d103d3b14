"""The zip of a dossier (案卷压缩包): files stored one after another, and nothing that could differ.

No compression, one fixed time, no extra fields: the same files give the same bytes, and a verifier
needs thirty lines to read them and cannot be made to unpack more than is there.
"""

import struct
from binascii import crc32
from collections.abc import Iterable

_VERSION, _TIME, _DATE = 20, 0, 0x21  # 1980-01-01: the first day that a zip knows
_MODE = 0o100644 << 16


def zipped(files: Iterable[tuple[str, bytes]]) -> bytes:
    """The files in the order given; names are ASCII."""
    out, directory = bytearray(), bytearray()
    count = 0
    for name, data in files:
        raw, at = name.encode("ascii"), len(out)
        about = struct.pack(
            "<5H3L2H", _VERSION, 0, 0, _TIME, _DATE, crc32(data), len(data), len(data), len(raw), 0
        )
        out += b"PK\x03\x04" + about + raw + data
        made_by = struct.pack("<H", 3 << 8 | _VERSION)  # Unix: so that the mode counts
        directory += (
            b"PK\x01\x02" + made_by + about + struct.pack("<3H2L", 0, 0, 0, _MODE, at) + raw
        )
        count += 1
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), len(out), 0)
    return bytes(out + directory + end)
