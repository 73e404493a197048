"""What a process file may contain: elements, events and the parts they are made of."""

from __future__ import annotations

from engine.definitions.profile.row import Group, Row

SCOPES = frozenset({"bpmn:process", "bpmn:subProcess"})
EVENTS = frozenset(
    {"bpmn:startEvent", "bpmn:endEvent", "bpmn:intermediateCatchEvent", "bpmn:intermediateThrowEvent"}
    | {"bpmn:boundaryEvent"}
)
TASKS = frozenset({"bpmn:userTask", "bpmn:serviceTask", "bpmn:sendTask", "bpmn:receiveTask"})
GATEWAYS = frozenset(
    {"bpmn:exclusiveGateway", "bpmn:parallelGateway", "bpmn:inclusiveGateway", "bpmn:eventBasedGateway"}
)
FLOW_NODES = EVENTS | TASKS | GATEWAYS | {"bpmn:subProcess"}
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
        "出口は二つ以上で、行き先は受信タスクか中間イベント（メッセージ・タイマー）だけです。",
        "最初に起きたことの枝だけが進みます。",
    ),
    _node(
        "subProcess",
        "サブプロセス（埋め込み）",
        "embedded sub-process",
        "開始イベント（なし）が一つ、終了イベントが一つ以上必要です。",
        "一まとまりの仕事を、一つの期限や中断でくくれます。",
    ),
)

_EVENT_NODES = (
    _node("startEvent", "開始イベント", "start event", "下の種類だけです。", "始まりです。"),
    _node("endEvent", "終了イベント", "end event", "下の種類だけです。", "終わり方です。"),
    _node("intermediateCatchEvent", "中間イベント（受信）", "catch event", "下の種類だけです。", "待ちます。"),
    _node("intermediateThrowEvent", "中間イベント（送信）", "throw event", "下の種類だけです。", "送ります。"),
    _node("boundaryEvent", "境界イベント", "boundary event", "下の種類だけです。", "仕事の横で待ちます。"),
)
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
)

_ACTIVITY_PARENTS = frozenset({"bpmn:userTask", "bpmn:subProcess"})
_LOOP = frozenset({"bpmn:multiInstanceLoopCharacteristics"})
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
    _part(
        "bpmn:multiInstanceLoopCharacteristics",
        "複数実行",
        "multi-instance",
        _ACTIVITY_PARENTS,
        condition="一覧の変数と、一件分の変数の名前が必要です。",
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
    _ext(
        "camunda:inputOutput",
        "入出力",
        "input and output",
        "bpmn:serviceTask/extension",
        "操作の入出力です。",
        once=True,
    ),
    _ext("camunda:inputParameter", "入力", "input parameter", "camunda:inputOutput", "値は式です。", text=True),
    _ext("camunda:outputParameter", "結果", "output parameter", "camunda:inputOutput", "結果の名前です。", text=True),
)

ACCEPTED: tuple[Row, ...] = (*_NODES, *_EVENT_NODES, *_EVENTS, *_STRUCTURE, *_DRAWING, *_EXTENSIONS)
