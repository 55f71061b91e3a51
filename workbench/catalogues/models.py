"""Language models by name: the figures of decoder-only transformers, and what follows from them.

Formulas: Narayanan et al., "Efficient large-scale language model training on GPU clusters using Megatron-LM", SC 2021;
Korthikanti et al., "Reducing activation recomputation in large transformer models", MLSys 2023.
"""

from __future__ import annotations

from dataclasses import dataclass

WEIGHT_BYTES, GRADIENT_BYTES = 2.0, 2.0  # of a parameter, in 16 bits
OPTIMISER_BYTES = 12.0  # of a parameter: Adam in 32 bits with a copy of the weights (Rajbhandari et al., SC 2020)


@dataclass(frozen=True)
class LanguageModel:
    """A decoder-only transformer: `layers` of width `hidden` with `heads`; `sequence` tokens are seen at a time.

    With `flash` attention its matrix is never written to memory (Dao et al., "FlashAttention", NeurIPS 2022).
    """

    layers: int
    hidden: int
    heads: int
    sequence: int
    vocabulary: int
    source: str
    flash: bool = False

    @property
    def layer_parameters(self) -> int:
        """12 h^2 of matrices, 13 h of biases and norms."""
        return 12 * self.hidden**2 + 13 * self.hidden

    @property
    def embedding_parameters(self) -> int:
        """Of tokens and positions; the output layer shares those of the tokens."""
        return (self.vocabulary + self.sequence) * self.hidden

    @property
    def parameters(self) -> int:
        return self.layers * self.layer_parameters + self.embedding_parameters

    def layer_operations(self, sequences: float) -> float:
        """Of one forward pass through one layer: 24 B s h^2 (1 + s/6h)."""
        tokens = sequences * self.sequence
        return 24.0 * tokens * self.hidden**2 * (1 + self.sequence / (6 * self.hidden))

    def head_operations(self, sequences: float) -> float:
        """Of one forward pass through the output layer: 2 B s h V."""
        return 2.0 * sequences * self.sequence * self.hidden * self.vocabulary

    def logits_bytes(self, sequences: float) -> float:
        """What the output layer makes, in 16 bits: 2 B s V."""
        return WEIGHT_BYTES * sequences * self.sequence * self.vocabulary

    def step_operations(self, sequences: float, recompute: bool = True) -> float:
        """Of a training step. With recomputation 96 B s l h^2 (1 + s/6h + V/16lh): layers twice forwards, once back."""
        passes = 4 if recompute else 3
        return passes * self.layers * self.layer_operations(sequences) + 3 * self.head_operations(sequences)

    def handed_on_bytes(self, sequences: float) -> float:
        """What a layer hands to the next, in 16 bits: 2 B s h."""
        return WEIGHT_BYTES * sequences * self.sequence * self.hidden

    def whole_bytes(self, sequences: float) -> float:
        """Activations of a layer that no member of a tensor-parallel team is spared: 10 B s h."""
        return 10.0 * sequences * self.sequence * self.hidden

    def split_bytes(self, sequences: float) -> float:
        """Activations of a layer of which each member of such a team has its share: B s h (24 + 5 a s/h)."""
        matrix = 0.0 if self.flash else 5.0 * self.heads * self.sequence
        a_token = 24.0 * self.hidden + matrix
        return sequences * self.sequence * a_token


_MEGATRON = "Narayanan et al., SC 2021, table 1"
_MPT = "mosaicml/llm-foundry, scripts/train/yamls/pretrain"
_LLAMA = "Touvron et al., LLaMA, 2023, table 2"

MODELS: dict[str, LanguageModel] = {
    "gpt-1.7b": LanguageModel(24, 2304, 24, 2048, 51200, _MEGATRON),
    "gpt-3.6b": LanguageModel(30, 3072, 32, 2048, 51200, _MEGATRON),
    "gpt-7.5b": LanguageModel(36, 4096, 32, 2048, 51200, _MEGATRON),
    "gpt-18.4b": LanguageModel(40, 6144, 48, 2048, 51200, _MEGATRON),
    "gpt-39.1b": LanguageModel(48, 8192, 64, 2048, 51200, _MEGATRON),
    "gpt-76.1b": LanguageModel(60, 10240, 80, 2048, 51200, _MEGATRON),
    "gpt-145.6b": LanguageModel(80, 12288, 96, 2048, 51200, _MEGATRON),
    "gpt3-175b": LanguageModel(96, 12288, 96, 2048, 51200, "Brown et al., GPT-3, NeurIPS 2020, table 2.1"),
    "gpt-310b": LanguageModel(96, 16384, 128, 2048, 51200, _MEGATRON),
    "gpt-530b": LanguageModel(105, 20480, 128, 2048, 51200, _MEGATRON),
    "gpt-1t": LanguageModel(128, 25600, 160, 2048, 51200, _MEGATRON),
    "mpt-125m": LanguageModel(12, 768, 12, 2048, 50368, _MPT, flash=True),
    "mpt-350m": LanguageModel(24, 1024, 16, 2048, 50368, _MPT, flash=True),
    "mpt-760m": LanguageModel(24, 1536, 12, 2048, 50368, _MPT, flash=True),
    "mpt-1b": LanguageModel(24, 2048, 16, 2048, 50368, _MPT, flash=True),
    "mpt-3b": LanguageModel(32, 2560, 20, 2048, 50368, _MPT, flash=True),
    "mpt-7b": LanguageModel(32, 4096, 32, 2048, 50368, _MPT, flash=True),
    "mpt-13b": LanguageModel(40, 5120, 40, 2048, 50368, _MPT, flash=True),
    "mpt-30b": LanguageModel(48, 7168, 56, 2048, 50368, _MPT, flash=True),
    "mpt-70b": LanguageModel(80, 8192, 64, 2048, 50368, _MPT, flash=True),
    "llama-7b": LanguageModel(32, 4096, 32, 2048, 32000, _LLAMA),
    "llama-13b": LanguageModel(40, 5120, 40, 2048, 32000, _LLAMA),
    "llama-33b": LanguageModel(60, 6656, 52, 2048, 32000, _LLAMA),
    "llama-65b": LanguageModel(80, 8192, 64, 2048, 32000, _LLAMA),
}
