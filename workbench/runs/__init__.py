"""WHAT HAPPENED: events, the run folder, the fold of events into a state, the numbers and the report.

May import `document`. Whatever reads a run (charts, command line, report, expectations) reads it through the fold,
so that a live run, an old one and another engine's are shown by the same code.
"""
