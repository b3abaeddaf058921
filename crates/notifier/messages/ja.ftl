# kigen のメッセージ（日本語）。書き方は en.ftl の冒頭を参照。

## 文のつなぎ方

between-sentences = { "" }
between-items = 、
between-all-of = { " " }と{ " " }
and-more = { $shown }、ほか { $more } 件
and-others = { $shown }、ほか { $others } 件

## 日時

day = { $month }月{ $day }日({ $weekday ->
        [1] 月
        [2] 火
        [3] 水
        [4] 木
        [5] 金
        [6] 土
       *[7] 日
    })
day-and-clock = { $day } { $clock }
span-seconds = { $seconds }秒
span-minutes = { $minutes }分
span-minutes-and-seconds = { $minutes }分{ $seconds }秒
span-hours = { $hours }時間{ $minutes }分
span-days = { $days }日{ $hours }時間
span-range = { $shortest }～{ $longest }

## 状態（メッセージの先頭）

state-missed = 期限未達
state-retracted = 取り消し
state-unknown = 判定不能
state-judged-again = 再判定
state-failed = 失敗
state-recovered = 復旧
state-at-risk = 遅延のおそれ
state-over = 解消
state-storm = 多発
state-digest = まとめ
state-not-as-expected = 想定外の結果
state-budget-spent = 許容回数の超過
state-budget-half-spent = 許容回数の半分を消費
state-silent = 応答なし
state-stalled = 停止
state-forgotten = 監視終了
with-state = 【{ $state }】{ $headline }

## 対象と日時

name-of-objective = { $name }（{ $objective }）
context-deadline = 期限 { $deadline } { $zone }
context-deadlines = 期限 { $first }～{ $last } { $zone }
context-run = { $start } { $zone } の実行
context-grace = { $context } ＋猶予 { $grace }
context-cluster = クラスター { $cluster }
context-clusters = クラスター: { $clusters }
context-warning = 重要度: 警告
context-age = { $age }前の通知
late = この通知は { $age }遅れで届いています。kigen は { $decided } { $zone } に判定しましたが、それまで送信できませんでした。
before = これまでの内容: { $headline }。
before-with-cause = これまでの内容: { $headline }。原因: { $cause }。
full-stop = { $text }。
reminder-headline = 再通知: { $headline }
reminder = { $age }の間新しい知らせがなく、まだ解消していません。次の再通知は{ $next }後です。

## 期限未達

missed-headline = { $name } の正常な結果が { $clock } の期限に間に合っていません
misses-in-a-row = { $misses } 回連続の期限未達です。

cause-cron-job-gone = この名前の CronJob は削除されています。このままでは何も実行されません。
cause-cron-job-never-seen = この名前の CronJob は一度も確認されていません。CronJob を作成するか、目標の対象を修正するまで、何も実行されません。
cause-no-cron-job = 期限の時点で、この名前の CronJob はありませんでした。
cause-no-cron-job-then = 期限の時点で、この名前の CronJob はありませんでした。現在は存在します。
cause-target-gone = { $target } が削除されています（この開始までに結果が必要でした）。{ $target } が戻るまで、次の期限はありません。
target = CronJob { $target }
target-unknown = 後続の CronJob
cause-suspended = CronJob が一時停止（suspend）されています。再開するまで何も実行されません。
cause-expectation = 実行は正常に終了しましたが、想定どおりの結果ではありません: { $broken }。そのため、期限内の結果とは見なしません。
cause-still-running = { $since } に開始した実行がまだ終わっていません（期限の時点で { $span }経過）。
cause-still-running-after = 期限を過ぎた { $since } に開始した実行がまだ終わっていません。
cause-was-running = { $since } に開始した実行が、期限の時点で終わっていませんでした（{ $span }経過）。
cause-was-running-after = 期限を過ぎた { $since } に開始した実行が、まだ終わっていませんでした。
cause-running-failed = その後、{ $at } に失敗しました。
cause-pending = { $since } に作成された実行が始まっていません。理由: { $why }。
cause-was-pending = { $since } に作成された実行が、期限の時点で始まっていませんでした。理由: { $why }。
cause-never-started = { $expected } に始まるはずの実行が始まっていません。
cause-started-late = 開始が遅れました。{ $expected } の予定に対し、{ $made } に作成されました。
cause-in-the-way = { $run } の実行がまだ終わっておらず、これが妨げになっている可能性があります。
cause-was-in-the-way = { $run } の実行が終わっておらず、これが妨げになった可能性があります。
cause-end-not-observed = { $run } の実行がどう終わったかは不明です。{ $from } から { $to } まで監視できませんでした。CronJob にも期限内の成功は記録されていません。
cause-end-never-observed = { $run } の実行がどう終わったかは不明です。{ $to } まで監視できませんでした。CronJob にも期限内の成功は記録されていません。
cause-not-observed = { $expected } に予定されていた実行がどうなったかは不明です。{ $from } から { $to } まで監視できませんでした。CronJob にも期限内の成功は記録されていません。
cause-never-observed = { $expected } に予定されていた実行がどうなったかは不明です。{ $to } まで監視できませんでした。CronJob にも期限内の成功は記録されていません。

## 実行が待っている理由

why-unknown = Kubernetes は理由を報告していません
why-suspended = Job が一時停止（suspend）されています
why-without-pod = Pod が作成されていません。ResourceQuota や admission の制限が考えられます

## 原因（ロック画面用の短い表現）

brief-cron-job-gone = CronJob がありません
brief-target-gone = { $target } が削除されています
brief-suspended = CronJob が一時停止中
brief-still-running = { $since } から実行中
brief-pending = { $since } から待機中
brief-never-started = 未開始（{ $expected } の予定）
brief-not-observed = 監視できず
brief-failure = { $reason }、終了コード { $code }
brief-index = インデックス { $index }: { $brief }

## 想定と異なる結果

broken-duration = 実行時間が { $took }（想定は { $min }以上）
broken-unreported = { $name } が報告されていません
broken-min = { $name } が { $was }（想定は { $limit } 以上）
broken-max = { $name } が { $was }（想定は { $limit } 以下）
broken-drop = { $name } が { $was }（通常より { $percent } % を超えて減少）
broken-usual = { $broken }、直近 { $runs } 回の中央値は { $usual }
between-broken = { " " }／{ " " }

## 失敗

failed-deleted = 終了する前に Job が削除されました。
failed-deleted-at = 終了する前の { $at } に Job が削除されました。
failed-deleted-between = 終了する前に、{ $after } から { $at } までの間に Job が削除されました。
failed-replaced = 終了する前に、次の実行に置き換えられました（concurrencyPolicy: Replace）。
failed-replaced-at = 終了する前の { $at } に、次の実行に置き換えられました（concurrencyPolicy: Replace）。
failed =
    { $attempts ->
        [1] 実行が失敗しました（試行 1 回）: { $reason }。
       *[other] 実行が { $attempts } 回の試行の末に失敗しました: { $reason }。
    }
failed-active-deadline =
    { $attempts ->
        [1] activeDeadlineSeconds を超えたため、実行が失敗しました（試行 1 回）: { $reason }。
       *[other] activeDeadlineSeconds を超えたため、実行が { $attempts } 回の試行の末に失敗しました: { $reason }。
    }
ended =
    { $attempts ->
        [1] { $how }で終了しています。
       *[other] 最後の試行は{ $how }で終了しています。
    }
ended-of-index =
    { $attempts ->
        [1] インデックス { $index } が{ $how }で終了しています。
       *[other] 最後の試行（インデックス { $index }）は{ $how }で終了しています。
    }
how-reason-and-code = { "" } { $reason }、終了コード { $code } { "" }
how-reason = { "" } { $reason }（終了コードなし）
how-code = 終了コード { $code } { "" }
how-code-and-hint = 終了コード { $code }（{ $hint }）

## 終了コードの名前

hint-signal = { $signal } による終了
hint-luigi-and-gokart = luigi/gokart では { $name }
hint-gokart-or-luigi = gokart では { $gokart }、luigi では { $luigi }
hint-gokart = gokart では { $name }
hint-luigi = luigi では { $name }
hint-not-runnable = シェルがコマンドを実行できない
hint-not-found = シェルがコマンドを見つけられない

## 本体以外のコンテナー

work-ended = { $name } は終了コードなしで終了
work-ended-at = { $name } は { $at } に終了コードなしで終了
work-ended-with = { $name } は終了コード { $code } で終了
work-ended-at-with = { $name } は { $at } に終了コード { $code } で終了
work-done-but-kept = { $ends }しています。処理は終わっている可能性がありますが、{ $running } が動き続けているため Pod が終了しません。
work-failed-and-kept = { $ends }しています。さらに、{ $running } が動き続けているため Pod が終了しません。
pod-hangs = { $at } に失敗しましたが、Pod { $pod } はその後も終了処理中です（{ $running } がまだ動いています）。
pod-hangs-on-node = { $at } に失敗しましたが、{ $node } 上の Pod { $pod } はその後も終了処理中です（{ $running } がまだ動いています）。
beside-failed = { $work } が 0 で終了した後、コンテナー { $name } が{ $how }で終了しました。処理は終わっている可能性があります。

## よくあるエラーの意味と対処

known-oom-killed = OOMKilled: メモリー使用量が上限を超えました。`resources.limits.memory` を引き上げるか、使用量を減らしてください。
known-evicted = Evicted: ノードのメモリーまたはディスクが不足しました。使用量に見合う requests を設定し、ノードを確認してください。
known-image = イメージを取得できません。イメージ名とタグ、名前空間の pull secret を確認してください。
known-container-config = 参照している ConfigMap または Secret が存在しないか、キーがありません。作成または修正してください。
known-container-create = コンテナーを作成できません。コマンド、ボリューム、ノードのイベントを確認してください。
known-unschedulable = 配置できるノードがありません。requests、nodeSelector、toleration と、稼働中の Pod を確認してください。
known-mount = ボリュームをマウントできません。PVC、Secret、ConfigMap と、直前に使用していたノードを確認してください。
known-active-deadline = `activeDeadlineSeconds` を超えて実行されました。値を引き上げるか、遅くなった原因を調べてください。
known-start = コンテナーを起動できません。コマンドがイメージにないか、ボリュームの位置が誤っています。`command`、`args`、イメージのタグを確認してください。
known-crash-loop = コンテナーが終了を繰り返しています。ログの末尾で原因を確認してください。
known-preempted = 優先度の高い Pod に場所を譲りました。priorityClass を引き上げるか、ノードを増やしてください。
known-node-gone = ノードが停止・消失・退避されました。再実行し、ノードを確認してください。
known-not-created = Kubernetes が Pod の作成を拒否しました。名前空間の ResourceQuota、サービスアカウント、admission の制限を確認してください。
known-pod-failure-policy = `podFailurePolicy` の規則により終了しました。規則が指定する終了コードや条件を確認してください。
known-exit-command = コマンドがイメージにないか、実行できません。`command`、`args`、イメージのタグを確認してください。
known-exit-abort = プログラムが自ら異常終了しました（ネイティブコードの検査の失敗、またはメモリー確保の失敗）。ログの末尾で原因を確認してください。
known-exit-kill = 強制終了されました。多くの場合、ノードのメモリー不足か、停止要求に時間内に応じなかったことが原因です。Pod とノードのイベントを確認してください。
known-exit-segv = ネイティブコードがクラッシュしました。多くの場合、ライブラリーの不整合か、アーキテクチャーの異なるイメージが原因です。イメージの変更点を確認してください。
known-exit-term = 停止を要求されました（ノードの退避や縮小、または Job の削除）。再実行し、ノードのイベントを確認してください。
known-exit-silent = プログラムがエラーで終了しましたが、メッセージを残していません。ログを確認してください。`terminationMessagePolicy: FallbackToLogsOnError` を設定すると、次回からログの末尾が通知に入ります。

## 対処（よくあるエラーに当てはまらない場合）

todo-still-running = 対処: 処理が進んでいるかログで確認してください。このまま正常に終わる可能性もあります。
todo-never-started = 対処: Job が作成されない原因を CronJob のイベントで確認し、結果が必要であれば再実行してください。
todo-in-the-way = 対処: その実行が止まっている場合は、次の実行が始まるように Job を削除してください。
todo-not-observed = 対処: 結果が出ているか確認し、出ていなければ再実行してください。
todo-suspended = 対処: 再開してください。意図した停止であれば、`kigen mute` で通知を止めてください。
todo-no-cron-job = 対処: CronJob を作成し直すか、目標を削除してください。
todo-expectation = 対処: 原因をログで確認し、結果が誤っていれば再実行してください。
todo-failed = 対処: エラーまたはログの内容から原因を取り除き、再実行してください。
todo-deleted = 対処: 意図した削除でなければ、再実行してください。
todo-replaced = 対処: 次の実行が終わるか確認してください。起動間隔より長くかかる実行は、毎回置き換えられます。
todo-unknown = 対処: このバッチへの対処は現時点では不要です。kigen の shipper が動いているか確認してください。
todo-not-started = 対処: 実行が始まらない原因を確認し、期限に間に合わせる必要があれば手動で開始してください。
todo-late = 対処: 処理が進んでいるかログで確認し、結果を待つ担当者に連絡してください。
todo-trend = 対処（営業時間内）: 開始を早めるか、処理を速くするか、期限を見直してください。
todo-budget = 対処（営業時間内）: 未達の主な原因を取り除くか、目標の割合を見直してください。
todo-silent = 対処: kigen の shipper を再起動するか、接続できない相手を復旧してください。
todo-stalled = 対処: kube-controller-manager が動いているか、Webhook やクォータが Job を拒否していないか確認してください。

## これまでの実行

usual-took = 直近 { $runs } 回の正常な実行の所要時間は { $took }です。
usual-took-later = 直近 { $runs } 回の正常な実行の所要時間は { $took }で、終了が毎回およそ { $by }ずつ遅くなっています。
usual-ended = 直近 { $runs } 回の正常な実行は、予定時刻の { $ended }後に終了しています。
usual-ended-later = 直近 { $runs } 回の正常な実行は、予定時刻の { $ended }後に終了しており、毎回およそ { $by }ずつ遅くなっています。
goes-on-missing = 開始を早めるか処理を速くしない限り、今後も期限に間に合いません。

## 実行の失敗

run-failed-headline = { $name } が失敗しました

## インシデントの終わり

recovered-headline = { $name } が { $late }遅れで完了しました
recovered-there = { $at } に正常な結果が出ています。
recovered-later-headline = { $name } が正常に戻りました
recovered-later = { $run } の実行が { $at } に正常に終了しました。{ $deadline } の期限の結果は出ないままです。
recovered-misses = { $since } から { $misses } 回連続で期限に間に合いませんでした。
incident-over = このインシデントは終了しました。
incident-goes-on = このインシデントでは、ほかに { $misses } 件の期限が未達のままです。
retracted-headline = { $name } は期限に間に合っていました
retracted = { $at } に正常な結果が出ていました。
retracted-within-grace = 猶予時間内の { $at } に正常な結果が出ていました。
retracted-run-before = その前の実行が想定どおりの結果ではなかったため、期限未達と判定していました。
retracted-seen-late =
    { $verdict ->
        [missed] kigen がこれを確認したのは、期限未達と判定した後でした。
       *[unknown] kigen がこれを確認したのは、判定不能とした後でした。
    }

## 判定の根拠がない場合

unknown-headline = { $name } の { $clock } の期限は、間に合ったかどうか確認できません
unknown-headline-of-many = { $name } の { $slots } 件の期限は、間に合ったかどうか確認できません
unknown-from = kigen は { $from } から { $to } までクラスターを監視できませんでした。その間に正常な結果が出ていた可能性があります。確認でき次第、判定し直します。
unknown-until = kigen は { $to } までクラスターを監視できませんでした。その間に正常な結果が出ていた可能性があります。確認でき次第、判定し直します。
unknown-many-from = kigen は { $from } から { $to } までクラスターを監視できませんでした。その間に正常な結果が出ていた可能性があります。確認でき次第、各期限を判定し直します。
unknown-many-until = kigen は { $to } までクラスターを監視できませんでした。その間に正常な結果が出ていた可能性があります。確認でき次第、各期限を判定し直します。
judged-again-headline = { $name } の { $judged } 件の期限を判定し直しました
judged-again =
    { $missed ->
        [0] 判定不能だった { $slots } 件の期限のうち、{ $met } 件は期限内に正常な結果が出ていました。
       *[other] 判定不能だった { $slots } 件の期限のうち、{ $met } 件は期限内に正常な結果が出ており、{ $missed } 件は未達でした。未達の期限は個別に通知します。
    }
judged-again-rest = { $rest } 件は、kigen が保持する判定より古いため、判定不能のままです。

## 期限前の警告

risk-over-headline = { $name } は { $clock } の期限に間に合いました
risk-over = { $at } に正常な結果が出ています。
risk-void-headline = { $name } の { $clock } の期限に遅れるおそれはなくなりました
risk-void = 期限が変更されたか、この期限の結果は不要になりました。
not-started-headline = { $name } が { $clock } の期限に向けて始まっていません
not-started-brief = 未開始、残り { $left }
not-started = { $expected } に予定されていた実行が始まっていません。
not-started-within = { $expected } に予定され、{ $within }以内に始まるはずの実行が始まっていません。
not-started-needs = 直近 { $runs } 回の正常な実行のうち 9 割は { $needs }以内に終わっていますが、残り時間は { $left }です。
left = 残り時間は { $left }です。
waiting-in-the-way = { $since } の実行がまだ終わっておらず、これが妨げになっている可能性があります。
waiting-suspended = Job は { $since } に作成されていますが、一時停止（suspend）されています。
waiting-without-pod = Job は { $since } に作成されていますが、Pod がまだ動いていません。
late-headline = { $name } が { $clock } の期限に遅れるおそれがあります
running-late-brief = 実行に遅れ、残り { $left }
running-late = { $since } に開始した実行が、{ $after }経過しても終わっていません。同じだけ時間のかかった過去 { $runs } 回の実行のうち、{ $longer } 回は今回の許容時間 { $allowed }を超えました。
longer-than-ever-brief = 過去最長の実行、残り { $left }
longer-than-ever = { $since } に開始した実行が、{ $after }経過しても終わっていません。直近 { $runs } 回の正常な実行のどれよりも長くかかっています（最長は { $longest }）。
trend-headline = { $name } は { $day } に期限に間に合わなくなる見込みです
trend-brief = 毎回 { $by }ずつ遅延
trend = 直近 { $slots } 回の期限で、結果が毎回およそ { $by }ずつ遅くなっており、現在は{ $margin }に出ています。この傾向が続くと、{ $misses } の期限から間に合わなくなります。
level-headline = { $name } の完了が以前より期限に近づいています
level-brief = { $by }の遅れ
level = 直近 { $slots } 回の結果は{ $now }に出ており、以前（{ $before }）より { $by }遅くなっています。残っていた余裕の半分以上が失われています。
margin-before = 期限の { $margin }前
margin-after = 期限の { $margin }後

## 想定と異なるが有効な実行

expectation-headline = { $name } の { $clock } の結果は出ていますが、想定どおりではありません
expectation = 実行は正常に終了しましたが、想定どおりの結果ではありません: { $broken }。目標の設定により、期限内の結果として扱います。

## 期限未達の許容回数

budget-spent-headline = { $name } は期限未達の許容回数を使い切りました
budget-half-spent-headline = { $name } は期限未達の許容回数の半分を使いました
brief-budget = 未達 { $missed } 件、残り { $left } 件
budget = 直近 { $days } 日間の { $slots } 件の期限のうち、{ $last } の期限を含めて { $missed } 件が未達でした。目標 { $target } で許容されるのは { $allowed } 件で、残りは { $left } 件です。ミュート中や対象外の期限は数えません。

## クラスター全体

silent-headline = クラスター { $cluster } は { $since } から応答がありません
silent-objectives =
    { $objectives ->
        [0] 判定を待っている目標はありません
       *[other] { $objectives } 件の目標が判定されていません
    }
silent-next = 次の期限は { $deadline } の { $name } です
silent = { $waiting }。その間、このクラスターの期限を未達とは判定しません。観測が再開した時点で、すべての期限を判定します。kigen の shipper が動いていないか、API サーバーまたはログに接続できません。
context-silent-since = { $since } から応答なし
context-silent = { $from } から { $to } { $zone } まで応答なし
silence-over-headline = クラスター { $cluster } の観測が再開しました（{ $span }の停止）
forgotten-headline = クラスター { $cluster } の監視は終了しました
forgotten = 管理者の操作により、kigen はこのクラスターを対象から外しました。以後、期限は判定されません。
judged-met = 期限内 { $count } 件
judged-missed = 未達 { $count } 件
judged-unknown = 判定不能 { $count } 件
judged-excused = 対象外 { $count } 件
judged-nothing = { $from } から { $to } までに迎えた期限はありません。
judged-late = { $from } から { $to } までの { $all } 件の期限を、遅れて判定しました: { $counts }。
judged-at-least = { $from } から { $to } までの少なくとも { $all } 件の期限を、遅れて判定しました: { $counts }。
judged-misses = 未達の期限は個別に通知します。
stalled-headline = クラスター { $cluster } では { $since } 以降、CronJob が 1 つも実行されていません
brief-stalled = { $overdue } 件が予定どおりに実行されず
stalled = その後、{ $overdue } 件の CronJob の予定時刻を過ぎましたが、1 つも実行されていません。CronJob コントローラー（kube-controller-manager の一部）が動いていないか、Job の作成が拒否されています（Webhook やクォータ）。この間に実行されなかった期限も判定しますが、個別の通知は、再開から 1 時間後も未達の場合だけです。
stalled-cron-job = { $name }（{ $expected }）
context-last-fire = 最後の実行 { $since }
stall-over-headline = クラスター { $cluster } の CronJob が再び実行されています（{ $span }の停止）
stall-over = Kubernetes が埋め合わせるのは、各 CronJob の最後の予定 1 回分だけです（startingDeadlineSeconds）。1 時間後も未達の期限は、その時点で個別に通知します。
context-no-fire = { $from } から { $to } { $zone } まで実行なし

## 多数の通知

storm-headline = { $alerts } 件の通知が同時に発生しています
storm-headline-over = { $alerts } 件の通知が同時に発生しています（うち { $over } 件は解消）
storm-what = 内訳: { $counts }。
storm-owners = 担当: { $counts }。
storm-count = { $name } { $count } 件
storm-line = • { $headline }
storm-line-with-cause = • { $headline }: { $cause }
storm-more = ほか { $more } 件。
storm-thread = 個々の通知はスレッドにあります。

## 通知を控える時間帯のあと

digest-headline = 通知を控える時間帯（{ $until } { $zone } まで）に { $alerts } 件の通知がありました{ $over ->
    [0] （解消済みはありません）
   *[other] （うち { $over } 件は解消済み）
 }
digest-open = 未解消:
digest-over = 解消済み:

## 何が起きたか

no-owner = 担当なし
what-no-cron-job = CronJob なし
what-suspended = 一時停止
what-failed = 失敗
what-still-running = 実行中
what-pending = 待機中
what-never-started = 未開始
what-not-observed = 監視できず
what-not-as-expected = 想定外の結果
what-at-risk = 遅延のおそれ
what-unknown = 判定不能
what-run-failed = 実行の失敗
what-recovered = 復旧
what-retracted = 取り消し
what-judged-again = 再判定
what-risk-over = 解消
what-budget-spent = 許容回数の超過
what-cluster-silent = クラスター応答なし
what-cluster-stalled = CronJob 停止
what-silence-over = 観測再開
what-stall-over = 実行再開

## 関連する情報

source-missing = 読み込み元の { $source } も { $deadline } の期限の結果が出ていません。先にそちらを確認してください。
source-came = 読み込み元の { $source } の結果（期限 { $deadline }）が { $at } に遅れて出ています。
source-at-risk = 読み込み元の { $source } も { $deadline } の期限に遅れるおそれがあります。先にそちらを確認してください。
reader-at = { $reader }（{ $at } 開始）
read-next = 次にこの結果を使う処理: { $readers }。
took-failed = この実行は { $start } に始まり、{ $took }後の { $end } に失敗しました。
took = 所要時間は { $took }でした。
took-and-usual = 所要時間は { $took }でした（通常は { $usual }）。
marks = 直近の期限
marks-value = { $marks }（{ $judged } 件中 { $met } 件が期限内）
chart-title = 直近の結果の時刻
chart-axis = 期限からの分数（正は遅れ）
chart-results = 結果
chart-deadlines = 期限
repeat = 再実行コマンド
resume = 再開コマンド
left-out = [{ $lines } 行省略]
whole-error-headline = { $name } のエラー全文

## メッセージ下部の情報

job = Job
job-marked = { $job }（{ $mark } 分の再実行）
job-unscheduled = { $job }（スケジュール外の実行）
pod = Pod
pod-of-index = { $pod }（インデックス { $index }）
pod-on-node = { $pod }（ノード { $node }）
reported = 報告値
failed-attempts = 失敗した試行
owner = 担当
objective = 目標
complete-by = "{ $crontab }" { $zone } までに完了
before-starts = { $target } の開始前に完了
runbook = 手順書
look = 確認コマンド
expected = 予定
failed-run = 失敗した実行
missed-deadline = 期限未達
fact = { $label }:

## 受信側で拒否された場合

rejected = この通知は { $channel } 宛てですが、拒否されました。{ $why }。
refused = Slack がメッセージを拒否しました（{ $code }）: { $advice }
repaired = ✅ `{ $batch }` の遅れた結果を読んだものは、すべて修復されました。{ $periods } 件すべてに正しい結果があります（{ $at }）。
trial = クラスター `{ $cluster }` の `kigen doctor --test` です。通知はこのチャンネルに届きます。
advice-channel-not-found = ボットから見えるチャンネル { $channel } がありません。名前を確認し、非公開の場合はボットを招待してください（/invite @kigen）
advice-not-in-channel = ボットを { $channel } に招待してください（/invite @kigen）
advice-archived = { $channel } はアーカイブされています。別のチャンネルを指定してください
advice-token = トークンが無効です。アプリのボットトークン（xoxb-...）を KIGEN_SLACK_TOKEN または token_file に設定してください
advice-restricted = ボットは { $channel } に投稿できません。投稿権限を変更するか、別のチャンネルを指定してください
advice-scope = アプリのスコープが不足しています。chat:write を追加し、インストールし直してください
advice-other = chat.postMessage のドキュメントでこのエラーを確認してください
