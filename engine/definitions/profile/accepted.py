"""What a process file may contain: elements, events and the parts they are made of."""

from __future__ import annotations

from engine.definitions.profile.row import Group, Row

SCOPES = frozenset({"bpmn:process", "bpmn:subProcess"})
EVENTS = frozenset(
    {"bpmn:startEvent", "bpmn:endEvent", "bpmn:intermediateCatchEvent", "bpmn:intermediateThrowEvent"}
    | {"bpmn:boundaryEvent"}
)
TASKS = frozenset(
    {"bpmn:userTask", "bpmn:manualTask", "bpmn:scriptTask", "bpmn:businessRuleTask", "bpmn:serviceTask"}
    | {"bpmn:sendTask", "bpmn:receiveTask"}
)
GATEWAYS = frozenset(
    {"bpmn:exclusiveGateway", "bpmn:parallelGateway", "bpmn:inclusiveGateway", "bpmn:eventBasedGateway"}
)
PARTS = frozenset({"bpmn:subProcess", "bpmn:callActivity"})
FLOW_NODES = EVENTS | TASKS | GATEWAYS | PARTS
_ANYWHERE = frozenset({"*"})


def _node(tag: str, ja: str, en: str, condition: str, reason: str) -> Row:
    return Row(f"bpmn:{tag}", Group.NODE, ja, en, True, condition, reason, inside=SCOPES)


def _event(key: str, ja: str, en: str, condition: str, reason: str = "") -> Row:
    return Row(key, Group.EVENT, ja, en, True, condition, reason)


def _part(
    key: str, ja: str, en: str, inside: frozenset[str], *, condition: str = "", text: bool = False, once: bool = False
) -> Row:
    return Row(key, Group.STRUCTURE, ja, en, True, condition, "", inside=inside, text=text, once=once)


def _draw(key: str, ja: str, en: str, inside: frozenset[str], *, text: bool = False) -> Row:
    return Row(key, Group.DRAWING, ja, en, True, "図の表示だけに使います。", "", inside=inside, text=text)


_NODES = (
    _node("userTask", "ユーザータスク", "user task", "担当の役割、帳票、期限が必要です。", "人の仕事です。"),
    _node(
        "manualTask",
        "手作業タスク",
        "manual task",
        "ユーザータスクと同じく、担当の役割、帳票、期限が必要です。",
        "システムの外で行い、済んだことをここで記録する仕事です。",
    ),
    _node(
        "scriptTask",
        "スクリプトタスク",
        "script task",
        "「変数 = 式」の行だけを書きます。変数は宣言したものです。並行の複数実行の中では、一件分の変数だけに入れます。",
        "その場で計算され、待ちません。式はプログラムではありません。",
    ),
    _node(
        "businessRuleTask",
        "ビジネスルールタスク",
        "business rule task",
        "判定表（camunda:decisionRef）が必要です。",
        "その場で判定され、待ちません。",
    ),
    _node(
        "serviceTask",
        "サービスタスク",
        "service task",
        "登録された操作を一つ指定します。",
        "その場で実行され、待ちません。",
    ),
    _node("sendTask", "送信タスク", "send task", "メッセージの指定が必要です。", "指定がないと黙って通り過ぎます。"),
    _node(
        "receiveTask",
        "受信タスク",
        "receive task",
        "メッセージの指定が必要です。",
        "指定がないと待たずに通り過ぎます。",
    ),
    _node(
        "exclusiveGateway",
        "排他ゲートウェイ",
        "exclusive gateway",
        "出口が複数なら、問いの名前、各出口の札と条件、既定の出口が必要です。",
        "どの条件も成り立たないと止まります。",
    ),
    _node(
        "parallelGateway",
        "並行ゲートウェイ",
        "parallel gateway",
        "出口に条件を付けられません。",
        "条件は無視されます。",
    ),
    _node(
        "inclusiveGateway",
        "包含ゲートウェイ",
        "inclusive gateway",
        "出口が複数なら、各出口の条件と既定の出口が必要です。",
        "合流は、まだ届きうる枝をすべて待ちます。",
    ),
    _node(
        "eventBasedGateway",
        "イベントゲートウェイ",
        "event-based gateway",
        "出口は二つ以上で、行き先は受信タスクか中間イベント（メッセージ・タイマー・シグナル）だけです。"
        "タイマーはいくつでも置けます。",
        "最初に起きたことの枝だけが進みます。",
    ),
    _node(
        "subProcess",
        "サブプロセス（埋め込み）",
        "embedded sub-process",
        "開始イベント（なし）が一つ、終了イベントが一つ以上必要です。",
        "一まとまりの仕事を、一つの期限や中断でくくれます。",
    ),
    _node(
        "callActivity",
        "呼び出し",
        "call activity",
        "呼び出すプロセス（calledElement）に「呼び出し」の始まり方が要ります。渡す変数（camunda:in）と受け取る変数"
        "（camunda:out）を書きます。輪にはできません。",
        "呼び出されたプロセスは自分の変数だけを持ちます。公開した版には、呼び出すプロセスの図と帳票も一緒に入ります。",
    ),
)

_EVENT_NODES = (
    _node("startEvent", "開始イベント", "start event", "下の種類だけです。", "始まりです。"),
    _node("endEvent", "終了イベント", "end event", "下の種類だけです。", "終わり方です。"),
    _node("intermediateCatchEvent", "中間イベント（受信）", "catch event", "下の種類だけです。", "待ちます。"),
    _node("intermediateThrowEvent", "中間イベント（送信）", "throw event", "下の種類だけです。", "送ります。"),
    _node("boundaryEvent", "境界イベント", "boundary event", "下の種類だけです。", "仕事の横で待ちます。"),
)
_SIGNAL_SCOPE = "シグナルの指定が必要です。届くのは同じ手続きの中（呼び出したプロセスを含む）だけです。"
_SIGNAL_REASON = "ほかの手続きやケースへはメッセージで送ります。"
_CODED = (
    "コードの指定が必要です。サブプロセスか呼び出されるプロセスの中で、外側に受け手の境界イベントがあるものだけです。"
)
_CODED_HOST = "サブプロセスか呼び出しに付け、中で投げられるコードを指定します（指定なしはどれでも）。"
_EVENTS = (
    _event("bpmn:startEvent+none", "開始イベント", "none start event", "一つのプロセスに開始イベントは一つです。"),
    _event("bpmn:startEvent+message", "開始イベント（メッセージ）", "message start event", "プロセスの直下だけです。"),
    _event("bpmn:endEvent+none", "終了イベント", "none end event", "日本語の名前が必要です。"),
    _event("bpmn:endEvent+message", "終了イベント（メッセージ）", "message end event", "メッセージの指定が必要です。"),
    _event(
        "bpmn:endEvent+terminate", "強制終了イベント", "terminate end event", "ほかの枝の仕事はすべて取り消されます。"
    ),
    _event(
        "bpmn:intermediateCatchEvent+message",
        "中間イベント（メッセージ受信）",
        "message catch event",
        "メッセージの指定が必要です。",
    ),
    _event(
        "bpmn:intermediateCatchEvent+timer",
        "中間イベント（タイマー）",
        "timer catch event",
        "日時か期間の式が必要です。くり返しは使えません。",
    ),
    _event(
        "bpmn:intermediateThrowEvent+message",
        "中間イベント（メッセージ送信）",
        "message throw event",
        "メッセージの指定が必要です。",
    ),
    _event(
        "bpmn:boundaryEvent+timer",
        "境界イベント（タイマー）",
        "boundary timer",
        "期限のあるタスクでは中断しないものだけです。くり返しは中断しないものだけです。",
    ),
    _event(
        "bpmn:boundaryEvent+message",
        "境界イベント（メッセージ）",
        "boundary message",
        "メッセージの指定が必要です。中断する・しないのどちらも使えます。",
    ),
    _event(
        "bpmn:intermediateThrowEvent+signal",
        "中間イベント（シグナル送信）",
        "signal throw event",
        _SIGNAL_SCOPE,
        _SIGNAL_REASON,
    ),
    _event(
        "bpmn:intermediateCatchEvent+signal",
        "中間イベント（シグナル受信）",
        "signal catch event",
        _SIGNAL_SCOPE,
        _SIGNAL_REASON,
    ),
    _event(
        "bpmn:boundaryEvent+signal",
        "境界イベント（シグナル）",
        "boundary signal",
        f"{_SIGNAL_SCOPE}中断する・しないのどちらも使えます。",
        _SIGNAL_REASON,
    ),
    _event(
        "bpmn:intermediateThrowEvent+escalation",
        "中間イベント（エスカレーション）",
        "escalation throw event",
        _CODED,
        "投げたあとも先へ進みます。",
    ),
    _event("bpmn:endEvent+escalation", "終了イベント（エスカレーション）", "escalation end event", _CODED),
    _event(
        "bpmn:boundaryEvent+escalation",
        "境界イベント（エスカレーション）",
        "boundary escalation",
        f"{_CODED_HOST}中断する・しないのどちらも使えます。",
    ),
    _event(
        "bpmn:endEvent+error",
        "終了イベント（エラー）",
        "error end event",
        _CODED,
        "受け手の境界イベントが、まとまり全体を中断します。",
    ),
    _event("bpmn:boundaryEvent+error", "境界イベント（エラー）", "boundary error", f"{_CODED_HOST}必ず中断します。"),
)

_REPEATED = frozenset(
    {"bpmn:userTask", "bpmn:manualTask", "bpmn:scriptTask", "bpmn:serviceTask", "bpmn:subProcess", "bpmn:callActivity"}
)
_LOOP = frozenset({"bpmn:multiInstanceLoopCharacteristics"})
_TURNS = frozenset({"bpmn:standardLoopCharacteristics"})
_MAIN = frozenset({"bpmn:definitions"})
_STRUCTURE = (
    _part("bpmn:definitions", "定義", "definitions", frozenset({""})),
    _part("bpmn:process", "プロセス", "process", _MAIN, condition="一つのファイルに一つです。"),
    _part("bpmn:message", "メッセージ", "message", _MAIN, condition="名前が必要です。"),
    _part("bpmn:sequenceFlow", "シーケンスフロー", "sequence flow", SCOPES),
    _part(
        "bpmn:conditionExpression",
        "条件式",
        "condition",
        frozenset({"bpmn:sequenceFlow"}),
        condition="排他・包含ゲートウェイの出口だけです。",
        text=True,
        once=True,
    ),
    _part("bpmn:incoming", "入るフロー", "incoming", FLOW_NODES, text=True),
    _part("bpmn:outgoing", "出るフロー", "outgoing", FLOW_NODES, text=True),
    _part("bpmn:documentation", "説明", "documentation", _ANYWHERE, text=True),
    _part("bpmn:extensionElements", "拡張要素", "extension elements", _ANYWHERE, once=True),
    _part("bpmn:messageEventDefinition", "メッセージの定義", "message event definition", EVENTS),
    _part("bpmn:timerEventDefinition", "タイマーの定義", "timer event definition", EVENTS),
    _part("bpmn:terminateEventDefinition", "強制終了の定義", "terminate event definition", EVENTS),
    _part("bpmn:timeDate", "日時の式", "time date", frozenset({"bpmn:timerEventDefinition"}), text=True, once=True),
    _part("bpmn:timeDuration", "期間の式", "duration", frozenset({"bpmn:timerEventDefinition"}), text=True, once=True),
    _part(
        "bpmn:timeCycle",
        "くり返しの式",
        "cycle",
        frozenset({"bpmn:timerEventDefinition"}),
        condition="中断しない境界イベントだけです。",
        text=True,
        once=True,
    ),
    _part("bpmn:signal", "シグナル", "signal", _MAIN, condition="名前が必要です。"),
    _part("bpmn:error", "エラー", "error", _MAIN, condition="名前とコード（errorCode）が必要です。"),
    _part(
        "bpmn:escalation",
        "エスカレーション",
        "escalation",
        _MAIN,
        condition="名前とコード（escalationCode）が必要です。",
    ),
    _part("bpmn:signalEventDefinition", "シグナルの定義", "signal event definition", EVENTS),
    _part("bpmn:errorEventDefinition", "エラーの定義", "error event definition", EVENTS),
    _part("bpmn:escalationEventDefinition", "エスカレーションの定義", "escalation event definition", EVENTS),
    _part(
        "bpmn:script",
        "スクリプト",
        "script",
        frozenset({"bpmn:scriptTask"}),
        condition="「変数 = 式」の行だけです。",
        text=True,
        once=True,
    ),
    _part(
        "bpmn:standardLoopCharacteristics",
        "くり返し（標準）",
        "standard loop",
        _REPEATED,
        condition="回数の上限（loopMaximum）が必要です。",
        once=True,
    ),
    _part(
        "bpmn:loopCondition",
        "くり返しの条件",
        "loop condition",
        _TURNS,
        condition="成り立つ間くり返します。",
        text=True,
        once=True,
    ),
    _part(
        "bpmn:multiInstanceLoopCharacteristics",
        "複数実行",
        "multi-instance",
        _REPEATED,
        condition="一覧の変数と一件分の変数の名前、または回数が必要です。並行・順番のどちらも使えます。",
        once=True,
    ),
    _part(
        "bpmn:loopCardinality",
        "回数の式",
        "loop cardinality",
        _LOOP,
        condition="一覧の代わりです。0以上の整数を返す式を書きます。",
        text=True,
        once=True,
    ),
    _part(
        "bpmn:completionCondition",
        "完了条件",
        "completion condition",
        _LOOP,
        condition="一件分の変数だけを使う式です。成り立つと、残りは取り消されます。",
        text=True,
        once=True,
    ),
    _part("bpmn:loopDataInputRef", "複数実行の一覧", "loop data input", _LOOP, text=True, once=True),
    _part("bpmn:loopDataOutputRef", "複数実行の結果の一覧", "loop data output", _LOOP, text=True, once=True),
    _part("bpmn:inputDataItem", "一件分の変数", "input data item", _LOOP, once=True),
    _part("bpmn:outputDataItem", "一件分の結果の変数", "output data item", _LOOP, once=True),
)

_LANE_SETS = frozenset({"bpmn:laneSet", "bpmn:childLaneSet"})
_DRAWING = (
    _draw("bpmn:collaboration", "コラボレーション", "collaboration", _MAIN),
    _draw("bpmn:participant", "プール", "pool", frozenset({"bpmn:collaboration"})),
    _draw("bpmn:messageFlow", "メッセージフロー", "message flow", frozenset({"bpmn:collaboration"})),
    _draw("bpmn:laneSet", "レーンの集まり", "lane set", SCOPES),
    _draw("bpmn:childLaneSet", "内側のレーンの集まり", "child lane set", frozenset({"bpmn:lane"})),
    _draw("bpmn:lane", "レーン", "lane", _LANE_SETS),
    _draw("bpmn:flowNodeRef", "レーンの要素", "flow node of a lane", frozenset({"bpmn:lane"}), text=True),
    _draw("bpmn:textAnnotation", "注釈", "text annotation", SCOPES | {"bpmn:collaboration"}),
    _draw("bpmn:text", "注釈の文", "text of an annotation", frozenset({"bpmn:textAnnotation"}), text=True),
    _draw("bpmn:association", "関連線", "association", SCOPES | {"bpmn:collaboration"}),
    _draw("bpmn:group", "グループ", "group", SCOPES | {"bpmn:collaboration"}),
    _draw("bpmn:category", "分類", "category", _MAIN),
    _draw("bpmn:categoryValue", "分類の値", "category value", frozenset({"bpmn:category"})),
    _draw("bpmndi:BPMNDiagram", "図", "diagram", _MAIN),
    _draw("bpmndi:BPMNPlane", "図の面", "plane", frozenset({"bpmndi:BPMNDiagram"})),
    _draw("bpmndi:BPMNShape", "図形", "shape", frozenset({"bpmndi:BPMNPlane"})),
    _draw("bpmndi:BPMNEdge", "線", "edge", frozenset({"bpmndi:BPMNPlane"})),
    _draw("bpmndi:BPMNLabel", "札の位置", "label", frozenset({"bpmndi:BPMNShape", "bpmndi:BPMNEdge"})),
    _draw("bpmndi:BPMNLabelStyle", "札の書体", "label style", frozenset({"bpmndi:BPMNDiagram"})),
    _draw("dc:Font", "書体", "font", frozenset({"bpmndi:BPMNLabelStyle"})),
    _draw("dc:Bounds", "位置と大きさ", "bounds", frozenset({"bpmndi:BPMNShape", "bpmndi:BPMNLabel"})),
    _draw("di:waypoint", "線の折れ点", "waypoint", frozenset({"bpmndi:BPMNEdge"})),
)


def _ext(key: str, ja: str, en: str, inside: str, condition: str, *, text: bool = False, once: bool = False) -> Row:
    parents = frozenset({inside})
    return Row(key, Group.EXTENSION, ja, en, True, condition, "", inside=parents, text=text, once=once)


_EXTENSIONS = (
    _ext(
        "tsunagu:variable",
        "変数の宣言",
        "variable",
        "bpmn:process/extension",
        "名前、種類（type）、札（label）を書きます。",
    ),
    _ext("tsunagu:entry", "始まり方", "entry", "bpmn:startEvent/extension", "プロセスの開始イベントに書きます。"),
    Row(
        "camunda:inputOutput",
        Group.EXTENSION,
        "入出力",
        "input and output",
        condition="操作・判定表の入出力です。",
        inside=frozenset({"bpmn:serviceTask/extension", "bpmn:businessRuleTask/extension"}),
        once=True,
    ),
    _ext("camunda:inputParameter", "入力", "input parameter", "camunda:inputOutput", "値は式です。", text=True),
    _ext("camunda:outputParameter", "結果", "output parameter", "camunda:inputOutput", "結果の名前です。", text=True),
    _ext(
        "camunda:in",
        "渡す変数",
        "in mapping",
        "bpmn:callActivity/extension",
        "こちらの変数か式を、呼び出す先の入力へ渡します。",
    ),
    _ext(
        "camunda:out",
        "受け取る変数",
        "out mapping",
        "bpmn:callActivity/extension",
        "呼び出した先の変数か式を、こちらの変数へ受け取ります。",
    ),
)

ACCEPTED: tuple[Row, ...] = (*_NODES, *_EVENT_NODES, *_EVENTS, *_STRUCTURE, *_DRAWING, *_EXTENSIONS)
