"""Members of a training with one thing broken in their own processes, so that expectations of real runs are missed."""

from workbench.architectures import federated, server_clocks, training_work
from workbench.architectures.operations import AllReduce, Perform
from workbench.engines.real import member


def whole(seat, tell):
    """Nothing is broken: what is replaced in the scenario does it."""
    return member.from_scenario(seat, tell)


def alone(seat, tell):
    """Everybody goes on with their own gradient."""
    program, perform = member.from_scenario(seat, tell)
    return answered(program, lambda operation: operation.what if isinstance(operation, AllReduce) else None), perform


def deaf(seat, tell):
    """The last worker is sent the latest weights, and never takes them."""
    program, perform = member.from_scenario(seat, tell)

    def ignoring(operation):
        if isinstance(operation, Perform) and operation.part == "load" and seat.me == "w3":
            return None
        return perform(operation)

    return program, ignoring


def bound(seat, tell):
    """Servers that are to wait for nobody wait for everybody."""
    make = server_clocks.Clocks.__init__
    server_clocks.Clocks.__init__ = lambda clocks, team, step, _: make(clocks, team, step, 0)
    return member.from_scenario(seat, tell)


def hasty(seat, tell):
    """A worker's gradient counts as its share of a batch, however little it rests on."""
    training_work.update_of = lambda learner, operation: (
        learner.step if len(operation.item) > 2 else operation.item[0],
        operation.item[1],
    )
    return member.from_scenario(seat, tell)


def even(seat, tell):
    """All clients have all classes."""
    divide = federated.divide
    federated.divide = lambda clients, classes, shares, _, *lots: divide(clients, classes, shares, None, *lots)
    return member.from_scenario(seat, tell)


def answered(program, answers):
    answer = None
    while True:
        try:
            operation = program.send(answer)
        except StopIteration as stop:
            return stop.value
        answer = answers(operation)
        if answer is None:
            answer = yield operation
