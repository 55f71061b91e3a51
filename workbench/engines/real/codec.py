"""Letters as bytes: MessagePack, with arrays as raw buffers beside it. No pickle, so that a letter can hold no code."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import numpy

ARRAY = 1
_HEAD = struct.Struct("!IH")
_LENGTH = struct.Struct("!Q")


def pack(value: Any) -> list[Any]:
    """The buffers whose concatenation is one frame; arrays are not copied."""
    arrays: list[Any] = []

    def hook(unknown: Any) -> msgspec.msgpack.Ext:
        import numpy

        array = numpy.ascontiguousarray(unknown)
        if array.dtype.hasobject:
            raise TypeError(f"an array of {array.dtype} cannot be sent")
        arrays.append(array)
        about = msgspec.msgpack.encode([len(arrays) - 1, array.dtype.str, list(array.shape)])
        return msgspec.msgpack.Ext(ARRAY, about)

    body = msgspec.msgpack.encode(value, enc_hook=hook)
    lengths = b"".join(_LENGTH.pack(array.nbytes) for array in arrays)
    return [_HEAD.pack(len(body), len(arrays)) + lengths + body, *(memoryview(a).cast("B") for a in arrays if a.nbytes)]


def unpack(body: bytes, buffers: list[numpy.ndarray]) -> Any:
    """The value of a frame; `buffers` are its raw arrays of bytes, in order."""

    def hook(code: int, data: memoryview) -> Any:
        index, dtype, shape = msgspec.msgpack.decode(data)
        return buffers[index].view(dtype).reshape(shape)

    return msgspec.msgpack.decode(body, ext_hook=hook)


def to_bytes(value: Any) -> bytes:
    """One frame as bytes, for the store."""
    return b"".join(bytes(part) for part in pack(value))


def from_bytes(data: bytes) -> Any:
    """The value of a frame that is all here."""
    frames = Frames()
    frames.feed(data)
    return frames.take()


class Frames:
    """Takes bytes as they come and gives whole frames back. Large arrays are read straight into their own memory."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._head: tuple[int, list[int]] | None = None

    def feed(self, data: bytes | memoryview) -> None:
        self._data += data

    def take(self) -> Any:
        """The next value; `Frames.NOTHING` if its bytes are not all here yet."""
        if self._head is None and not self._read_head():
            return Frames.NOTHING
        assert self._head is not None
        length, sizes = self._head
        if len(self._data) < length + sum(sizes):
            return Frames.NOTHING
        import numpy

        body = bytes(self._data[:length])
        buffers, offset = [], length
        for size in sizes:
            buffers.append(numpy.frombuffer(self._data, numpy.uint8, size, offset).copy())
            offset += size
        self._data = self._data[offset:]
        self._head = None
        return unpack(body, buffers)

    def _read_head(self) -> bool:
        if len(self._data) < _HEAD.size:
            return False
        length, count = _HEAD.unpack_from(self._data)
        end = _HEAD.size + count * _LENGTH.size
        if len(self._data) < end:
            return False
        sizes = [_LENGTH.unpack_from(self._data, _HEAD.size + i * _LENGTH.size)[0] for i in range(count)]
        self._data = self._data[end:]
        self._head = (length, sizes)
        return True

    NOTHING = object()
