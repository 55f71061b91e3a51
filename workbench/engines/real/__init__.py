"""The real engine: members are processes from one warm forkserver, under a supervisor of our own.

Control messages and letters go over our own stream sockets, sums over gloo. The supervisor alone declares losses; it
merges what the members tell into the one run folder. Torch is loaded in the forkserver and its members, never here.
"""
