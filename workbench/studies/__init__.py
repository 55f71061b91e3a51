"""WHAT MANY RUNS SAY: a study carries out one question's runs in one folder, one by one or several at once.

May import the engines and everything below them. Engines are imported when a run needs them: the real one brings torch.
"""
