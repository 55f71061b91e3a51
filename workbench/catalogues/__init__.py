"""WHAT THE WORLD OFFERS: accelerators and the like, as data with their sources.

May import runs and document. A constant that a simulated figure depends on lives here, never in an engine.
"""
