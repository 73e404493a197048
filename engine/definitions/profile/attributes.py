"""Which attributes an element may carry, and which values; every other attribute is refused."""

from __future__ import annotations

from engine.definitions.profile.accepted import EVENTS, FLOW_NODES, GATEWAYS, PARTS, TASKS
from engine.definitions.profile.row import Group, Row

ID = r"[A-Za-z_][A-Za-z0-9_-]{0,63}"
_NAME = r"[a-z][a-z0-9_]{0,62}"
_NAMES = rf"\s*{_NAME}(?:[\s,]+{_NAME})*\s*"
_DOTTED = r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+"
_BOOL = "true|false"
_NUMBER = r"-?\d{1,6}(?:\.\d{1,12})?"
_COLOUR = r"#[0-9A-Fa-f]{6}|[a-z]{3,20}|rgb\(\d{1,3}, ?\d{1,3}, ?\d{1,3}\)"
_ANY = ""

_CODE = r"[a-z][a-z0-9_.]{0,62}"
_KEY = r"[A-Za-z][A-Za-z0-9_]{0,62}"

_USER = frozenset({"bpmn:userTask", "bpmn:manualTask"})
_SENDS = frozenset({"bpmn:sendTask", "bpmn:intermediateThrowEvent", "bpmn:endEvent"})
_RECEIVES = frozenset({"bpmn:receiveTask", "bpmn:intermediateCatchEvent", "bpmn:boundaryEvent", "bpmn:startEvent"})
_EXPRESSIONS = frozenset(
    {"bpmn:conditionExpression", "bpmn:timeDate", "bpmn:timeDuration", "bpmn:timeCycle", "bpmn:loopCondition"}
    | {"bpmn:loopCardinality", "bpmn:completionCondition"}
)
_SHAPES = frozenset({"bpmndi:BPMNShape", "bpmndi:BPMNEdge"})
_EVERY = frozenset({"*"})
_NAMED = FLOW_NODES | {
    "bpmn:definitions", "bpmn:process", "bpmn:collaboration", "bpmn:participant", "bpmn:lane", "bpmn:laneSet",
    "bpmn:childLaneSet", "bpmn:sequenceFlow", "bpmn:message", "bpmn:messageFlow", "bpmn:inputDataItem",
    "bpmn:outputDataItem", "bpmndi:BPMNDiagram", "bpmn:signal", "bpmn:error", "bpmn:escalation",
}  # fmt: skip


def _row(name: str, ja: str, en: str, on: frozenset[str], values: str = _ANY, condition: str = "") -> Row:
    return Row(f"@{name}", Group.ATTRIBUTE, ja, en, True, condition, "", inside=on, values=values)


def _on(*tags: str) -> frozenset[str]:
    return frozenset(f"bpmn:{tag}" for tag in tags)


_BPMN = (
    _row("id", "識別子", "id", _EVERY, ID, "英数字と下線。意味のある英語にします。"),
    _row("name", "名前", "name", _NAMED, _ANY, "日本語の名前です。"),
    _row("targetNamespace", "名前空間", "target namespace", _on("definitions")),
    _row("exporter", "作成ツール", "exporter", _on("definitions")),
    _row("exporterVersion", "作成ツールの版", "exporter version", _on("definitions")),
    _row("isExecutable", "実行できる", "executable", _on("process"), "true", "true だけです。"),
    _row("isClosed", "閉じている", "closed", _on("process"), "false"),
    _row("processType", "プロセスの種類", "process type", _on("process"), "None|Private"),
    _row("processRef", "プールのプロセス", "process of a pool", _on("participant")),
    _row("sourceRef", "元", "source", _on("sequenceFlow", "messageFlow", "association")),
    _row("targetRef", "先", "target", _on("sequenceFlow", "messageFlow", "association")),
    _row(
        "messageRef", "メッセージ", "message", _on("sendTask", "receiveTask", "messageEventDefinition", "messageFlow")
    ),
    _row("signalRef", "シグナル", "signal", _on("signalEventDefinition")),
    _row("errorRef", "エラー", "error", _on("errorEventDefinition")),
    _row("errorCode", "エラーのコード", "error code", _on("error"), _CODE, "英小文字のコードです。"),
    _row("escalationRef", "エスカレーション", "escalation", _on("escalationEventDefinition")),
    _row(
        "escalationCode",
        "エスカレーションのコード",
        "escalation code",
        _on("escalation"),
        _CODE,
        "英小文字のコードです。",
    ),
    _row("calledElement", "呼び出すプロセス", "called element", _on("callActivity"), _KEY, "プロセスの識別子です。"),
    _row(
        "scriptFormat", "言語", "script format", _on("scriptTask"), "tsunagu", "省くか tsunagu です。言語は選べません。"
    ),
    _row(
        "loopMaximum",
        "回数の上限",
        "loop maximum",
        _on("standardLoopCharacteristics"),
        r"[1-9]\d{0,2}",
        "1から999です。",
    ),
    _row("testBefore", "先に確かめる", "test before", _on("standardLoopCharacteristics"), _BOOL),
    _row("default", "既定の出口", "default flow", _on("exclusiveGateway", "inclusiveGateway"), ID),
    _row("gatewayDirection", "向き", "gateway direction", GATEWAYS, "Unspecified|Converging|Diverging|Mixed"),
    _row("attachedToRef", "取り付け先", "attached to", _on("boundaryEvent"), ID),
    _row("cancelActivity", "中断する", "cancel activity", _on("boundaryEvent"), _BOOL),
    _row("isInterrupting", "中断する", "interrupting", _on("startEvent"), "true"),
    _row("parallelMultiple", "全部待つ", "parallel multiple", EVENTS, "false"),
    _row("instantiate", "始める", "instantiate", _on("receiveTask", "eventBasedGateway"), "false"),
    _row("eventGatewayType", "イベントの組合せ", "event gateway type", _on("eventBasedGateway"), "Exclusive"),
    _row("triggeredByEvent", "イベントで始まる", "triggered by event", _on("subProcess"), "false"),
    _row("isForCompensation", "補償用", "for compensation", TASKS | PARTS, "false"),
    _row("startQuantity", "始める数", "start quantity", TASKS | PARTS, "1"),
    _row("completionQuantity", "終える数", "completion quantity", TASKS | PARTS, "1"),
    _row("implementation", "実装", "implementation", TASKS, "##unspecified|##WebService"),
    _row("isSequential", "順番に", "sequential", _on("multiInstanceLoopCharacteristics"), _BOOL),
    _row("behavior", "終わり方", "behaviour", _on("multiInstanceLoopCharacteristics"), "All"),
    _row("isCollection", "一覧", "collection", _on("inputDataItem", "outputDataItem"), "false"),
    _row("associationDirection", "関連線の向き", "direction", _on("association"), "None|One|Both"),
    _row("categoryValueRef", "分類", "category value", _on("group")),
    _row("value", "値", "value", _on("categoryValue")),
    _row("textFormat", "書式", "text format", _on("documentation", "textAnnotation"), "text/plain"),
    _row("xsi:type", "式の種類", "xsi type", _EXPRESSIONS, "(?:[A-Za-z0-9_]+:)?tFormalExpression"),
    _row("xsi:schemaLocation", "スキーマの場所", "schema location", _on("definitions")),
    _row("modeler:executionPlatform", "編集ツールの設定", "execution platform", _on("definitions")),
    _row("modeler:executionPlatformVersion", "編集ツールの設定", "platform version", _on("definitions")),
)

_CAMUNDA = (
    _row("camunda:candidateGroups", "担当の役割", "candidate groups", _USER, _NAMES, "役割の名前です。"),
    _row("camunda:formKey", "帳票", "form key", _USER, _KEY, "省くと要素の識別子です。"),
    _row("camunda:decisionRef", "判定表", "decision table", _on("businessRuleTask"), _KEY, "判定表の名前です。"),
    _row("camunda:resultVariable", "結果の変数", "result variable", _on("businessRuleTask"), _NAME),
    _row("camunda:historyTimeToLive", "履歴の保存（編集ツール用）", "history time to live", _on("process")),
)

_PERIOD = r"\s*\d{1,5}\s+(?:business_day|business_hour|calendar_day|month|hour)s?\s*"
_TSUNAGU = (
    _row("tsunagu:sla", "期間", "period", _USER, _PERIOD, "例: 5 business_days。開いた時から数えます。"),
    _row("tsunagu:due", "期限の式", "due expression", _USER, _ANY, "日付または日時を返す式です。"),
    _row("tsunagu:dueRule", "期間と期限の組合せ", "due rule", _USER, "earlier", "期間と期限の両方があるときだけです。"),
    _row("tsunagu:roll", "開庁日に繰り下げる", "roll", _USER, _BOOL, "期限の式があるときだけです。"),
    _row("tsunagu:warn", "予告", "warning", _USER, _PERIOD),
    _row("tsunagu:ladder", "通知の段階", "ladder", _USER, _NAME, "参照データにある名前か none です。"),
    _row("tsunagu:orgScope", "担当する機関", "organisation scope", _USER, _NAMES,
         "owner、lead、accepted、field、lead_field、city、または機関を持つ変数。"),
    _row("tsunagu:calendar", "暦", "calendar", _USER, "owner|accepted"),
    _row("tsunagu:cityStaffOnly", "市職員のみ", "city staff only", _USER, _BOOL),
    _row("tsunagu:notSameAs", "同じ人は不可", "not the same person", _USER, ID, "同じプロセスのユーザータスクです。"),
    _row("tsunagu:assignTo", "割当て先の変数", "assignee variable", _USER, _NAME),
    _row("tsunagu:stage", "段階の表示", "stage", _USER),
    _row("tsunagu:holdAllowed", "保留できる", "hold allowed", _USER, _BOOL),
    _row("tsunagu:operation", "操作", "operation", _on("userTask", "serviceTask"),
         rf"\s*{_DOTTED}(?:\s+{_DOTTED})*\s*"),
    _row("tsunagu:payload", "メッセージの変数", "payload", _SENDS | _RECEIVES, _NAMES),
    _row("tsunagu:correlate", "ケースのほかの鍵", "correlation", _SENDS | _RECEIVES, _NAMES),
    _row("tsunagu:follows", "タスクの期限に従う", "follows", _on("boundaryEvent"), "overdue"),
)  # fmt: skip

_PARAMETERS = frozenset({"camunda:inputParameter", "camunda:outputParameter"})
_MAPPINGS = frozenset({"camunda:in", "camunda:out"})
_OWN = (
    Row("@name", Group.ATTRIBUTE, "名前", "name", inside=_PARAMETERS, values=_NAME),
    Row("@name", Group.ATTRIBUTE, "変数の名前", "variable name", inside=frozenset({"tsunagu:variable"}), values=_NAME),
    Row("@type", Group.ATTRIBUTE, "変数の種類", "variable type", inside=frozenset({"tsunagu:variable"}),
        values="bool|int|decimal|text|date|instant|list|object"),
    Row("@input", Group.ATTRIBUTE, "呼び出す側が必ず渡す", "given by every caller",
        inside=frozenset({"tsunagu:variable"}), values=_BOOL),
    Row("@source", Group.ATTRIBUTE, "元の変数", "source", inside=_MAPPINGS, values=_NAME),
    Row("@sourceExpression", Group.ATTRIBUTE, "元の式", "source expression", inside=_MAPPINGS),
    Row("@target", Group.ATTRIBUTE, "先の変数", "target", inside=_MAPPINGS, values=_NAME),
    Row("@label", Group.ATTRIBUTE, "札", "label", inside=frozenset({"tsunagu:variable", "tsunagu:entry"})),
    Row("@name", Group.ATTRIBUTE, "始まり方の名前", "entry name", inside=frozenset({"tsunagu:entry"}),
        values="manual|referral|programme|returned|childcare_base|conference|household_member|message|revise|called"),
    Row("@message", Group.ATTRIBUTE, "始めるメッセージ", "message", inside=frozenset({"tsunagu:entry"}),
        values=_DOTTED),
)  # fmt: skip

_PLANES = frozenset({"bpmndi:BPMNPlane", *_SHAPES})
_AREAS = frozenset({"dc:Bounds", "di:waypoint"})
_DRAWING = (
    _row("bpmnElement", "描く要素", "drawn element", _PLANES),
    _row("isHorizontal", "横向き", "horizontal", frozenset({"bpmndi:BPMNShape"}), _BOOL),
    _row("isExpanded", "開いている", "expanded", frozenset({"bpmndi:BPMNShape"}), _BOOL),
    _row("isMarkerVisible", "記号を表示", "marker visible", frozenset({"bpmndi:BPMNShape"}), _BOOL),
    _row("isMessageVisible", "メッセージを表示", "message visible", frozenset({"bpmndi:BPMNShape"}), _BOOL),
    _row("labelStyle", "札の書体", "label style", frozenset({"bpmndi:BPMNLabel"})),
    _row("messageVisibleKind", "メッセージの表示", "message kind", frozenset({"bpmndi:BPMNEdge"})),
    _row("resolution", "解像度", "resolution", frozenset({"bpmndi:BPMNDiagram"}), _NUMBER),
    _row("documentation", "図の説明", "documentation", frozenset({"bpmndi:BPMNDiagram"})),
    _row("x", "位置", "x", _AREAS, _NUMBER),
    _row("y", "位置", "y", _AREAS, _NUMBER),
    _row("width", "幅", "width", frozenset({"dc:Bounds"}), _NUMBER),
    _row("height", "高さ", "height", frozenset({"dc:Bounds"}), _NUMBER),
    *(
        _row(name, "書体", "font", frozenset({"dc:Font"}))
        for name in ("size", "isBold", "isItalic", "isUnderline", "isStrikeThrough")
    ),
    *(
        _row(name, "色", "colour", _SHAPES | {"bpmndi:BPMNLabel"}, _COLOUR)
        for name in ("bioc:stroke", "bioc:fill", "color:background-color", "color:border-color", "color:color")
    ),
)

ATTRIBUTES: tuple[Row, ...] = (*_BPMN, *_CAMUNDA, *_TSUNAGU, *_OWN, *_DRAWING)
