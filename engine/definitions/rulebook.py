"""Every rule of the publish checks beside the profile: what is said, what to do, and why the rule exists.

The texts are the only ones: checks name a rule and fill in the blanks. docs/bpmn-profile.md is made from it too.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.definitions.decision_texts import DECISIONS
from engine.definitions.findings import Finding, Severity


@dataclass(frozen=True)
class Rule:
    """message and remedy are templates of the finding's Japanese texts; why is for those who wonder."""

    key: str
    message: str
    remedy: str
    why: str = ""
    severity: Severity = Severity.ERROR


# fmt: off
_PROFILE = (
    ("profile.element", "{what}は使えません。{reason}",
     "{remedy}", "許可したものだけを使います。"),
    ("profile.event", "{what}は使えません。{reason}",
     "{remedy}", "許可したものだけを使います。"),
    ("profile.attribute", "属性「{name}」は使えません。",
     "取り除いてください。{hint}", "知らない属性は黙って無視され、書いたつもりの設定が働きません。"),
    ("profile.value", "属性「{name}」の値「{value}」は使えません。",
     "{hint}", "決まった値のほかは黙って無視されます。"),
    ("profile.place", "{what}は、ここ（{parent}の中）には置けません。",
     "正しい場所に置き直すか、取り除いてください。", "置き場所を間違えた要素は黙って捨てられます。"),
    ("profile.repeated", "{what}が二つ以上あります。",
     "一つにしてください。", "一つ目だけが使われ、残りは黙って無視されます。"),
    ("profile.text", "{what}の中に文字「{text}」があります。",
     "取り除いてください。", "読まれない文字は誤解のもとです。"),
)
_STRUCTURE = (
    ("structure.root", "BPMNの定義（definitions）ではありません。",
     "BPMN 2.0のファイルを選んでください。", ""),
    ("structure.process", "プロセスが{count}個あります。",
     "一つのファイルに一つのプロセスを描いてください。", "二つ目のプロセスは動きません。"),
    ("structure.executable", "プロセスが「実行できる」になっていません。",
     "isExecutable を true にしてください。", "false のプロセスは一覧から消えます。"),
    ("structure.process_id", "プロセスの識別子「{found}」が、フォルダーの名前「{wanted}」と違います。",
     "プロセスの識別子を「{wanted}」に戻してください。", "動いているプロセスやメッセージが見失います。"),
    ("structure.process_name", "プロセスに名前がありません。",
     "日本語の名前を付けてください。", ""),
    ("structure.id_missing", "{what}に識別子がありません。",
     "英語の識別子（例: hold_conference）を付けてください。", "識別子のない要素は捨てられます。"),
    ("structure.id_form", "識別子「{found}」の形が正しくありません。",
     "英字で始まる英数字と下線だけの、64文字までの識別子にしてください。", ""),
    ("structure.id_reserved", "識別子「{found}」はシステムが使うため、付けられません。",
     "別の識別子にしてください。", "実行の仕組みの内部の要素とぶつかり、始められなくなります。"),
    ("structure.id_duplicate", "識別子「{found}」が二回以上使われています。",
     "別々の識別子にしてください。", "二つの要素が黙って一つになります。"),
    ("structure.id_in_other_file", "識別子「{found}」は、プロセス「{other}」でも使われています。",
     "どちらかの識別子を変えてください。", "二つの要素が黙って一つになります。"),
    ("structure.name_missing", "{what}に名前がありません。",
     "日本語の名前を付けてください。", "一覧や読み上げで何か分かりません。"),
    ("structure.hidden_characters", "名前に、見えない制御文字（向きの変更など）が含まれています。",
     "名前を入力し直してください。", "見える文字と違う意味に読ませることができます。"),
    ("structure.start_count", "開始イベントが{count}個あります。",
     "開始イベントを一つにしてください。始まり方の違いは tsunagu:entry で分けます。",
     "最初の一つだけが動き、残りは黙って捨てられます。"),
    ("structure.end_missing", "終了イベントがありません。",
     "終わり方ごとに終了イベントを置いてください。", "終了イベントに届かないと、完了になりません。"),
    ("structure.no_incoming", "{what}に入る線がありません。",
     "前の要素から線を引くか、取り除いてください。", "入る線のない要素は黙って捨てられます。"),
    ("structure.dead_end", "{what}から出る線がありません。",
     "次の要素か終了イベントへ線を引いてください。", "そこで流れが消え、ほかの枝だけで完了になります。"),
    ("structure.unreachable", "{what}には、開始からたどり着けません。",
     "つながる線を引くか、取り除いてください。", "開かれることのない仕事です。"),
    ("structure.no_way_to_end", "{what}から先は、どの終了イベントにもたどり着けません。",
     "終了イベントへ進む道を描いてください。", "ケースが終わらなくなります。"),
    ("structure.start_incoming", "開始イベントに入る線があります。",
     "戻る先を、開始イベントの次の要素にしてください。", ""),
    ("structure.end_outgoing", "終了イベントから出る線があります。",
     "線を取り除くか、中間イベントにしてください。", ""),
    ("structure.boundary_target", "境界イベントの取り付け先「{found}」が、同じ場所にある活動ではありません。",
     "ユーザータスク、受信タスク、サブプロセス、呼び出しのどれかに取り付けてください。", ""),
    ("structure.boundary_never", "{what}は待たずに終わるので、境界イベントは働きません。",
     "境界イベントを取り除くか、待つ活動に取り付けてください。", ""),
    ("structure.boundary_incoming", "境界イベントに入る線があります。",
     "線を取り除いてください。", ""),
    ("structure.sub_process_start", "サブプロセスの開始イベントに種類が付いています。",
     "開始イベント（なし）にしてください。", "種類の付いた開始イベントは待ち続けます。"),
    ("structure.loop_without_wait", "「{names}」のくり返しに、待つところがありません。",
     "くり返しの中に、人の仕事、メッセージ、タイマーのどれかを入れてください。", "止まらずに回り続けます。"),
    ("structure.lane_missing", "{what}がどのレーンにも入っていません。",
     "担当するレーンの中に置いてください。", "誰の仕事か図で分かりません。"),
    ("structure.lane_twice", "{what}が二つのレーン（{lanes}）に入っています。",
     "一つのレーンに入れてください。", ""),
    ("structure.lane_unknown", "レーン「{lane}」に、ない要素「{found}」が書かれています。",
     "レーンからその行を取り除いてください。", ""),
    ("structure.pool_missing", "プールとレーンがありません。",
     "役割ごとのレーンがあるプールの中に描いてください。", "誰が何をするか図で分かりません。"),
    ("structure.pool_process", "プール「{found}」が、このファイルのプロセスを指していません。",
     "プールの参照先（processRef）を直してください。", ""),
    ("structure.too_big", "要素が{count}個あります（{limit}個まで）。",
     "プロセスを分けてください。", "読めない図は直せません。"),
    ("structure.multi_instance_several", "{what}に、くり返しの印が二つ以上あります。",
     "一つにしてください。", ""),
)
_FLOW = (
    ("flow.end_missing", "線の元または先（{found}）がありません。",
     "線を引き直してください。", ""),
    ("flow.crosses", "線がサブプロセスの境を越えています。",
     "サブプロセスの中と外は、サブプロセスの線でつないでください。", ""),
    ("flow.duplicate", "「{source}」から「{target}」への線が二本以上あります。",
     "一本にしてください。条件は or でまとめられます。", "合流が二本を一本と数えます。"),
    ("flow.implicit_split", "{what}から線が{count}本出ています。",
     "ゲートウェイを置いて分けてください。", "活動やイベントから分かれると、読み込めないか、全部へ進みます。"),
    ("flow.condition_misplaced", "{what}から出る線に条件「{condition}」があります。",
     "排他ゲートウェイを置き、その出口に条件を書いてください。", "条件は黙って無視され、偽でも進みます。"),
    ("flow.default_misplaced", "{what}に既定の出口が指定されています。",
     "取り除くか、排他ゲートウェイの出口にしてください。", "黙って無視されます。"),
    ("flow.default_unknown", "既定の出口「{found}」は、{what}から出る線ではありません。",
     "出口の中から選び直してください。", ""),
    ("flow.default_with_condition", "既定の出口に条件「{condition}」があります。",
     "条件を取り除いてください。ほかの条件がどれも成り立たないときに進みます。", "黙って無視されます。"),
    ("flow.incoming_mismatch", "{what}に書かれた線「{found}」が、実際の線と合っていません。",
     "線を引き直して保存してください。", "図と動きが食い違います。"),
    ("gateway.name_missing", "分かれる{what}に、問いの名前がありません。",
     "「同意はありますか」のような問いの名前を付けてください。", ""),
    ("gateway.label_missing", "{what}「{gateway}」の出口（→{target}）に札がありません。",
     "出口ごとに、答えの札を付けてください。", ""),
    ("gateway.condition_missing", "{what}「{gateway}」の出口（→{target}）に条件がありません。",
     "条件を書くか、既定の出口にしてください。", "条件のない出口は読み込めません。"),
    ("gateway.incomplete", "{what}に既定の出口がなく、どの条件も成り立たないことがあります。",
     "既定の出口を一つ選んでください。", "どの条件も成り立たないと、そこで止まります。"),
    ("gateway.condition_unused", "出口が一つの{what}に条件「{condition}」があります。",
     "条件を取り除くか、もう一つの出口を描いてください。", "出口が一つだと条件は黙って無視されます。"),
    ("gateway.join_and_fork", "{what}が、合流と分岐を兼ねています。",
     "合流と分岐を別々のゲートウェイにしてください。", "どの枝を待ってから分かれるのか、読む人に分かりません。"),
    ("gateway.merge_and_choose", "{what}が、合流と分岐を兼ねています。",
     "合流を別のゲートウェイにすると読みやすくなります。", "動きは変わりません。", "advice"),
    ("gateway.pointless", "{what}の入る線と出る線が一本ずつです。",
     "取り除けます。", "", "advice"),
    ("gateway.event_few", "{what}の出口が{count}本です。",
     "出口を二つ以上にするか、イベントだけにしてください。", ""),
    ("gateway.event_target", "{what}の行き先「{target}」は、待つイベントではありません。",
     "行き先を、受信タスクか中間イベント（メッセージ・タイマー・シグナル）にしてください。", ""),
    ("gateway.event_target_shared", "{what}の行き先「{target}」に、ほかからも線が入っています。",
     "その行き先へは、このゲートウェイからだけ線を引いてください。", ""),
    ("gateway.event_target_boundary", "{what}の行き先「{target}」に境界イベントがあります。",
     "境界イベントを取り除くか、中間イベントにしてください。", "この組合せは確かめられていません。"),
    ("gateway.event_message_twice", "{what}の行き先が、同じメッセージ・シグナル「{message}」を二か所で待っています。",
     "一つにまとめてください。", "どちらへ進むか決まりません。"),
)
_TIMERS = (
    ("timer.expression_missing", "タイマーに日時・期間の式がありません。",
     "日時（timeDate）か期間（timeDuration）の式を書いてください。", ""),
    ("timer.several", "タイマーに式が二つ以上あります。",
     "日時・期間・くり返しのどれか一つにしてください。", "一つだけが使われます。"),
    ("timer.cycle", "くり返しのタイマーは、ここでは使えません。",
     "中断しない境界イベントにするか、期間のタイマーにしてください。", "一度で終わらず、同じ枝が何度も進みます。"),
    ("timer.follows", "「期限に従う」タイマーは、期限のあるユーザータスクの境界イベントだけに付けられます。",
     "tsunagu:follows を取り除くか、期限のあるユーザータスクに取り付けてください。", ""),
    ("multi_instance.collection", "複数実行の一覧がありません。",
     "一覧の変数を loopDataInputRef に書くか、回数を loopCardinality に書いてください。", ""),
    ("multi_instance.collection_type", "複数実行の一覧「{name}」は、一覧（list）として宣言された変数ではありません。",
     "種類が list の変数を宣言してください。", "一覧でないと、そこで止まります。"),
    ("multi_instance.both", "複数実行に、一覧と回数の両方が書かれています。",
     "どちらか一方にしてください。", "どちらの数だけ行うか決まりません。"),
    ("multi_instance.completion", "複数実行の完了条件「{expression}」: {reason}",
     "一件分の変数（{known}）だけを使ってください。", "ほかの変数は、ほかの枝がいつ変えるか分かりません。"),
    ("multi_instance.item", "複数実行の一件分の変数（inputDataItem）に名前がありません。",
     "一件分の変数に名前を付けてください。", "誰の分の仕事か分かりません。"),
    ("multi_instance.item_name", "複数実行の一件分の変数に「{name}」は使えません。",
     "プロセスの変数とも、外側の複数実行とも違う名前にしてください。", "外の変数が隠れて見えなくなります。"),
    ("multi_instance.item_id", "複数実行の一件分の変数の識別子「{id}」と名前「{name}」が合っていません。",
     "両方を同じ、英小文字と下線の名前にしてください。", "実行の仕組みは識別子で、画面は名前で変数を呼びます。"),
    ("multi_instance.output", "複数実行の結果は、結果の一覧と一件分の結果の両方が必要です。",
     "loopDataOutputRef と outputDataItem の両方を書くか、両方を取り除いてください。", ""),
    ("multi_instance.writes_outside", "並行の複数実行の中で、外の変数「{name}」を書き換えます（{how}）。",
     "帳票では x-variable をやめて記録だけにし、結果は複数実行の後の操作で集めてください。",
     "最後に終えた人の値が、ほかの人の値を消します。"),
)
_TASKS = (
    ("task.role_missing", "担当の役割がありません。",
     "「担当できる役割」（camunda:candidateGroups）を選んでください。", "誰の一覧にも出ない仕事になります。"),
    ("task.role_unknown", "役割「{name}」はありません。",
     "役割の一覧にある名前にしてください（{known}）。", ""),
    ("task.form_missing", "帳票「{name}」がありません。",
     "「様式」（camunda:formKey）を選び直すか、forms フォルダーに {name}.json を置いてください。",
     "入力する画面がありません。"),
    ("task.clock_missing", "期限がありません。",
     "「期間」（tsunagu:sla、例: 5 business_days）か「期限の式」（tsunagu:due）を決めてください。",
     "期限のない仕事は忘れられます。"),
    ("task.due_rule", "tsunagu:dueRule は、期間（sla）と期限（due）の両方があるときだけ使えます。",
     "足りない方を書くか、tsunagu:dueRule を取り除いてください。", "片方だけでは黙って無視されます。"),
    ("task.roll", "tsunagu:roll は、期限の式（due）があるときだけ使えます。",
     "取り除いてください。期間（sla）の期限はいつも開庁日に繰り下がります。", "黙って無視されます。"),
    ("task.ladder_unknown", "通知の段階「{name}」はありません。",
     "参照データにある名前（{known}）か none にしてください。", ""),
    ("task.org_scope_unknown", "担当する機関「{name}」が、決まった言葉でも、宣言された変数でもありません。",
     "owner、lead、accepted、field、lead_field、city、または機関を持つ変数にしてください。", ""),
    ("task.not_same_as_unknown", "「同じ人は不可」の相手「{name}」は、このプロセスのユーザータスクではありません。",
     "ユーザータスクの識別子にしてください。", ""),
    ("task.assign_to_unknown", "割当て先の変数「{name}」は宣言されていません。",
     "文字（text）の変数として宣言してください。", ""),
    ("task.operation_unknown", "操作「{name}」はありません。",
     "登録された操作の名前にしてください。", "知らない操作では、そこで止まります。"),
    ("service.operation_missing", "操作がありません。",
     "tsunagu:operation に登録された操作を書いてください。", "何もしないまま待ち続けます。"),
    ("service.operation_several", "操作が二つ以上あります。",
     "サービスタスクを分けてください。", ""),
    ("service.input_unknown", "操作「{operation}」に入力「{name}」はありません。",
     "使える入力: {known}。", ""),
    ("service.output_unknown", "操作「{operation}」に結果「{name}」はありません。",
     "使える結果: {known}。", ""),
    ("service.output_variable", "結果を入れる変数「{name}」は宣言されていません。",
     "tsunagu:variable で宣言してください。", ""),
    ("service.parameter_twice", "入力または結果「{name}」が二回書かれています。",
     "一つにしてください。", "後のものだけが使われます。"),
)
_VARIABLES = (
    ("variable.twice", "変数「{name}」が二回宣言されています。",
     "一つにしてください。", ""),
    ("variable.reserved", "変数の名前「{name}」はシステムが使います。",
     "宣言を取り除くか、別の名前にしてください。", ""),
    ("variable.type", "変数「{name}」の種類がありません。",
     "type を bool・int・decimal・text・date・instant・list・object から選んでください。", ""),
    ("variable.never_set", "変数「{name}」を読みますが、値を入れるところがありません。",
     "帳票の x-variable、操作の結果、メッセージの変数のどれかで入れてください。", "いつも空のままです。"),
    ("variable.unused", "変数「{name}」は、値を入れるところも読むところもありません。",
     "使わないなら宣言を取り除いてください。", "", "advice"),
    ("entry.missing", "始まり方がありません。",
     "開始イベントに tsunagu:entry を書いてください。", "誰もこのプロセスを始められません。"),
    ("entry.twice", "始まり方「{name}」が二回書かれています。",
     "一つにしてください。", ""),
    ("entry.name", "始まり方に名前がありません。",
     "manual、referral などの名前を付けてください。", ""),
    ("entry.with_message_start", "メッセージの開始イベントに、始まり方が書かれています。",
     "どちらか一方にしてください。", "メッセージの開始イベントは、そのメッセージでだけ始まります。"),
    ("expression.refused", "{where}「{expression}」: {reason}",
     "{hint}", "式の間違いは、そこに着いた時に止まる原因になります。"),
    ("expression.option", "{where}「{expression}」の「{value}」は、変数「{name}」の選択肢にありません。",
     "選択肢（{known}）のどれかにしてください。", "決して成り立たない条件です。"),
    ("expression.kind", "{where}「{expression}」で、変数「{name}」（{kind}）を{other}と比べています。",
     "同じ種類の値と比べてください。", "決して等しくなりません。"),
)
_MESSAGES = (
    ("message.ref_missing", "{what}に、メッセージの指定がありません。",
     "メッセージを選んでください。", "指定のない受信は待たずに、送信は送らずに、通り過ぎます。"),
    ("message.name_missing", "メッセージ「{found}」に名前がありません。",
     "case.escalated のような名前を付けてください。", ""),
    ("message.name_form", "メッセージの名前「{found}」の形が正しくありません。",
     "case.escalated のような、点で区切った英語の名前にしてください。", ""),
    ("message.unused", "メッセージ「{found}」は、どこでも使われていません。",
     "使わないなら取り除いてください。", "", "advice"),
    ("message.twice", "メッセージの名前「{found}」が二回宣言されています。",
     "一つにまとめてください。", "片方を直しても、もう片方が残ります。"),
    ("message.never_thrown", "メッセージ「{name}」を送るプロセスがありません。",
     "送るプロセスを先に作るか、名前を直してください。", "いつまでも待つことになります。"),
    ("message.never_caught", "メッセージ「{name}」を受けるプロセスがありません。",
     "受けるプロセスを先に作るか、名前を直してください。", "届かないメッセージになります。"),
    ("message.payload_undeclared", "メッセージの変数「{name}」は宣言されていません。",
     "tsunagu:variable で宣言してください。", ""),
    ("message.payload_unsent", "メッセージ「{message}」の変数「{name}」は、送る側（{senders}）が送っていません。",
     "送る側の tsunagu:payload に加えるか、ここから取り除いてください。", "いつも空のままです。"),
    ("message.payload_type", "変数「{name}」の種類が、送る側の「{other}」（{theirs}）とここ（{ours}）で違います。",
     "同じ種類にしてください。", "受け取った時に止まります。"),
    ("message.correlate_unsent", "鍵「{name}」を、メッセージ「{message}」の送る側（{senders}）が持っていません。",
     "送る側の tsunagu:correlate にも書いてください。", "決して届きません。"),
    ("message.starts_twice", "メッセージ「{name}」で始まる始まり方が二つあります。",
     "一つにしてください。", "どちらで始まるか決まりません。"),
)
_PARTS = (
    ("call.missing", "呼び出すプロセスの指定がありません。",
     "calledElement にプロセスの識別子を書いてください。", ""),
    ("call.unknown", "呼び出すプロセス「{called}」がありません。",
     "フォルダー「{called}」を隣に置くか、識別子を直してください。", "公開した版には、呼び出す先も一緒に入ります。"),
    ("call.not_callable", "プロセス「{called}」は、呼び出せるようになっていません。",
     "「{called}」の開始イベントに、始まり方 called を加えてください。",
     "呼び出されることを知らずに直すと、呼び出す側が止まります。"),
    ("call.cycle", "呼び出しが元のプロセスに戻ります（{path}）。",
     "輪にならないように、呼び出しを取り除いてください。", "終わりのない呼び出しになります。"),
    ("call.too_big", "呼び出しをすべて展開すると、要素が{count}個になります（{limit}個まで）。",
     "同じプロセスを何度も呼ばないようにするか、呼び出しの段を減らしてください。",
     "誰も全体を読めず、調べきれません。"),
    ("call.mapping", "渡す変数・受け取る変数の書き方が正しくありません。",
     "target と、source か sourceExpression のどちらか一つを書いてください。", "欠けた行は動きません。"),
    ("call.mapping_twice", "変数「{name}」への受け渡しが二回書かれています。",
     "一つにしてください。", "後のものだけが使われます。"),
    ("call.input_unknown", "プロセス「{called}」に、入力「{name}」はありません。",
     "使える入力: {known}。先の変数に input を付けると入力になります。",
     "先のプロセスは、宣言した入力だけを受け取ります。"),
    ("call.input_missing", "プロセス「{called}」の入力「{name}」を渡していません。",
     "camunda:in で渡してください。", "空のまま始まります。"),
    ("call.output_variable", "受け取る変数「{name}」は宣言されていません。",
     "tsunagu:variable で宣言してください。", ""),
    ("call.output_refused", "受け取る式「{expression}」: {reason}",
     "「{called}」で宣言された変数だけを使ってください。", "式の間違いは、戻った時に止まる原因になります。"),
    ("call.type", "変数「{name}」の種類が、「{called}」の「{other}」（{theirs}）とここ（{ours}）で違います。",
     "同じ種類にしてください。", "渡した先で止まる原因になります。"),
    ("call.id_shared", "識別子「{found}」は、呼び出す先「{called}」でも使われています。",
     "どちらかの識別子を変えてください。", "一緒に動く二つの要素が黙って一つになります。"),
    ("call.declaration", "「{found}」が、呼び出す先「{called}」では別のものを指しています。",
     "同じ内容にするか、別の識別子にしてください。", "片方の内容だけが使われます。"),
    ("event.ref_missing", "{what}に、{kind}の指定がありません。",
     "名前とコードのある{kind}を選んでください。", "指定がないと、何も起きないまま通り過ぎるか、待ち続けます。"),
    ("event.code_missing", "{kind}「{found}」に、{wanted}がありません。",
     "{wanted}を付けてください。", "空の指定は、どれでも受ける境界イベントとして働きます。"),
    ("event.twice", "{kind}「{found}」が二回宣言されています。",
     "一つにまとめてください。", "片方を直しても、もう片方が残ります。"),
    ("event.unused", "{kind}「{found}」は、どこでも使われていません。",
     "使わないなら取り除いてください。", "", "advice"),
    ("event.host", "{kind}の境界イベントが、投げることのない要素に付いています。",
     "サブプロセスか呼び出しに取り付けてください。", "いつまでも届きません。"),
    ("event.error_continues", "エラーの境界イベントが、中断しないものになっています。",
     "中断する境界イベントにしてください。続けたいときはエスカレーションを使います。", "エラーは必ず中断します。"),
    ("event.never_thrown", "{kind}「{found}」は、この中で投げられません。",
     "投げるイベントを中に描くか、境界イベントを取り除いてください。", "決して届きません。"),
    ("event.uncaught", "{kind}「{found}」を受け取る境界イベントが外側にありません。",
     "外側のサブプロセスか呼び出しに、同じコードか、コードなしの境界イベントを付けてください。",
     "エラーはそこで止まり、エスカレーションは誰にも伝わりません。"),
    ("event.uncaught_call", "呼び出す先「{called}」の{kind}「{found}」を受け取る境界イベントがありません。",
     "この呼び出しか外側に、同じコードか、コードなしの境界イベントを付けてください。",
     "エラーはそこで止まり、エスカレーションは誰にも伝わりません。"),
    ("event.signal_never_thrown", "シグナル「{found}」を送るところが、一緒に動くプロセスにありません。",
     "送る中間イベントを描くか、メッセージにしてください。", "シグナルは同じ手続きの中だけに届きます。"),
    ("event.signal_never_caught", "シグナル「{found}」を受けるところが、一緒に動くプロセスにありません。",
     "受けるイベントを描くか、メッセージにしてください。", "シグナルは同じ手続きの中だけに届きます。"),
    ("script.empty", "スクリプトがありません。",
     "「変数 = 式」の行を書いてください。", ""),
    ("script.line", "スクリプトの行「{line}」: {reason}",
     "「変数 = 式」の形で、一行に一つずつ書いてください。", "プログラムを図に書くことはできません。"),
    ("script.variable", "スクリプトで値を入れる変数「{name}」は宣言されていません。",
     "tsunagu:variable で宣言してください。", ""),
    ("script.built_in", "変数「{name}」はシステムが入れるため、スクリプトでは変えられません。",
     "別の変数に入れてください。", ""),
    ("loop.maximum", "くり返しに、回数の上限がありません。",
     "loopMaximum に 1 から 999 の回数を書いてください。", "条件が変わらないと、終わりのないくり返しになります。"),
    ("loop.two_kinds", "複数実行とくり返しの両方が書かれています。",
     "どちらか一つにしてください。", "片方は黙って無視されます。"),
    ("rule.decision_missing", "判定表の指定がありません。",
     "camunda:decisionRef に判定表の名前を書いてください。", "何も判定されません。"),
)
_GUARDS = (
    ("guard.consent", "同意ゲートは必須です。同意を確かめないまま「{name}」に着く道があります（{path}）。",
     "支援会議の前に、同意を取る仕事（consent.record）か同意の確認（consent.require）を必ず通してください。",
     "重層的支援会議は、本人の同意のもとで行います（社会福祉法106条の4、計画3(2)）。"),
    ("guard.city_staff", "「{name}」は市職員だけの仕事ですが、市職員のみになっていません。",
     "tsunagu:cityStaffOnly を true にしてください。", "立入調査・措置は委託できません。"),
    ("guard.interrupting_timer", "期限のあるタスク「{name}」のタイマーが、仕事を中断します。",
     "中断しない境界イベントにしてください。", "期限が過ぎても、仕事は取り上げません。"),
    ("guard.process_id_changed", "プロセスの識別子が「{was}」から「{now}」に変わっています。",
     "「{was}」に戻してください。", "動いているケースが新しい版に結び付かなくなります。"),
    ("guard.closure_reason", "ケースを閉じる操作「{operation}」に、理由（{name}）の入力がありません。",
     "camunda:inputParameter で理由を渡してください。", "終結には理由の記録が必要です。"),
)
_FORMS = (
    ("form.refused", "帳票に誤りがあります: {reason}",
     "{hint}", ""),
    ("form.variable_undeclared", "帳票「{form}」の項目「{field}」が、宣言されていない変数「{name}」に入ります。",
     "tsunagu:variable で宣言するか、x-variable を取り除いてください。", "値がどこにも入りません。"),
    ("form.variable_type", "帳票「{form}」の項目「{field}」（{theirs}）は、変数「{name}」（{ours}）に入りません。",
     "変数の種類か項目の型を直してください。", "入力した時に止まります。"),
    ("form.unused", "帳票「{form}」は、どのタスクでも使われていません。",
     "使わないなら取り除いてください。", "", "advice"),
    ("package.missing", "process.bpmn がありません。",
     "フォルダーに process.bpmn を置いてください。", ""),
    ("package.size", "ファイルが大きすぎます（{size}）。",
     "{limit}以内にしてください。", ""),
    ("package.called_count", "呼び出すプロセスが{limit}個を超えています。",
     "呼び出しを減らすか、プロセスを分けてください。", ""),
    ("package.count", "ファイルが{count}個あります（{limit}個まで）。",
     "使わないファイルを取り除いてください。", ""),
    ("package.file", "この種類のファイルは置けません。",
     "process.bpmn、forms フォルダーの .json、decisions フォルダーの .dmn だけを置いてください。", ""),
    ("package.json", "JSONとして読めません（{reason}）。",
     "JSONの形を直してください。", ""),
    ("package.shared_form", "共通の帳票「{name}」がありません。",
     "workflows/forms に置くか、$ref を直してください。", ""),
)
_LAST = (
    ("lint.unresolved", "図の中の参照「{found}」の先がありません。",
     "エディターで開いて保存し直すか、その参照を取り除いてください。", ""),
    ("lint.warning", "BPMNとして正しくない書き方があります（{detail}）。",
     "エディターで開いて保存し直してください。", ""),
    ("soundness.stuck", "「{names}」で待ったまま、進めなくなる道があります（{way}）。",
     "分かれ方と合流の組を合わせてください（排他で分けたら排他で、並行で分けたら並行で合流します）。",
     "合流が、届かない枝を待ち続けます。"),
    ("soundness.several_tokens", "「{name}」に、同時に二つの流れが届く道があります（{way}）。",
     "分かれ方と合流の組を合わせてください（並行で分けたら並行で合流します）。", "同じ仕事が二つ開きます。"),
    ("soundness.never", "「{name}」には、どの進み方でもたどり着けません。",
     "そこへ進む道を描くか、取り除いてください。", ""),
    ("soundness.undecided", "組合せが多すぎて、最後まで進めるかを調べきれませんでした（{count}通りまで）。",
     "並行の枝や複雑な分岐を減らすか、プロセスを分けると調べられます。", "", "advice"),
    ("trial.refused", "実行の仕組みが読み込めません: {reason}",
     "エディターで開いて直してください。", ""),
)
# fmt: on


def _rules() -> dict[str, Rule]:
    first = (_PROFILE, _STRUCTURE, _FLOW, _TIMERS, _TASKS, _PARTS, DECISIONS)
    tables = (*first, _VARIABLES, _MESSAGES, _GUARDS, _FORMS, _LAST)
    lines = [line for table in tables for line in table]
    found = {key: Rule(key, message, remedy, *_rest(rest)) for key, message, remedy, *rest in lines}
    assert len(found) == len(lines), "a rule key is used twice"
    return found


def _rest(rest: list[str]) -> tuple[str, Severity]:
    return rest[0], Severity(rest[1]) if len(rest) > 1 else Severity.ERROR


RULES = _rules()


@dataclass(frozen=True)
class Report:
    """Makes the findings of one file."""

    file: str

    def finding(self, rule: str, element_id: str = "", element_name: str = "", **blanks: object) -> Finding:
        """A finding of the rule at an element, the blanks of its texts filled in."""
        known = RULES[rule]
        shown = {name: _short(value, _LENGTHS.get(name, _LENGTH)) for name, value in blanks.items()}
        return Finding(
            file=self.file,
            element_id=_short(element_id),
            rule=rule,
            message_ja=known.message.format(**shown),
            remedy_ja=known.remedy.format(**shown),
            element_name=_short(element_name),
            severity=known.severity,
        )


_LENGTH = 160  #: signs of a value in a message
_LENGTHS = {"way": 1_200}  #: of those that are longer


def _short(value: object, length: int = _LENGTH) -> str:
    """A value in a message: one line, not longer than a person reads, no control characters."""
    text = " ".join(str(value).split())
    text = "".join(sign if sign.isprintable() else "�" for sign in text)
    return text if len(text) <= length else f"{text[: length - 3]}…"
