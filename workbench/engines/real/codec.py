"""Messages on the wire and in the store: MessagePack, with arrays as raw buffers beside it.

A frame is the lengths of head and body, the head (MessagePack), and the body (the arrays' bytes, each on a multiple of
64). Nothing that is read back can run code.
"""

from __future__ import annotations

import socket
import struct
from typing import Any

import msgspec
import numpy as np

_LENGTHS = struct.Struct("<IQ")
_ARRAY = 1  # code of the MessagePack extension that stands for an array: dtype, shape, offset in the body, bytes
_ALIGNED = 64
_CHUNK = 1 << 16
_CALLS = 64  # reads of one stream before others have their turn


def pack(message: Any) -> list[Any]:
    """The frame of `message`, as parts to be written one after the other. TypeError for what is not plain data."""
    arrays: list[Any] = []
    end = 0

    def encode(value: Any) -> Any:
        nonlocal end
        if isinstance(value, np.generic):
            return value.item()
        array = _as_array(value)
        padding = -end % _ALIGNED
        arrays.extend((bytes(padding), memoryview(array.reshape(-1).view(np.uint8))))
        about = [array.dtype.str, list(array.shape), end + padding, array.nbytes]
        end += padding + array.nbytes
        return msgspec.msgpack.Ext(_ARRAY, msgspec.msgpack.encode(about))

    head = msgspec.msgpack.Encoder(enc_hook=encode).encode(message)
    return [_LENGTHS.pack(len(head), end) + head, *arrays]


def _as_array(value: Any) -> Any:
    if type(value).__module__.partition(".")[0] == "torch":
        value = value.detach().cpu().numpy()
    if not isinstance(value, np.ndarray) or value.dtype.hasobject or value.dtype.names:
        raise TypeError(f"a letter holds plain data and arrays of numbers, not {type(value).__name__}")
    return np.asarray(value, order="C")


def to_bytes(message: Any) -> bytes:
    """The frame of `message` in one piece, as the store keeps it."""
    return b"".join(pack(message))


def from_bytes(data: bytes) -> Any:
    """The message of a frame in one piece; its arrays may be written to."""
    head_length, body_length = _LENGTHS.unpack_from(data)
    start = _LENGTHS.size + head_length
    body = np.frombuffer(data, np.uint8, body_length, start).copy()
    return _decode(memoryview(data)[_LENGTHS.size : start], body)


def _decode(head: Any, body: np.ndarray) -> Any:
    def decode(code: int, data: Any) -> np.ndarray:
        dtype, shape, offset, length = msgspec.msgpack.decode(data)
        return body[offset : offset + length].view(dtype).reshape(shape)

    return msgspec.msgpack.Decoder(ext_hook=decode).decode(head)


class FrameReader:
    """Takes messages from a stream socket as they come; large arrays are read straight into their place."""

    def __init__(self) -> None:
        self.ended = False
        self._chunk = bytearray(_CHUNK)
        self._start = self._end = 0  # what of the chunk has come and is not yet taken
        self._head = b""
        self._body: Any = None  # array of bytes
        self._filled = 0

    def read(self, stream: socket.socket) -> list[Any]:
        """Every whole message that has come; sets `ended` at the end of the stream."""
        messages: list[Any] = []
        for _ in range(_CALLS):
            try:
                came = stream.recv_into(self._room())
            except BlockingIOError:
                break
            except OSError:
                came = 0
            if not came:
                self.ended = True
                break
            if self._body is not None:
                self._filled += came
            else:
                self._end += came
            self._take(messages)
        return messages

    def _room(self) -> memoryview:
        if self._body is not None:
            return memoryview(self._body)[self._filled :]
        if self._start == self._end:
            self._start = self._end = 0
        elif self._end == len(self._chunk):
            waiting = self._chunk[self._start : self._end]
            self._chunk = waiting + bytearray(max(_CHUNK, len(waiting)))
            self._start, self._end = 0, len(waiting)
        return memoryview(self._chunk)[self._end :]

    def _take(self, messages: list[Any]) -> None:
        while True:
            if self._body is None and not self._begin():
                return
            assert self._body is not None
            if self._filled < len(self._body):
                return
            messages.append(_decode(self._head, self._body))
            self._body = None

    def _begin(self) -> bool:
        """Start on the next frame, if its whole head is here."""
        here = self._end - self._start
        if here < _LENGTHS.size:
            return False
        head_length, body_length = _LENGTHS.unpack_from(self._chunk, self._start)
        if here < _LENGTHS.size + head_length:
            return False
        start = self._start + _LENGTHS.size
        self._head = bytes(self._chunk[start : start + head_length])
        start += head_length
        self._body = np.empty(body_length, np.uint8)
        self._filled = min(self._end - start, body_length)
        self._body[: self._filled] = np.frombuffer(self._chunk, np.uint8, self._filled, start)
        self._start = start + self._filled
        return True
