"""What torch's own library makes of a team; `learn` runs in a process for each rank, and leaves what it learnt."""

from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np


def learn(encoded):
    """Train as `way` says, on the batches that lie in `folder`; losses and weights are left there."""
    import torch
    import torch.distributed as dist

    torch.set_num_threads(1)
    way, rank, members, folder = msgspec.msgpack.decode(encoded)
    dist.init_process_group("gloo", f"file://{folder}/meet", timedelta(seconds=120), members, rank)
    data = {name: torch.from_numpy(array) for name, array in np.load(Path(folder) / "data.npz").items()}
    losses, weights = WAYS[way](data, network(data["weights"], data["widths"].tolist()), rank, members)
    np.savez(Path(folder) / f"learnt-{rank}.npz", losses=np.array(losses), weights=flat(weights))
    dist.destroy_process_group()


def network(weights, widths):
    """Linear layers with these flat weights, and what rectifies between them."""
    from torch import nn

    layers, at = [], 0
    for before, after in pairwise(widths):
        linear = nn.Linear(before, after)
        linear.weight.data = weights[at : at + before * after].view(after, before).clone()
        linear.bias.data = weights[at + before * after : at + before * after + after].clone()
        at += before * after + after
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def flat(parameters):
    whole = [p.full_tensor() if hasattr(p, "full_tensor") else p for p in parameters]
    return np.concatenate([p.detach().numpy().ravel() for p in whole])


def pipelining(data, model, rank, members):
    """Two stages of two layers, four micro-batches."""
    import torch
    from torch.distributed.pipelining import PipelineStage, ScheduleGPipe

    own = model[:4] if rank == 0 else model[4:]
    stage = PipelineStage(own, rank, members, torch.device("cpu"))
    schedule = ScheduleGPipe(stage, 4, loss_fn=torch.nn.functional.cross_entropy)
    optimiser, told = torch.optim.Adam(own.parameters(), 0.003), []
    for batch in data["batches"]:
        optimiser.zero_grad()
        losses = []
        if rank == 0:
            schedule.step(data["x"][batch])
        else:
            schedule.step(target=data["y"][batch], losses=losses)
            told.append(float(torch.stack(losses).mean()))
        optimiser.step()
    return told, own.parameters()


def fully_shard(data, model, rank, members):
    """Each layer a unit, each rank its part of a batch."""
    import torch
    import torch.distributed as dist
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard as shard

    mesh = init_device_mesh("cpu", (members,))
    for layer in model[::2]:
        shard(layer, mesh=mesh)
    shard(model, mesh=mesh)

    def mean(loss):
        whole = loss.detach().clone()
        dist.all_reduce(whole)
        return float(whole / members)

    return stepped(data, model, lambda batch: batch.chunk(members)[rank], mean, torch.optim.Adam)


def tensor(data, model, rank, members):
    """Columns of one layer, rows of the next."""
    import torch
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

    plan = {"0": ColwiseParallel(), "2": RowwiseParallel(), "4": ColwiseParallel(), "6": RowwiseParallel()}
    parallelize_module(model, init_device_mesh("cpu", (members,)), plan)
    return stepped(data, model, lambda batch: batch, float, torch.optim.Adam)


def stepped(data, model, rows, told, optimise):
    import torch

    optimiser, losses = optimise(model.parameters(), 0.003), []
    for batch in data["batches"]:
        own = rows(batch)
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(data["x"][own]), data["y"][own])
        loss.backward()
        optimiser.step()
        losses.append(told(loss))
    return losses, model.parameters()


WAYS = {way.__name__: way for way in (pipelining, fully_shard, tensor)}
