"""Accelerators by name: published figures with their sources, and how much of the peak a training step reaches."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.catalogues.ranges import Range


@dataclass(frozen=True)
class Kernels:
    """How a layer of a transformer runs: matrix products at `reached` of the peak, then `passes` over its activations.

    Neither overlaps the other, and no forward pass of a layer takes less than `layer_s`, for its kernels are started
    one by one. `fitted` are the operations of such a pass in the measurements that the figures were fitted to.
    """

    reached: float
    passes: float
    layer_s: float
    source: str
    fitted: Range | None = None

    def forward_s(self, accelerator: Accelerator, operations: float, memory_bytes: float) -> float:
        """Seconds of a forward pass through one layer."""
        products_s = operations / (accelerator.peak_operations_per_s * self.reached)
        return max(products_s + self.passes * memory_bytes / accelerator.memory_bytes_per_s, self.layer_s)


PCIE3, PCIE4, PCIE5 = 12e9, 24e9, 48e9  # bytes/s of 16 lanes, less a quarter for packets (PCI-SIG: 16, 32, 63 GB/s)

KERNELS = Kernels(0.8, 4.0, 9e-4, "assumed: like those of an A100")


@dataclass(frozen=True)
class Accelerator:
    """A processor: peak arithmetic and memory figures, the share of the peak that is reached, and the cost of a call.

    `call_s` is what it takes to start one piece of work at all (interpreter, dispatch, kernel launch). `fitted` are the
    operations of a gradient that the figures were fitted to; None where they are published or assumed.
    `host_bytes_per_s` is the way to the host's memory, one direction.
    """

    peak_operations_per_s: float
    reached: float
    memory_bytes: float
    memory_bytes_per_s: float
    call_s: float
    source: str
    fitted: Range | None = None
    kernels: Kernels = KERNELS
    host_bytes_per_s: float = PCIE3

    @property
    def operations_per_s(self) -> float:
        return self.peak_operations_per_s * self.reached


_A100_KERNELS = Kernels(
    0.9,
    3.89,
    8.79e-4,
    "VIA-Research/vTrain, data/: two thirds of the 3.6 B rows and of 60 single-node rows, least relative error",
    fitted=Range(3.76e9, 4.12e12),
)

_MPT = "mosaicml/llm-foundry, scripts/train/benchmarking: two thirds of the rows of 2048 tokens, least error in points"
_A100_40_KERNELS = Kernels(0.856, 4.67, 0.0, _MPT, fitted=Range(1.09e12, 2.2e13))
_H100_KERNELS = Kernels(0.733, 5.68, 0.0, _MPT, fitted=Range(2.11e12, 3.7e13))

_DATA_SHEET = "vendor's data sheet, dense bf16; share reached and call cost are assumptions"

ACCELERATORS: dict[str, Accelerator] = {
    "cpu-core": Accelerator(
        1.25e11,
        0.85,
        8e9,
        1e10,
        3.7e-4,
        "a core of an AMD EPYC, torch 2.13, by tests/benchmarks/bench_core.py, bench_steps.py",
        fitted=Range(1.06e6, 3.46e9),
        host_bytes_per_s=1e10,
    ),
    "k80": Accelerator(
        4.37e12, 0.4, 12e9, 2.4e11, 5e-5, _DATA_SHEET.replace("bf16", "fp32, one of the two processors")
    ),
    "p40": Accelerator(1.176e13, 0.4, 24e9, 3.46e11, 5e-5, _DATA_SHEET.replace("bf16", "fp32")),
    "p100-sxm2-16gb": Accelerator(2.12e13, 0.4, 16e9, 7.32e11, 5e-5, _DATA_SHEET.replace("bf16", "fp16")),
    "t4": Accelerator(6.5e13, 0.35, 16e9, 3.2e11, 5e-5, _DATA_SHEET.replace("bf16", "fp16")),
    "v100-sxm2-16gb": Accelerator(1.25e14, 0.4, 16e9, 9e11, 5e-5, _DATA_SHEET.replace("bf16", "fp16")),
    "v100-sxm2-32gb": Accelerator(1.25e14, 0.4, 32e9, 9e11, 5e-5, _DATA_SHEET.replace("bf16", "fp16")),
    "a100-sxm4-40gb": Accelerator(
        3.12e14, 0.45, 40e9, 1.555e12, 5e-5, _DATA_SHEET, kernels=_A100_40_KERNELS, host_bytes_per_s=PCIE4
    ),
    "a100-sxm4-80gb": Accelerator(
        3.12e14, 0.45, 80e9, 2.039e12, 5e-5, _DATA_SHEET, kernels=_A100_KERNELS, host_bytes_per_s=PCIE4
    ),
    "h100-sxm5-80gb": Accelerator(
        9.894e14, 0.4, 80e9, 3.35e12, 5e-5, _DATA_SHEET, kernels=_H100_KERNELS, host_bytes_per_s=PCIE5
    ),
    "h100-sxm5-80gb-fp8": Accelerator(
        1.979e15,
        0.4,
        80e9,
        3.35e12,
        5e-5,
        _DATA_SHEET.replace("bf16", "fp8"),
        kernels=Kernels(
            0.675,
            1.0,
            8.79e-4,
            "reached: mlcommons/training_results_v4.0, GPT-3 175B on 512 H100; one pass (fused) is assumed",
            fitted=Range(3.8e12, 3.9e12),
        ),
    ),
    "h200-sxm-141gb": Accelerator(9.894e14, 0.4, 141e9, 4.8e12, 5e-5, _DATA_SHEET, host_bytes_per_s=PCIE5),
    "tpu-v5p": Accelerator(
        4.59e14,
        0.5,
        95e9,
        2.765e12,
        5e-5,
        _DATA_SHEET,
        kernels=Kernels(
            0.695,
            1.0,
            0.0,
            "reached: mlcommons/training_results_v4.0, GPT-3 175B on 1,024 v5p; the rest is assumed",
            fitted=Range(3.8e13, 3.9e13),
        ),
    ),
    "b200-sxm-180gb": Accelerator(2.25e15, 0.4, 180e9, 8e12, 5e-5, _DATA_SHEET, host_bytes_per_s=PCIE5),
}
