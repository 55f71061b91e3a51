"""Links shared fairly by the transfers on them: max-min rates, by three solvers that are each other's oracles.

In a max-min fair allocation every transfer has a bottleneck: a full link on which none is faster than it (Bertsekas and
Gallager, Data Networks, 2nd ed., 1992, section 6.5.2). There is exactly one such allocation. `waterfill` finds it from
nothing, `incremental` keeps it up as transfers come and go, `quantised` renews it at intervals, and
`processor_sharing` is the case of one link.
"""
