"""Why a scenario cannot be simulated at team level, in English and in Japanese."""

TEAM = {
    "team-one-training": (
        "at team level a pipeline is one stage that is trained",
        "チーム水準で扱えるのは、学習するステージ 1 個だけのパイプラインです",
    ),
    "team-at-once": (
        "at team level there is one instance, from the start",
        "チーム水準では、開始時に 1 件だけを扱います",
    ),
    "team-leader": (
        "at team level combination '{combination}' needs a single leader that decides at once",
        "チーム水準では、構成「{combination}」に即座に決める単一リーダーが必要です",
    ),
    "team-letters": (
        "at team level combination '{combination}' cannot be simulated: its members send letters or work in lanes",
        "構成「{combination}」はメンバー間の手紙や並行作業があり、チーム水準では扱えません",
    ),
    "team-survivors": (
        "at team level combination '{combination}' must begin again after a loss (on_loss: restart)",
        "チーム水準では、構成「{combination}」は喪失後にやり直す必要があります（on_loss: restart）",
    ),
    "team-crashes": (
        "at team level the faults are crashes of one worker each, at a time or at random",
        "チーム水準で扱える障害は、時刻またはランダムな、ワーカー 1 台ずつのクラッシュだけです",
    ),
    "team-links": (
        "at team level links are equal and first come, first served, at one switch",
        "チーム水準では、リンクは 1 台のスイッチで同じ速さの先着順です",
    ),
    "team-variation": (
        "at team level work always takes the same time, and nothing is learnt",
        "チーム水準では、作業時間は常に同じで、学習の中身は計算しません",
    ),
}
