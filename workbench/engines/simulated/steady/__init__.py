"""Steady stretches: a long training told in closed form between its saves and its losses.

A team's program, interpreted at team level, is carried out from the moment at which its members say one step to that at
which they say the next. How it gets there depends on nothing but how the members stand to each other when it begins
(a passage is a max-plus recurrence, which knows no absolute time) and on whether it saves on the way. So each passage
is carried out once; where it leads back to where it began, any number of steps is one multiplication.
"""
