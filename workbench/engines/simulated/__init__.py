"""The simulated engine: programs carried out in virtual time on SimPy, deterministic to the byte."""
