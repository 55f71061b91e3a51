"""Image models have the parameters and operations that their papers state."""

import pytest

from workbench.catalogues.vision import IMAGE_MODELS

# parameters as torchvision counts them; billions of multiplications with additions as the papers state them
PUBLISHED = {
    "vgg-16": (138.36e6, 15.5),
    "resnet-50": (25.56e6, 3.8),
    "resnet-101": (44.55e6, 7.6),
    "resnet-152": (60.19e6, 11.3),
    "inception-v3": (23.83e6, 5.7),
}


@pytest.mark.parametrize("name", IMAGE_MODELS)
def test_an_image_model_adds_up_to_what_is_published(name):
    model = IMAGE_MODELS[name]
    parameters, billions = PUBLISHED[name]
    assert model.parameters == pytest.approx(parameters, rel=0.003)
    assert model.operations / 2e9 == pytest.approx(billions, rel=0.025)
