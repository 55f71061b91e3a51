"""WHAT MANY RUNS SAY: a study carries out one question's runs, one after the other, in one folder.

May import the engines and everything below them. Engines are imported when a run needs them: the real one brings torch.
"""
