"""Team level: the program of an architecture interpreted once for the whole team instead of once a member.

Times are a NumPy vector with an element a member, and a collective is an exact recurrence on it. What the message level
tells in an event a chunk, this tells in one array operation for all members; where both apply they agree to the bit,
because they add in the same order. A program whose members send letters to each other falls back to message level.
"""
