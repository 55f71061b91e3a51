"""Accelerators by name: published figures with their sources, and how much of the peak a training step reaches."""

from dataclasses import dataclass

from workbench.catalogues.ranges import Range


@dataclass(frozen=True)
class Accelerator:
    """A processor: peak arithmetic and memory figures, the share of the peak that is reached, and the cost of a call.

    `call_s` is what it takes to start one piece of work at all (interpreter, dispatch, kernel launch). `fitted` are the
    operations of a gradient that the figures were fitted to; None where they are published or assumed.
    """

    peak_operations_per_s: float
    reached: float
    memory_bytes: float
    memory_bytes_per_s: float
    call_s: float
    source: str
    fitted: Range | None = None

    @property
    def operations_per_s(self) -> float:
        return self.peak_operations_per_s * self.reached


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
    ),
    "t4": Accelerator(6.5e13, 0.35, 16e9, 3.2e11, 5e-5, _DATA_SHEET.replace("bf16", "fp16")),
    "v100-sxm2-32gb": Accelerator(1.25e14, 0.4, 32e9, 9e11, 5e-5, _DATA_SHEET.replace("bf16", "fp16")),
    "a100-sxm4-80gb": Accelerator(3.12e14, 0.45, 80e9, 2.039e12, 5e-5, _DATA_SHEET),
    "h100-sxm5-80gb": Accelerator(9.894e14, 0.4, 80e9, 3.35e12, 5e-5, _DATA_SHEET),
    "h200-sxm-141gb": Accelerator(9.894e14, 0.4, 141e9, 4.8e12, 5e-5, _DATA_SHEET),
    "b200-sxm-180gb": Accelerator(2.25e15, 0.4, 180e9, 8e12, 5e-5, _DATA_SHEET),
}
