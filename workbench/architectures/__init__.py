"""HOW THE WORK IS SHARED: the operations, and one file per architecture.

An architecture is a generator: it asks for operations and never performs them. The engine performs them and sends the
answer back, so the same program runs in virtual time and on real processes.
May import stages, catalogues, runs and document.
"""
