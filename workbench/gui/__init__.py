"""WHO WATCHES: the window, its canvas, forms and panels; decides nothing.

May import document, runs, catalogues, stages and architectures; never an engine or a study. An edit makes a new
document, a run is another process, and what happens is read from the run's folder. Only this room knows Qt.
"""
