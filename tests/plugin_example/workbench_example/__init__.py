"""A sample of what an installed package may add: a stage, and a training architecture."""
