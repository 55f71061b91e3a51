"""A scenario of two trainings on workers whose speed varies, for the tests of studies."""

SMALL = """
format: 1
name: Small
pipeline:
  stages:
    - {id: digits, use: sample, with: {name: digits}}
    - {id: prepare, use: prepare}
    - {id: train, use: train, with: {hidden: [32], epochs: 1, batch_size: 64}}
    - {id: evaluate, use: evaluate}
  links:
    - digits.table -> prepare.table
    - prepare.dataset -> train.dataset
    - train.model -> evaluate.model
    - prepare.dataset -> evaluate.dataset
cluster:
  workers:
    - {id: w, count: 3, variation: 0.3}
architectures:
  - {id: ring, training: {use: ring-all-reduce, with: {workers: 2}}}
  - {id: server, training: {use: parameter-server, with: {workers: 2}}}
  - {id: alone, training: {use: ring-all-reduce, with: {workers: 1}}}
"""
