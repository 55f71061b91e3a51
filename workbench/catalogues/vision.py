"""Image models by name: the parameters and operations of their layers, by the arithmetic of their papers' tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class ImageLayer:
    """A convolution, or a fully connected layer: its weights, and multiplications with additions (2 each) an image."""

    parameters: int
    operations: float


@dataclass(frozen=True)
class ImageModel:
    """Layers in their order, for images of the size that the source states."""

    layers: tuple[ImageLayer, ...]
    source: str

    @property
    def parameters(self) -> int:
        return sum(layer.parameters for layer in self.layers)

    @property
    def operations(self) -> float:
        """Of the forward pass of one image."""
        return sum(layer.operations for layer in self.layers)


def _conv(given: int, made: int, height: int, width: int, size: int) -> ImageLayer:
    """A convolution by a kernel of height x width that makes maps of size x size."""
    weights = given * made * height * width
    return ImageLayer(weights + made, 2.0 * weights * size**2)


def _square(given: int, made: int, kernel: int, size: int) -> ImageLayer:
    return _conv(given, made, kernel, kernel, size)


def _vgg16() -> Iterator[ImageLayer]:
    given = 3
    for made, count, size in ((64, 2, 224), (128, 2, 112), (256, 3, 56), (512, 3, 28), (512, 3, 14)):
        for _ in range(count):
            yield _square(given, made, 3, size)
            given = made
    for given, made in ((512 * 7 * 7, 4096), (4096, 4096), (4096, 1000)):
        yield _square(given, made, 1, 1)


def _resnet(blocks: tuple[int, ...]) -> Iterator[ImageLayer]:
    """Bottlenecks with the stride in their first convolution, as the paper has it."""
    yield _square(3, 64, 7, 112)
    given = 64
    for count, width, size in zip(blocks, (64, 128, 256, 512), (56, 28, 14, 7), strict=True):
        for block in range(count):
            yield _square(given, width, 1, size)
            yield _square(width, width, 3, size)
            yield _square(width, 4 * width, 1, size)
            if not block:
                yield _square(given, 4 * width, 1, size)
            given = 4 * width
    yield _square(2048, 1000, 1, 1)


def _inception_v3() -> Iterator[ImageLayer]:
    for given, made, kernel, size in ((3, 32, 3, 149), (32, 32, 3, 147), (32, 64, 3, 147), (64, 80, 1, 73)):
        yield _square(given, made, kernel, size)
    yield _square(80, 192, 3, 71)
    for given, pooled in ((192, 32), (256, 64), (288, 64)):
        yield from _chain(35, given, (64, 1, 1))
        yield from _chain(35, given, (48, 1, 1), (64, 5, 5))
        yield from _chain(35, given, (64, 1, 1), (96, 3, 3), (96, 3, 3))
        yield from _chain(35, given, (pooled, 1, 1))
    yield _square(288, 384, 3, 17)
    yield from _chain(35, 288, (64, 1, 1), (96, 3, 3))
    yield _square(96, 96, 3, 17)
    for narrow in (128, 160, 160, 192):
        yield from _chain(17, 768, (192, 1, 1))
        yield from _chain(17, 768, (narrow, 1, 1), (narrow, 1, 7), (192, 7, 1))
        yield from _chain(17, 768, (narrow, 1, 1), (narrow, 7, 1), (narrow, 1, 7), (narrow, 7, 1), (192, 1, 7))
        yield from _chain(17, 768, (192, 1, 1))
    yield from _chain(17, 768, (192, 1, 1))
    yield _square(192, 320, 3, 8)
    yield from _chain(17, 768, (192, 1, 1), (192, 1, 7), (192, 7, 1))
    yield _square(192, 192, 3, 8)
    for given in (1280, 2048):
        yield from _chain(8, given, (320, 1, 1))
        yield from _chain(8, given, (384, 1, 1))
        yield from (_conv(384, 384, 1, 3, 8), _conv(384, 384, 3, 1, 8))
        yield from _chain(8, given, (448, 1, 1), (384, 3, 3))
        yield from (_conv(384, 384, 1, 3, 8), _conv(384, 384, 3, 1, 8))
        yield from _chain(8, given, (192, 1, 1))
    yield _square(2048, 1000, 1, 1)


def _chain(size: int, given: int, *convolutions: tuple[int, int, int]) -> Iterator[ImageLayer]:
    """Convolutions (maps made, kernel's height and width), one after the other on maps of one size."""
    for made, height, width in convolutions:
        yield _conv(given, made, height, width, size)
        given = made


IMAGE_MODELS: dict[str, ImageModel] = {
    "vgg-16": ImageModel(tuple(_vgg16()), "Simonyan and Zisserman, ICLR 2015, table 1, configuration D; 224 x 224"),
    "resnet-50": ImageModel(tuple(_resnet((3, 4, 6, 3))), "He et al., CVPR 2016, table 1; 224 x 224"),
    "resnet-101": ImageModel(tuple(_resnet((3, 4, 23, 3))), "He et al., CVPR 2016, table 1; 224 x 224"),
    "resnet-152": ImageModel(tuple(_resnet((3, 8, 36, 3))), "He et al., CVPR 2016, table 1; 224 x 224"),
    "inception-v3": ImageModel(tuple(_inception_v3()), "Szegedy et al., CVPR 2016, table 1, no side head; 299 x 299"),
}
