"""The catalogue of problems: one sentence a code, in English and in Japanese.

Sentences are `str.format` patterns over a problem's values; `{place}` is where the problem is.
"""

from workbench.document.words_flow import FLOW
from workbench.document.words_idle import IDLE
from workbench.document.words_team import TEAM

LANGUAGES = ("en", "ja")

TEXT = {
    "not-yaml": (
        "this is not YAML: {detail}",
        "YAML として読めません: {detail}",
    ),
    "tab": (
        "a tab character indents this line; YAML is indented by spaces",
        "タブで字下げされています。YAML の字下げには空白を使ってください",
    ),
    "bad-character": (
        "the character {character} cannot stand in a scenario file",
        "文字 {character} はシナリオファイルでは使えません",
    ),
    "too-big": (
        "the file has {size} characters; a scenario has at most {most}",
        "ファイルが {size} 文字あります。シナリオは {most} 文字までです",
    ),
    "too-deep": (
        "more than {most} levels lie inside each other here",
        "入れ子が {most} 段を超えています",
    ),
    "not-a-scenario": (
        "a scenario is a mapping such as 'name: My question', but this file holds {found}",
        "シナリオは「name: 題名」のような項目の並びですが、このファイルの中身は{found}です",
    ),
    "empty": (
        "the file is empty; a scenario begins with 'format: {format}'",
        "ファイルが空です。シナリオは「format: {format}」で始まります",
    ),
    "several-documents": (
        "a second YAML document begins here; a scenario file holds one",
        "ここから二つ目の YAML 文書が始まっています。シナリオファイルには一つだけ書けます",
    ),
    "duplicate-key": (
        "'{key}' is written twice; the first time is line {first}",
        "「{key}」が二度書かれています。一度目は {first} 行目です",
    ),
    "key-not-text": (
        "a key is a word, not a list or a mapping",
        "キーには単語を書いてください。リストや項目の並びは使えません",
    ),
    "alias": (
        "anchors and aliases (&, *) are not used in scenarios; write the value out",
        "シナリオではアンカーとエイリアス（&、*）を使えません。値をそのまま書いてください",
    ),
    "tag": (
        "the tag '{tag}' is not used in scenarios; write the plain value",
        "シナリオではタグ「{tag}」を使えません。値をそのまま書いてください",
    ),
    "format-missing": (
        "the file does not say its format; write 'format: {format}' as its first line",
        "形式の番号がありません。一行目に「format: {format}」と書いてください",
    ),
    "format-unknown": (
        "'{value}' is no format; this version writes 'format: {format}'",
        "「{value}」という形式はありません。この版の形式は「format: {format}」です",
    ),
    "format-newer": (
        "the file has format {found}, which a later Workbench wrote; this one reads up to format {format}",
        "ファイルの形式は {found} で、より新しい Workbench のものです。この版が読めるのは形式 {format} までです",
    ),
    "format-upgraded": (
        "the file had format {found}; it is shown, and will be saved, as format {format}",
        "ファイルの形式は {found} でした。形式 {format} として表示し、保存します",
    ),
}

VALUES = {
    "unknown-key": ("'{key}' is not known here", "「{key}」はここでは使えません"),
    "missing": ("'{key}' is missing", "「{key}」がありません"),
    "want-text": (
        "write text here, not {found}; quotes make it text",
        "文字列を書いてください（今は{found}）。引用符で囲むと文字列になります",
    ),
    "want-number": ("write a number here, not {found}", "数値を書いてください（今は{found}）"),
    "want-whole": ("write a whole number here, not {found}", "整数を書いてください（今は{found}）"),
    "want-yes-no": ("write true or false here, not {found}", "true か false を書いてください（今は{found}）"),
    "want-list": (
        "write a list here ('- …' lines), not {found}",
        "リスト（「- …」の行）を書いてください（今は{found}）",
    ),
    "want-mapping": ("write 'key: value' lines here, not {found}", "「キー: 値」の行を書いてください（今は{found}）"),
    "not-one-of": ("'{value}' is none of {known}", "「{value}」は使えません。使えるのは {known} です"),
    "too-small": ("{value} is too small; at least {limit}", "{value} は小さすぎます。{limit} 以上にしてください"),
    "too-large": ("{value} is too large; at most {limit}", "{value} は大きすぎます。{limit} 以下にしてください"),
    "not-above": ("{value} is not more than {limit}", "{value} は {limit} より大きくなければなりません"),
    "not-below": ("{value} is not less than {limit}", "{value} は {limit} より小さくなければなりません"),
    "not-finite": ("write a finite number", "有限の数値を書いてください"),
    "bad-name": (
        "'{value}' is no name; a name begins with a letter and goes on with letters, digits, - and _",
        "「{value}」は名前にできません。名前は英字で始め、英数字と - と _ だけを使います",
    ),
    "bad-pattern": ("'{value}' does not have the form {pattern}", "「{value}」は {pattern} の形をしていません"),
    "too-long": ("at most {limit} are allowed here, not {length}", "ここは {limit} までです（今は {length}）"),
    "too-short": ("at least {limit} are needed here, not {length}", "ここは {limit} 以上必要です（今は {length}）"),
    "bad-link": (
        "'{value}' is no link; write it as 'stage.port -> stage.port'",
        "「{value}」はつなぎ方として読めません。「ステージ.ポート -> ステージ.ポート」と書いてください",
    ),
    "no-quantity": (
        "'{value}' is no quantity; write for example '{example}'",
        "「{value}」は量として読めません。例: {example}",
    ),
    "unknown-unit": ("unknown unit '{unit}'; known are {known}", "単位「{unit}」は使えません。使えるのは {known} です"),
    "negative-quantity": (
        "a quantity cannot be negative; write for example '{example}'",
        "量を負にはできません。例: {example}",
    ),
    "endless-quantity": ("write a finite quantity such as '{example}'", "有限の量を書いてください。例: {example}"),
    "refused": ("{detail}", "{detail}"),
}

PIPELINE = {
    "duplicate-id": ("the id '{id}' is given twice", "ID「{id}」が重複しています"),
    "id-taken": ("there is a '{id}' already", "「{id}」はすでにあります"),
    "unknown-stage": ("there is no stage '{stage}'", "ステージ「{stage}」はありません"),
    "cycle": ("these stages wait for each other: {path}", "ステージが互いに待ち合っています: {path}"),
    "two-links": (
        "a second link ends in {port}; the first comes from {first}",
        "{port} に二本目の線がつながっています。一本目は {first} からです",
    ),
    "stage-in-two-groups": (
        "the stage '{stage}' is in the groups '{first}' and '{second}'",
        "ステージ「{stage}」がグループ「{first}」と「{second}」の両方に入っています",
    ),
    "no-stages": ("the pipeline has no stages yet", "パイプラインにまだステージがありません"),
    "no-combinations": ("no architecture is given; there is nothing to compare", "比べる構成が一つもありません"),
    "layout-of-nothing": (
        "a position is given for '{stage}', which is no stage",
        "「{stage}」の位置が書かれていますが、そのステージはありません",
    ),
    "unknown-stage-kind": ("there is no kind of stage '{kind}'", "「{kind}」という種類のステージはありません"),
    "broken-package": (
        "'{name}' is of an installed package that cannot be loaded: {reason}",
        "「{name}」のパッケージを読み込めません：{reason}",
    ),
    "unknown-port": (
        "the stage '{stage}' has no {side} '{port}'",
        "ステージ「{stage}」に {side}「{port}」はありません",
    ),
    "port-types": (
        "{source} gives a {source_type}, but {target} takes a {target_type}",
        "{source} の出力は {source_type} ですが、{target} の入力は {target_type} です",
    ),
    "input-missing": (
        "nothing is linked to the input '{port}' of '{stage}'",
        "「{stage}」の入力「{port}」に何もつながっていません",
    ),
    "file-missing": ("there is no file {path}", "ファイル {path} がありません"),
    "path-outside": (
        "'{path}' leads out of the folder that is written to; give a relative path without '..'",
        "「{path}」は書き込み先のフォルダの外を指しています。「..」を含まない相対パスを書いてください",
    ),
    "several-trainings": (
        "this version carries out one training stage in a pipeline; here are {stages}",
        "この版で実行できる学習ステージはパイプラインに一つだけです（今は {stages}）",
    ),
    "not-trusted": (
        "{path} holds code that you have not trusted yet",
        "{path} のコードはまだ信頼されていません",
    ),
}

QUESTION = {
    "duplicate-worker": ("two workers would be named '{worker}'", "「{worker}」という名前のワーカーが二つできます"),
    "unknown-worker": ("there is no worker '{worker}'", "ワーカー「{worker}」はありません"),
    "unknown-accelerator": (
        "there is no accelerator '{name}' in the catalogue",
        "カタログに「{name}」というアクセラレータはありません",
    ),
    "unknown-language-model": (
        "there is no language model '{name}' in the catalogue",
        "カタログに「{name}」という言語モデルはありません",
    ),
    "unknown-orchestration": ("there is no orchestration '{name}'", "オーケストレーション「{name}」はありません"),
    "unknown-training": ("there is no training architecture '{name}'", "学習アーキテクチャ「{name}」はありません"),
    "learns-not": (
        "'{combination}' cannot learn in a simulated run as it is set; leave run.learn out, or compare others",
        "「{combination}」はこの設定ではシミュレーション内で学習できません。run.learn を外すか別の構成にしてください",
    ),
    "learns-nothing": (
        "stage '{stage}' is known by its cost only, so that no simulated run can learn it; leave run.learn out",
        "ステージ「{stage}」はコストしか分からないため学習できません。run.learn を外してください",
    ),
    "no-leader": (
        "'{combination}' has no leader that could be lost; name the combinations that have one in only",
        "「{combination}」には失われるリーダーがいません。リーダーのある組み合わせを only に書いてください",
    ),
    "too-few-workers": (
        "'{combination}' needs {needed} workers, and the cluster has {has}",
        "「{combination}」にはワーカーが {needed} 必要ですが、クラスタには {has} しかありません",
    ),
    "knob-unused": (
        "{knob} has no effect in mode {mode}; leave it out",
        "mode が {mode} のとき {knob} は使われません。書かないでください",
    ),
    "staleness-missing": (
        "mode bounded needs a staleness: how many steps the fastest worker may be ahead of the slowest",
        "mode が bounded のときは staleness（最速のワーカーが最遅より何ステップ先に進めるか）が必要です",
    ),
    "backup-leaves-nobody": (
        "{backup} backup workers of {workers} leave nobody to wait for",
        "ワーカー {workers} のうち {backup} が予備では、待つ相手がいません",
    ),
    "dropout-without-deadline": (
        "clients that drop out need a deadline, or their round never ends",
        "dropout を使うときは deadline が必要です。ないとラウンドが終わりません",
    ),
    "shares-and-dirichlet": (
        "rows are divided by shares or by dirichlet, not by both",
        "データの分け方は shares か dirichlet のどちらか一方にしてください",
    ),
    "shares-of-others": (
        "there are {shares} shares, but {clients} clients",
        "shares は {shares} 個ですが、clients は {clients} です",
    ),
    "fault-without-time": (
        "the fault says no time: write one of at, at_step and every",
        "障害の時刻がありません。at、at_step、every のどれか一つを書いてください",
    ),
    "fault-with-times": (
        "the fault says its time more than once: {given}; keep one",
        "障害の時刻が二つ以上あります（{given}）。一つだけにしてください",
    ),
    "fault-without-worker": (
        "the fault does not say which worker it strikes",
        "どのワーカーの障害かが書かれていません",
    ),
    "strikes-no-worker": (
        "a {kind} strikes no worker; leave '{field}' out",
        "{kind} はワーカーの障害ではありません。{field} は書かないでください",
    ),
    "fault-with-workers": (
        "the fault says whom it strikes more than once: {given}; keep one",
        "障害の対象が二つ以上あります（{given}）。一つだけにしてください",
    ),
    "unknown-rack": (
        "there is no rack or island {rack}; the last one is {last}",
        "ラック（アイランド）{rack} はありません。最後は {last} です",
    ),
    "no-racks": (
        "this network has no racks or islands; name the workers in 'workers' instead",
        "このネットワークにはラックもアイランドもありません。workers にワーカー名を書いてください",
    ),
    "fault-ignores": (
        "'{field}' means nothing to a fault of kind {kind}; it belongs to {kinds}",
        "「{field}」は {kinds} の項目です。{kind} では使われません",
    ),
    "lasts-nothing": ("a time of 0 does nothing here", "ここでは 0 の時間は意味がありません"),
    "said-by-trace": (
        "the trace says '{field}' of each of its faults; leave it out here",
        "{field} は障害ごとにトレースファイルに書きます。ここには書かないでください",
    ),
    "shape-without-every": (
        "a shape is that of random faults; write 'every' too",
        "shape はランダム障害の項目です。every も書いてください",
    ),
    "trace-unreadable": ("{path} is no CSV file in UTF-8", "{path} は UTF-8 の CSV ファイルではありません"),
    "trace-column": (
        "{path} has a column '{column}'; a trace has at, kind, worker and lasts",
        "{path} に列「{column}」があります。トレースの列は at、kind、worker、lasts です",
    ),
    "trace-without-at": (
        "{path} has no column 'at'; its first line names the columns",
        "{path} に列 at がありません。一行目に列名を書いてください",
    ),
    "trace-empty": ("{path} holds no faults", "{path} に障害が一つもありません"),
    "trace-line": ("{path}, line {number}: {detail}", "{path} {number} 行目: {detail}"),
    "trace-cells": ("a line has at most {most} cells", "一行のセルは {most} 個までです"),
    "no-time-between": ("the mean time between faults is more than 0", "障害の平均間隔は 0 より長くなければなりません"),
    "no-workers": ("the cluster has no workers", "クラスタにワーカーがありません"),
    "fault-after-training": (
        "the fault comes after the last training step ({steps})",
        "障害のステップが最後の学習ステップ（{steps}）より後です",
    ),
    "unknown-combination": (
        "there is no architecture with the id '{combination}'",
        "ID「{combination}」の構成はありません",
    ),
    "rate-missing": (
        "{arrivals} arrivals need a rate, such as '5 /s'",
        "arrivals が {arrivals} のときは rate（例: 5 /s）が必要です",
    ),
    "topology-ignores": (
        "'{field}' belongs to the topology {owner}; {topology} does not use it",
        "「{field}」はトポロジー {owner} の項目です。{topology} では使われません",
    ),
    "own-bandwidth-elsewhere": (
        "workers have a bandwidth of their own only at a switch, and without a measured curve",
        "ワーカーごとの帯域幅を指定できるのは、switch で測定曲線を使わないときだけです",
    ),
    "topology-needs": (
        "the topology {topology} needs '{field}'",
        "トポロジー {topology} には「{field}」が必要です",
    ),
    "curve-with-links": (
        "the curve '{collectives}' was measured over its own network; it goes only with a switch and sharing: fifo",
        "曲線「{collectives}」は固有のネットワークで測定されたものです。switch と sharing: fifo でのみ使えます",
    ),
    "rate-unused": (
        "a rate means nothing where instances arrive at once, or by an event",
        "arrivals が at-once か by-event のとき rate は使われません",
    ),
    "fault-too-late": (
        "the fault comes after the run has ended ({duration})",
        "障害の時刻が実行の終わり（{duration}）より後です",
    ),
    "warm-up-too-long": (
        "the warm-up is not shorter than the run ({duration})",
        "warm_up が実行時間（{duration}）以上です",
    ),
    "expectation-syntax": ("position {position}: {detail}", "{position} 文字目: {detail}"),
    "unknown-metric": ("there is no metric '{metric}'", "指標「{metric}」はありません"),
}

NOT_YET = {
    "not-yet-orchestration": (
        "the orchestration '{name}' is planned, but this version carries out only {done}",
        "オーケストレーション「{name}」はこの版ではまだ実行できません。実行できるのは {done} です",
    ),
    "not-yet-training": (
        "the training architecture '{name}' is planned, but this version carries out only {done}",
        "学習アーキテクチャ「{name}」はこの版ではまだ実行できません。実行できるのは {done} です",
    ),
    "curve-of-rings": (
        "'{collectives}' was measured around rings and tells nothing of '{algorithm}'; leave one of them out",
        "「{collectives}」はリングで測定されたもので、「{algorithm}」には使えません。どちらかを外してください",
    ),
    "hierarchy-without-islands": (
        "a hierarchical all-reduce needs a team over two islands or sites at least (nvlink-island, wide-area)",
        "hierarchical には複数の島かサイトにまたがるチームが必要です（nvlink-island、wide-area）",
    ),
    "hierarchy-uneven": (
        "a hierarchical all-reduce needs as many members in each island; the team has {sizes}",
        "hierarchical では各島のメンバー数が同じでなければなりません。このチームは {sizes} です",
    ),
    "more-sites-than-workers": (
        "{sites} sites cannot each have a worker: the cluster has {has}",
        "{sites} 個のサイトにワーカーを置けません。クラスターのワーカーは {has} 台です",
    ),
}

PROBLEMS: dict[str, tuple[str, str]] = TEXT | VALUES | PIPELINE | QUESTION | NOT_YET | IDLE | FLOW | TEAM

NEAREST = ("did you mean '{nearest}'?", "「{nearest}」ではありませんか?")
LINE = ("line {line}", "{line} 行目")

# What stands where something else was wanted; `found` in the values of a problem is one of these codes or a value.
FOUND = {
    "nothing": ("nothing", "空"),
    "text": ("text", "文字列"),
    "number": ("a number", "数値"),
    "yes-no": ("true or false", "true か false"),
    "list": ("a list", "リスト"),
    "mapping": ("a mapping", "項目の並び"),
}

SIDES = {"input": ("input", "入力"), "output": ("output", "出力")}

# What parsers of small languages say, by code; looked up for the value `detail` where it is one of these.
DETAILS = {
    "unexpected-character": ("a character that has no meaning here", "ここでは意味を持たない文字です"),
    "unexpected-end": ("the text ends too early", "途中で終わっています"),
    "unexpected": ("this does not belong here", "ここには書けません"),
    "want-closing": ("a closing ')' is missing", "閉じ括弧「)」がありません"),
    "want-comparison": (
        "this is a number, not a question that is true or false",
        "真偽の決まる式ではなく、数値になっています",
    ),
    "want-value": ("a number is wanted here, not a comparison", "ここには比較ではなく数値が必要です"),
    "want-arguments": ("the function takes other arguments", "関数の引数の数が違います"),
    "unknown-function": ("functions are min, max and abs", "使える関数は min、max、abs です"),
    "name-without-metric": (
        "a name is architecture.metric or engine.architecture.metric",
        "名前は「構成.指標」か「エンジン.構成.指標」の形で書きます",
    ),
    "unknown-engine": ("an engine is simulated or real", "エンジンは simulated か real です"),
    "too-deep": ("too many parentheses lie inside each other", "括弧の入れ子が深すぎます"),
    "too-long": ("the expectation is too long", "式が長すぎます"),
    "too-large": ("the number is too large", "数値が大きすぎます"),
    "want-space": ("a blank is needed between these two", "この間に空白が必要です"),
}
