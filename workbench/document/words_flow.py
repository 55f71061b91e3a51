"""What is wrong with the flow of a pipeline, in English and in Japanese."""

FLOW = {
    "assumes-backwards": (
        "the first number is the least and the second the most; {least:g} is more than {most:g}",
        "1 つ目は最小、2 つ目は最大です。{least:g} は {most:g} より大きくなっています",
    ),
    "condition-of-nothing": (
        "the condition asks for no metric of a stage; write one such as check.drift > 0.3",
        "条件にステージの指標がありません。例: check.drift > 0.3",
    ),
    "condition-not-earlier": (
        "a condition asks for metrics of stages that need not wait for it, as stage.metric; '{stage}' is none",
        "条件に書けるのは、このステージを待たないステージの指標（ステージ.指標）です。「{stage}」は違います",
    ),
    "condition-in-foreach": (
        "a condition cannot yet be on, or about, a stage that runs for every item",
        "foreach の中のステージには、まだ条件を付けたり、その指標を使ったりできません",
    ),
    "condition-unknown": (
        "a simulated run cannot know {metric} of '{stage}'; say what to take for granted in its assume",
        "シミュレーションでは「{stage}」の {metric} は分かりません。assume に仮定を書いてください",
    ),
    "event-missing": (
        "by-event arrivals need an event, a condition such as check.drift > 0.3",
        "arrivals が by-event のときは event（例: check.drift > 0.3）が必要です",
    ),
    "event-unused": (
        "an event means nothing unless arrivals are by-event",
        "arrivals が by-event でないとき event は使われません",
    ),
    "event-once": (
        "of one instance at most none is submitted again; give the most that there may be",
        "instances が 1 では再実行されません。最大の件数を書いてください",
    ),
    "event-of-no-stage": (
        "an event asks for metrics of stages, as stage.metric; '{stage}' is none",
        "event にはステージの指標（ステージ.指標）を書きます。「{stage}」はありません",
    ),
    "event-needs-leader": (
        "'{combination}' cannot run again by an event yet: its owners must know from the start how many instances "
        "there are; take single-leader",
        "「{combination}」はまだイベントで再実行できません。所有者は件数を最初に知る必要があります。"
        "single-leader を使ってください",
    ),
    "limits-need-leader": (
        "'{combination}' does not know {name} yet: only a single leader tries work again and learns that it was ended; "
        "take single-leader",
        "「{combination}」はまだ {name} に対応していません。再試行と打ち切りは single-leader だけが扱います",
    ),
    "backoff-unused": (
        "backoff has no effect without retries",
        "retries がなければ backoff は使われません",
    ),
    "no-worker-suits": (
        "no worker of the cluster has what '{stage}' needs; give a pool enough memory or an accelerator",
        "「{stage}」に必要なものを持つワーカーがありません。メモリかアクセラレータの足りるプールを用意してください",
    ),
    "group-field-unused": (
        "{field} has no effect on a group without foreach; leave it out",
        "foreach のないグループでは {field} は使われません。書かないでください",
    ),
    "foreach-without-partition": (
        "a group with foreach needs a partition: how many rows an item has",
        "foreach のあるグループには partition（1 件の行数）が必要です",
    ),
    "foreach-of-nothing": (
        "foreach names an output of a stage outside the group, as stage.port; '{port}' is none",
        "foreach にはグループ外のステージの出力（ステージ.ポート）を書きます。「{port}」はありません",
    ),
    "foreach-unlinked": (
        "no stage of the group takes '{port}'; link it to one, for its items are what the group runs over",
        "「{port}」を受け取るステージがグループにありません。リンクしてください",
    ),
    "foreach-nested": (
        "'{port}' belongs to another group with foreach, and one cannot run inside or behind the items of another yet",
        "「{port}」は別の foreach グループのものです。foreach の入れ子や連結はまだできません",
    ),
    "foreach-trains": (
        "a stage that a team trains cannot run for every item yet: '{stage}'",
        "チームで学習するステージ「{stage}」はまだ foreach の中では実行できません",
    ),
}
