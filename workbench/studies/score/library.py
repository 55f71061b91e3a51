"""The cases of this version, by id."""

from workbench.studies.score import bert, bubble, checkpoints, collectives, horovod, interruptions, nccl, order, queues
from workbench.studies.score.case import Case

CASES: dict[str, Case] = {
    case.id: case
    for case in (
        collectives.CASE,
        nccl.CASE,
        nccl.LARGE,
        bert.CASE,
        horovod.CASE,
        bubble.CASE,
        order.CASE,
        interruptions.CASE,
        checkpoints.CASE,
        queues.CASE,
    )
}
