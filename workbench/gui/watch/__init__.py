"""WATCHING: the run bar, the engine's process, and what is seen of a run: charts, timeline, log, results.

Whatever is shown is read from run folders through the fold of events, live and old runs by the same code. Requests and
live commands go to the engine as lines; nothing here carries a run out.
"""
