"""WHAT THE USER WRITES: the scenario, its text on disk, its problems, its edits, its expectations.

Imports nothing of ours, so that every other room may speak of documents. A document is frozen data:
an edit is a function from one scenario to another, and undo is a list of earlier ones.
"""
