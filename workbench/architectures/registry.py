"""The architectures by name: those of this version, and those of installed packages."""

from typing import Any

from workbench.architectures.federated import Federated
from workbench.architectures.fully_sharded import FullySharded
from workbench.architectures.orchestration import OrchestrationArchitecture
from workbench.architectures.parameter_server import ParameterServer
from workbench.architectures.pipeline import PipelineParallel
from workbench.architectures.ring import RingAllReduce
from workbench.architectures.shared_nothing import SharedNothing
from workbench.architectures.single_leader import SingleLeader
from workbench.architectures.tensor import TensorParallel
from workbench.architectures.training import TrainingArchitecture
from workbench.stages.installed import installed

ORCHESTRATIONS: dict[str, type[OrchestrationArchitecture]] = {
    "single-leader": SingleLeader,
    "shared-nothing": SharedNothing,
}
ORCHESTRATIONS |= installed("workbench.orchestrations", OrchestrationArchitecture, ORCHESTRATIONS)

TRAININGS: dict[str, type[TrainingArchitecture]] = {
    "ring-all-reduce": RingAllReduce,
    "parameter-server": ParameterServer,
    "pipeline-parallel": PipelineParallel,
    "fully-sharded": FullySharded,
    "tensor-parallel": TensorParallel,
    "federated": Federated,
}
TRAININGS |= installed("workbench.trainings", TrainingArchitecture, TRAININGS)

NOT_YET: dict[str, tuple[str, ...]] = {
    "orchestration": (),
    "training": (),
}


def orchestration(name: str, parameters: dict[str, Any]) -> OrchestrationArchitecture:
    return ORCHESTRATIONS[name].model_validate(parameters)


def training(name: str, parameters: dict[str, Any]) -> TrainingArchitecture:
    return TRAININGS[name].model_validate(parameters)
