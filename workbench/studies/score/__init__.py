"""Score: what the simulator says, beside what was measured and published.

One module a case. A case holds published figures with their source, and a function that lets the programs of the
architectures, or the pieces that they run on, produce the same figures. `library.CASES` lists them all.
"""
