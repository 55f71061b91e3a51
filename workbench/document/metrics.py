"""The metrics that a run can have: what expectations may name, and what numbers and reports show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """A number of a run: its unit, its titles, and in which direction it gets better ("" for neither)."""

    unit: str
    en: str
    ja: str
    better: Literal["more", "less", ""] = ""

    def title(self, language: str = "en") -> str:
        return self.ja if language == "ja" else self.en


METRICS: dict[str, Metric] = {
    "samples_per_second": Metric("samples/s", "Training throughput", "学習スループット", "more"),
    "steps_per_second": Metric("steps/s", "Training steps per second", "毎秒の学習ステップ数", "more"),
    "steps": Metric("", "Training steps", "学習ステップ数"),
    "samples": Metric("", "Samples trained on", "学習したサンプル数"),
    "duration_s": Metric("s", "Duration of the run", "実行時間", "less"),
    "training_s": Metric("s", "Duration of training", "学習時間", "less"),
    "failures": Metric("", "Failures of members", "メンバーの故障数", "less"),
    "faults": Metric("", "Faults that struck", "起こした障害数"),
    "recovery_s": Metric("s", "Longest recovery", "最長の回復時間", "less"),
    "availability": Metric("", "Availability", "可用性", "more"),
    "throughput_kept": Metric(
        "", "Throughput kept after the first failure", "最初の故障後に保たれたスループット", "more"
    ),
    "communication_share": Metric("", "Share of time in communication", "通信時間の割合", "less"),
    "busy_share": Metric("", "Share of time at work", "稼働時間の割合", "more"),
    "accuracy": Metric("", "Accuracy on held-out data", "評価データでの正解率", "more"),
    "loss": Metric("", "Last training loss", "最後の学習損失", "less"),
    "replicas_apart": Metric("", "Largest difference between workers' weights", "ワーカー間の重みの最大差", "less"),
    "update_variance": Metric("", "Variance of an update", "更新の分散", "less"),
    "steps_ahead": Metric("", "Most steps of a worker ahead of the slowest", "最遅より先に進んだ最大ステップ数"),
    "worker_bytes": Metric("B", "Most bytes that a worker sent", "ワーカーの最大送信量", "less"),
    "busiest_bytes": Metric("B", "Most bytes that a member of a team sent", "チームのメンバーの最大送信量", "less"),
    "data_bytes": Metric("B", "Training data that moved between members", "移動した学習データ量", "less"),
    "memory_bytes": Metric("B", "Most memory that training needs on a worker", "学習に必要な最大メモリ", "less"),
    "memory_share": Metric(
        "", "Share of a worker's memory that training needs", "ワーカーのメモリに占める学習の必要量", "less"
    ),
    "items": Metric("", "Items that have been through their group", "グループを通過した件数", "more"),
    "items_failed": Metric("", "Items that failed", "失敗した件数", "less"),
    "items_out_of_order": Metric("", "Items that left after a later one", "順序が入れ替わった件数", "less"),
    "item_wait_s": Metric("s", "Mean wait of a finished item for its turn", "完了後の順番待ちの平均", "less"),
    "items_found": Metric("", "Items of a collection", "コレクションの件数"),
    "items_bytes": Metric("B", "Most memory that items take at once", "同時に保持する件の最大メモリ", "less"),
    "items_share": Metric(
        "", "Share of the smallest worker's memory that items take", "最小ワーカーのメモリに占める件の割合", "less"
    ),
    "left_out": Metric("", "Stages that were left out", "省かれたステージ数"),
    "instances": Metric("", "Instances finished", "完了したインスタンス数", "more"),
    "instances_per_second": Metric("instances/s", "Instances per second", "毎秒のインスタンス数", "more"),
    "mean_wait_s": Metric("s", "Mean wait in the queue", "平均待ち時間", "less"),
    "scheduling_delay_s": Metric("s", "Mean scheduling delay", "平均スケジューリング遅延", "less"),
    "scheduling_delay_p99_s": Metric("s", "Scheduling delay, 99 %", "スケジューリング遅延 (99 %)", "less"),
    "disagreements": Metric("", "Tasks recorded otherwise than done", "記録と実作業の不一致", "less"),
    "reads_per_second": Metric("reads/s", "Questions answered a second", "毎秒の回答数", "more"),
    "read_delay_s": Metric("s", "Mean time to an answer", "回答までの平均時間", "less"),
    "read_delay_p99_s": Metric("s", "Time to an answer, 99 %", "回答までの時間 (99 %)", "less"),
    "lost_items": Metric("", "Items lost", "失われた項目数", "less"),
    "repeated_items": Metric("", "Items worked on again", "やり直した項目数", "less"),
}

OF = "_of_"  # between what a stage measures and its id
OF_STAGE = "seconds" + OF
OF_TRAINING = ("samples_per_second", "steps_per_second", "training_s")  # nothing but training steps counts in them


def metric(name: str) -> Metric:
    """The metric of that name, those of stages included; KeyError for a name that is none."""
    if name.startswith(OF_STAGE):
        stage = name.removeprefix(OF_STAGE)
        return Metric("s", f"Time in {stage}", f"{stage} の時間", "less")
    if name not in METRICS and OF in name:
        measure, stage = name.split(OF, 1)
        return Metric("", f"{measure.replace('_', ' ').capitalize()} of {stage}", f"{stage} の {measure}")
    return METRICS[name]


def measured_by(name: str, stages: Iterable[str]) -> tuple[str, str] | None:
    """(what is measured, which stage measures it) of a name such as `rows_of_orders`; None for any other name."""
    if name in METRICS:
        return None
    found = (stage for stage in stages if name.endswith(OF + stage) and name != OF + stage)
    stage = max(found, key=len, default="")
    measure = name.removesuffix(OF + stage)
    return (measure, stage) if stage and measure != "seconds" else None


def known_metrics(stages: Iterable[str] = ()) -> list[str]:
    """The names of all metrics of a pipeline with these stages."""
    return [*METRICS, *(OF_STAGE + stage for stage in stages)]
