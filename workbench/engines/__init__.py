"""WHO DOES IT: two engines that carry out the same programs, one in virtual time, one on real processes.

May import architectures, stages, catalogues, runs and document. The two engines do not know each other.
"""
