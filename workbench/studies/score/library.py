"""The cases of this version, by id."""

from workbench.studies.score import (
    bert,
    bubble,
    checkpoints,
    collectives,
    elections,
    horovod,
    interruptions,
    megatron,
    nccl,
    order,
    partitions,
    queues,
    servers,
    sharded,
    spare_machines,
    strong_scaling,
)
from workbench.studies.score.case import Case

CASES: dict[str, Case] = {
    case.id: case
    for case in (
        collectives.CASE,
        nccl.CASE,
        nccl.LARGE,
        bert.CASE,
        horovod.CASE,
        sharded.CASE,
        sharded.H100_CASE,
        megatron.MULTI,
        megatron.SINGLE,
        strong_scaling.GPT3_H100,
        strong_scaling.GPT3_TPU,
        partitions.CASE,
        bubble.CASE,
        servers.CASE,
        spare_machines.CASE,
        order.CASE,
        interruptions.CASE,
        checkpoints.CASE,
        elections.CASE,
        queues.CASE,
    )
}
