"""WHAT IS COMPUTED: stages. One class says what a stage costs (for the simulator) and does (for the real engine).

May import catalogues, runs and document. Heavy libraries (torch, sklearn, pandas, pyarrow) are imported in functions.
"""
