"""Errors of an engine that are not the document's fault."""


class CannotRun(ValueError):
    """This machine cannot carry the run out: memory, a package or a system call is missing."""
