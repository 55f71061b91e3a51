"""The words of reports, in English and in Japanese."""

from __future__ import annotations

LANGUAGES = ("en", "ja")

WORDS: dict[str, tuple[str, str]] = {
    "report": ("Workbench report", "Workbench レポート"),
    # verdicts and outcomes
    "held": ("held", "達成"),
    "missed": ("missed", "未達"),
    "unknown": ("cannot tell", "判定不能"),
    "not-asked": ("not asked", "対象外"),
    "verdict-held": ("All expectations hold", "期待はすべて満たされました"),
    "verdict-missed": ("An expectation was missed", "満たされない期待があります"),
    "verdict-failed": ("A run failed", "失敗した実行があります"),
    "verdict-unknown": ("Cannot tell", "判定できません"),
    "verdict-not-asked": (
        "Cannot tell: no expectation is about these runs",
        "判定できません: この実行を対象とする期待がありません",
    ),
    "verdict-none": ("Every run finished", "すべての実行が終わりました"),
    "finished": ("finished", "完了"),
    "stopped": ("stopped", "停止"),
    "failed": ("failed", "失敗"),
    "broken-off": ("broken off", "中断"),
    "running": ("still running", "実行中"),
    "done": ("done", "完了"),
    "cancelled": ("cancelled", "取り消し"),
    "waiting": ("waiting", "待機"),
    # engines and labels
    "simulated": ("simulated", "シミュレーション"),
    "real": ("real", "実測"),
    "column-simulated": ("simulated", "シミュ"),
    "column-real": ("real", "実測"),
    "column-ratio": ("real÷sim", "比"),
    "measured": ("measured on this machine", "この計算機で測定"),
    "calibrated": ("calibrated by measurements", "測定値で較正"),
    "extrapolated": ("extrapolated from published figures", "公表値から外挿"),
    # what simulated figures rest on
    "grounds": ("What simulated figures rest on", "シミュレーション値の根拠"),
    "label": ("label", "確度"),
    "rests-on": ("rests on", "根拠"),
    "ground-accelerator": ("accelerator {name}", "アクセラレータ {name}"),
    "ground-collectives": ("collectives by {name}", "集団通信 {name}"),
    "ground-letters": ("data from member to member, by bandwidth and latency", "メンバー間のデータ送信 (帯域と遅延)"),
    "ground-stage": ("cost of a {name} stage, as it states it", "ステージ {name} の公称コスト"),
    "ground-measured": ("measured over {span} {unit}", "測定範囲 {span} {unit}"),
    "ground-here": (", here {span}", "、ここでは {span}"),
    "ground-otherwise": (
        ", with other members or another collective",
        "、ただし測定時とは台数か集団通信の種類が異なる",
    ),
    "ground-unmeasured": ("not measured", "測定なし"),
    "operations": ("operations", "演算"),
    "bytes": ("bytes", "バイト"),
    # sections
    "combinations": ("Combinations", "構成の比較"),
    "combination": ("combination", "構成"),
    "expectations": ("Expectations", "期待"),
    "expectation": ("expectation", "期待"),
    "throughput": ("Throughput over time", "スループットの推移"),
    "gantt": ("Stages over time", "ステージの時間経過"),
    "stage-times": ("Time of each stage: real beside simulated", "ステージ別の時間: 実測とシミュレーション"),
    "loss": ("Loss", "損失"),
    "kept_neighbours_at": ("Quality of an embedding", "埋め込みの質"),
    "cold_start": ("Cold start", "コールドスタート"),
    "kept-neighbours": ("share of nearest neighbours kept", "保たれた近傍の割合"),
    "dimensions": ("dimensions", "次元数"),
    "observations": ("observations of an item", "項目の観測数"),
    "all-figures": ("All figures", "すべての数値"),
    "faults": ("Faults and recovery", "障害と回復"),
    "warnings": ("Warnings", "警告"),
    "runs": ("Runs", "実行の一覧"),
    "machine": ("Machine", "計算機"),
    # pairs of combinations
    "pairs": ("Which is better", "どちらが優れているか"),
    "pairs-note": (
        "{metric}; replications compared one by one, each verdict with a confidence of 95 %",
        "{metric}: 反復ごとの対比較、判定ごとの信頼水準 95 %",
    ),
    "pair-better": (
        "{winner} beats {loser} by {amount} (±{width})",
        "{winner} は {loser} より {amount} (±{width}) 優れています",
    ),
    "pair-equal": (
        "{left} and {right} are equal in every replication",
        "{left} と {right} はすべての反復で等しい結果です",
    ),
    "pair-missing": ("cannot tell {left} from {right}: {why}", "{left} と {right} は比べられません: {why}"),
    "pair-unknown": (
        "cannot tell {left} from {right} (difference {amount} ± {width})",
        "{left} と {right} の優劣は判定できません (差 {amount} ± {width})",
    ),
    "pair-needed": ("; about {count} replications would do", "。約 {count} 回の反復で判定できる見込みです"),
    "pair-hopeless": (
        "; more than {count} replications would be needed",
        "。判定には {count} 回を超える反復が必要です",
    ),
    # columns
    "engine": ("engine", "実行方式"),
    "outcome": ("outcome", "結果"),
    "figures": ("figures", "数値"),
    "metric": ("metric", "指標"),
    "run": ("run", "実行"),
    "fault": ("fault", "障害"),
    "worker": ("worker", "ワーカー"),
    "began": ("struck at", "発生時刻"),
    "ended": ("ended at", "終了時刻"),
    "standstill": ("standstill", "停止時間"),
    "kept": ("throughput kept", "維持スループット"),
    "lost": ("lost", "喪失"),
    "lost-nothing": ("nothing lost", "喪失なし"),
    "lost-items": ("{count} items lost", "{count} 件を喪失"),
    "stage": ("stage", "ステージ"),
    "stages": ("Stages, for real", "ステージ (実測)"),
    "items": ("done", "完了件数"),
    "rows-in-out": ("rows in → out", "行数 入 → 出"),
    "bytes-in-out": ("bytes in → out", "バイト 入 → 出"),
    "growth": ("peak memory", "最大メモリ増"),
    "time-taken": ("work", "作業時間"),
    "why": ("why", "理由"),
    "taken-over": ("taken over", "引き継ぎ"),
    "taken-over-of": ("{count} taken over", "引き継ぎ {count} 件"),
    "seed": ("seed", "シード"),
    "duration": ("duration", "所要時間"),
    "replications": ("replications", "反復"),
    "reason": ("reason", "理由"),
    "not-ended": ("not ended", "継続"),
    "loss-of-member": ("loss of a member", "メンバーの離脱"),
    "not-recovered": ("not recovered", "回復せず"),
    # tiles
    "fastest": ("Fastest for real", "実測で最速"),
    "fastest-simulated": ("Fastest, simulated", "シミュレーションで最速"),
    "agreement": ("Real ÷ simulated", "実測 ÷ シミュレーション"),
    "best-accuracy": ("Held-out accuracy", "評価データの正解率"),
    "longest-recovery": ("Longest standstill", "最長の停止時間"),
    "shortest": ("Shortest run", "最短の実行"),
    "against": ("{left} against {right}", "{left} 対 {right}"),
    # short heads of the comparison
    "head-samples_per_second": ("samples/s", "サンプル/s"),
    "head-instances_per_second": ("instances/s", "インスタンス/s"),
    "head-duration_s": ("duration [s]", "所要時間 [s]"),
    "head-recovery_s": ("recovery [s]", "回復 [s]"),
    "head-accuracy": ("accuracy [%]", "正解率 [%]"),
    # reasons
    "not-run": ("{about} was not run", "{about} は実行されていません"),
    "not-told": ("no run tells {about}", "{about} はこの実行では得られません"),
    "too-few": ("the replications do not decide it", "反復の結果では決まりません"),
    "checkpoints": ("Checkpoint interval", "チェックポイント間隔"),
    "chosen": ("chosen", "設定値"),
    "by-young": ("Young", "Young"),
    "by-daly": ("Daly", "Daly"),
    "saving": ("saving takes", "保存時間"),
    "thrown-back": ("thrown back every", "平均故障間隔"),
    "useful": ("useful time", "有効時間"),
    "in-steps": ("{time} = {steps} steps", "{time}（{steps} ステップ）"),
    "in-one-step": ("{time} = 1 step", "{time}（1 ステップ）"),
    "out-of-range": ("outside its range", "適用範囲外"),
    "checkpoints-note": (
        "Best intervals where failures at random lose all work since the last checkpoint. "
        "Young (CACM 17, 1974): √(2 · saving · time between failures), for saving up to 1/8 of that time; "
        "Daly (FGCS 22, 2006): to a higher order, up to twice that time.",
        "故障がランダムに起き、最後のチェックポイント以降の作業が失われる場合の最適間隔。"
        "Young（CACM 17, 1974）: √(2・保存時間・平均故障間隔)、保存時間が平均故障間隔の 1/8 以下のとき。"
        "Daly（FGCS 22, 2006）: 高次の近似、2 倍未満まで。",
    ),
    "run-ended": ("the run of {about} was {outcome}", "{about} の実行: {outcome}"),
    # charts
    "time": ("time [s]", "時間 [s]"),
    "seconds": ("seconds", "秒"),
    "samples-per-second": ("samples/s", "サンプル/s"),
    "step": ("step", "ステップ"),
    "solid-dashed": (
        "solid: real · dashed: simulated · each level is the mean up to the next step or steps",
        "実線: 実測 · 破線: シミュレーション · 各段は次のステップまでの平均",
    ),
    "fault-key": (
        "▼ a fault or a loss · shaded: nothing moved until the next progress",
        "▼ 障害または離脱 · 網掛け: 次の進捗までの停止時間",
    ),
    "side-by-side": ("Real beside simulated", "実測とシミュレーションの比較"),
    "ring-key": (
        "dot: real · ring: simulated · at the right: real ÷ simulated",
        "点: 実測 · 輪: シミュレーション · 右端: 実測 ÷ シミュレーション",
    ),
    "gantt-key": ("filled: real · outlined: simulated", "塗り: 実測 · 枠のみ: シミュレーション"),
    "logarithmic": ("logarithmic scale", "対数目盛"),
    "no-expectations": ("The scenario states no expectations.", "このシナリオに期待は書かれていません。"),
    "no-warnings": ("None.", "ありません。"),
    "interval": (
        "± is the half-width of the 95 % interval over {count} replications",
        "± は {count} 回の反復の 95 % 信頼区間の半幅",
    ),
    # machine
    "python": ("Python", "Python"),
    "platform": ("platform", "OS"),
    "processor": ("processor", "CPU"),
    "processors": ("processors", "CPU 数"),
    "memory_bytes": ("memory", "メモリ"),
    "libraries": ("libraries", "ライブラリ"),
    "workbench": ("Workbench", "Workbench"),
}


def word(key: str, language: str = "en", **values: object) -> str:
    """The word or sentence for `key`; a key that is a name of somebody else's stays as it is."""
    if key not in WORDS:
        return key
    return WORDS[key][LANGUAGES.index(language)].format(**values)
