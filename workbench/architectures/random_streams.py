"""Named streams of random numbers: the same name gives the same stream in every configuration."""

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy


def stream(seed: int, *path: str | int) -> "numpy.random.Generator":
    """A generator for the entity named by `path`. Arithmetic on seeds would make streams overlap; names do not."""
    import numpy

    key = tuple(zlib.crc32(str(part).encode()) for part in path)
    return numpy.random.Generator(numpy.random.PCG64DXSM(numpy.random.SeedSequence(entropy=seed, spawn_key=key)))
