"""WHAT IS COMPUTED: stages. One class says what a stage costs (for the simulator) and what it does (for the real engine).

May import catalogues, runs and document. Heavy libraries (torch, sklearn, pandas, pyarrow) are imported inside functions.
"""
