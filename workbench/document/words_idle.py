"""Why a parameter of an architecture changes nothing in a scenario, in English and in Japanese."""

IDLE = {
    "idle-no-training": (
        "'{knob}' changes nothing here: no stage of this pipeline is trained by a team",
        "「{knob}」はここでは効果がありません。チームで学習するステージがないためです",
    ),
    "idle-no-loss": (
        "'{knob}' changes nothing here: no fault of this scenario ends a worker",
        "「{knob}」はここでは効果がありません。ワーカーが失われる障害がないためです",
    ),
    "idle-restarts": (
        "'{knob}' changes nothing here: after a loss the training begins again, with every worker that is free",
        "「{knob}」はここでは効果がありません。ワーカーを失うと空いている全ワーカーで学習をやり直すためです",
    ),
    "idle-no-leader-loss": (
        "'{knob}' changes nothing here: no fault of this scenario ends the leader",
        "「{knob}」はここでは効果がありません。リーダーが失われる障害がないためです",
    ),
    "idle-election": (
        "'{knob}' changes nothing here: a new leader is elected, and the old one is not started again",
        "「{knob}」はここでは効果がありません。再起動ではなく新しいリーダーが選ばれるためです",
    ),
    "idle-no-election": (
        "'{knob}' changes nothing here: a lost leader is started again, and nobody is elected",
        "「{knob}」はここでは効果がありません。選挙ではなくリーダーが再起動されるためです",
    ),
    "idle-one-member": (
        "'{knob}' changes nothing here: only one worker takes part",
        "「{knob}」はここでは効果がありません。参加するワーカーが 1 台だけのためです",
    ),
    "idle-one-micro-batch": (
        "'{knob}' changes nothing here: each batch is one piece, which has but one way to go",
        "「{knob}」はここでは効果がありません。バッチが 1 個で、進み方が一通りのためです",
    ),
    "idle-clients-by-shares": (
        "'{knob}' changes nothing here: there is a client for each of the shares",
        "「{knob}」はここでは効果がありません。クライアント数は shares の個数で決まるためです",
    ),
    "idle-no-items": (
        "'{knob}' changes nothing here: no group of this pipeline runs for every item (foreach)",
        "「{knob}」はここでは効果がありません。foreach のグループがないためです",
    ),
    "idle-one-item": (
        "'{knob}' changes nothing here: items are worked on one after another",
        "「{knob}」はここでは効果がありません。件が 1 つずつ処理されるためです",
    ),
    "idle-no-reads": (
        "'{knob}' changes nothing here: nobody asks how jobs stand (reads)",
        "「{knob}」はここでは効果がありません。状態への問い合わせ（reads）がないためです",
    ),
    "idle-few-tasks": (
        "'{knob}' changes nothing here: a free follower is there for every task that can be ready",
        "「{knob}」はここでは効果がありません。同時に実行できるタスクより空きフォロワーが多いためです",
    ),
}
