"""Scenarios that several rooms of tests share. Not in a conftest: rooms have such files of their own."""

from pathlib import Path

SCENARIOS = Path(__file__).parent.parent / "scenarios"

SMALL = """
format: 1
name: Small
pipeline:
  stages:
    - {id: digits, use: sample, with: {name: digits}}
    - {id: prepare, use: prepare}
    - {id: train, use: train, with: {hidden: [32], epochs: 3, batch_size: 64}}
    - {id: evaluate, use: evaluate}
  links:
    - digits.table -> prepare.table
    - prepare.dataset -> train.dataset
    - train.model -> evaluate.model
    - prepare.dataset -> evaluate.dataset
cluster:
  workers:
    - {id: w, count: 3}
architectures:
  - {id: ring, training: {use: ring-all-reduce, with: {workers: 2}}}
  - {id: server, training: {use: parameter-server, with: {workers: 2}}}
  - {id: alone, training: {use: ring-all-reduce, with: {workers: 1}}}
"""
