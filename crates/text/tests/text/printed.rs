//! The error texts that facts keep of what python3 printed of failed programs (`tracebacks/make.py`).

use expect_test::{Expect, expect};
use kigen_model::run::ERROR_TEXT_BYTES_MAX;
use kigen_text::error::kept as error_text;

/// All texts that were printed, by name.
fn printed() -> Vec<(String, String)> {
    let mut all: Vec<_> = std::fs::read_dir("tests/tracebacks")
        .expect("the folder of tracebacks")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).expect("a text"))
        })
        .collect();
    all.sort();
    all
}

fn of(name: &str) -> String {
    let all = printed();
    let (_, text) = all.iter().find(|(of, _)| of == name).expect("a text of that name");
    error_text(text)
}

fn check(name: &str, expected: Expect) {
    expected.assert_eq(&of(name));
}

/// The beginning and the end of a long text.
fn ends(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    let (first, last) = (&all[..lines], &all[all.len() - lines..]);
    format!("{}\n(...)\n{}", first.join("\n"), last.join("\n"))
}

#[test]
fn every_printed_text_is_kept_within_the_bound() {
    let all = printed();
    assert!(all.len() >= 20, "the texts are there");
    for (name, text) in all {
        let kept = error_text(&text);
        assert!(kept.len() <= ERROR_TEXT_BYTES_MAX, "{name}: {} bytes", kept.len());
        assert!(!kept.is_empty(), "{name}");
        // Of a log, a short traceback at its end is all there is to keep.
        if text.len() > ERROR_TEXT_BYTES_MAX && name != "logged" {
            assert!(kept.len() > ERROR_TEXT_BYTES_MAX / 4, "{name}: only {} bytes", kept.len());
        }
        let again = error_text(&kept);
        assert_eq!(
            again.lines().last(),
            kept.lines().last(),
            "{name}: what is kept is cut no shorter at its end"
        );
    }
}

#[test]
fn a_traceback_that_fits_is_kept_as_it_is() {
    for name in
        ["plain", "cause", "context", "group", "nested_group", "notes", "syntax", "recursion", "many_lines"]
    {
        let (_, text) = printed().into_iter().find(|(of, _)| of == name).expect("a text of that name");
        assert_eq!(error_text(&text), text.trim_end(), "{name}");
    }
}

#[test]
fn a_text_without_a_traceback_is_kept_from_its_end() {
    check("message_only", expect!["no rows in dwh.orders"]);
    let long = "é".repeat(3_000) + "\nno rows";
    let kept = error_text(&long);
    assert!(kept.ends_with("\nno rows") && kept.len() <= ERROR_TEXT_BYTES_MAX);
}

#[test]
fn of_a_deep_traceback_the_exception_and_the_frames_nearest_it_are_kept() {
    expect![[r#"
        Traceback (most recent call last):
          [192 lines left out]
          File "/app/main.py", line 5, in raises
            deeper(depth, error)
          File "/app/main.py", line 8, in deeper
            return raises(depth - 1, error)
        (...)
          File "/app/main.py", line 8, in deeper
            return raises(depth - 1, error)
                   ^^^^^^^^^^^^^^^^^^^^^^^^
          File "/app/main.py", line 4, in raises
            raise error
        ValueError: rows are missing"#]]
    .assert_eq(&ends(&of("deep"), 6));
}

#[test]
#[expect(clippy::too_many_lines, reason = "what is kept is shown in full")]
fn of_a_chain_each_exception_and_the_frames_nearest_to_each_are_kept() {
    check(
        "deep_chain",
        expect![[r#"
        Traceback (most recent call last):
          [4 lines left out]
          File "/app/main.py", line 5, in raises
            deeper(depth, error)
          File "/app/main.py", line 8, in deeper
            return raises(depth - 1, error)
                   ^^^^^^^^^^^^^^^^^^^^^^^^
          File "/app/main.py", line 5, in raises
            deeper(depth, error)
          File "/app/main.py", line 8, in deeper
            return raises(depth - 1, error)
                   ^^^^^^^^^^^^^^^^^^^^^^^^
          File "/app/main.py", line 5, in raises
            deeper(depth, error)
          File "/app/main.py", line 8, in deeper
            return raises(depth - 1, error)
                   ^^^^^^^^^^^^^^^^^^^^^^^^
          File "/app/main.py", line 5, in raises
            deeper(depth, error)
          File "/app/main.py", line 8, in deeper
            return raises(depth - 1, error)
                   ^^^^^^^^^^^^^^^^^^^^^^^^
          File "/app/main.py", line 5, in raises
            deeper(depth, error)
          File "/app/main.py", line 8, in deeper
            return raises(depth - 1, error)
                   ^^^^^^^^^^^^^^^^^^^^^^^^
          File "/app/main.py", line 5, in raises
            deeper(depth, error)
          File "/app/main.py", line 8, in deeper
            return raises(depth - 1, error)
                   ^^^^^^^^^^^^^^^^^^^^^^^^
          File "/app/main.py", line 5, in raises
            deeper(depth, error)
          File "/app/main.py", line 8, in deeper
            return raises(depth - 1, error)
                   ^^^^^^^^^^^^^^^^^^^^^^^^
          File "/app/main.py", line 5, in raises
            deeper(depth, error)
          File "/app/main.py", line 8, in deeper
            return raises(depth - 1, error)
                   ^^^^^^^^^^^^^^^^^^^^^^^^
          File "/app/main.py", line 5, in raises
            deeper(depth, error)
          File "/app/main.py", line 8, in deeper
            return raises(depth - 1, error)
                   ^^^^^^^^^^^^^^^^^^^^^^^^
          File "/app/main.py", line 5, in raises
            deeper(depth, error)
          File "/app/main.py", line 8, in deeper
            return raises(depth - 1, error)
                   ^^^^^^^^^^^^^^^^^^^^^^^^
          File "/app/main.py", line 5, in raises
            deeper(depth, error)
          File "/app/main.py", line 8, in deeper
            return raises(depth - 1, error)
                   ^^^^^^^^^^^^^^^^^^^^^^^^
          File "/app/main.py", line 5, in raises
            deeper(depth, error)
          File "/app/main.py", line 8, in deeper
            return raises(depth - 1, error)
                   ^^^^^^^^^^^^^^^^^^^^^^^^
          File "/app/main.py", line 4, in raises
            raise error
        ConnectionRefusedError: db:5432

        The above exception was the direct cause of the following exception:

        Traceback (most recent call last):
          File "/app/main.py", line 20, in layer
            layer(n - 1)
          File "/app/main.py", line 22, in layer
            raise RuntimeError(f'layer {n} failed') from error
        RuntimeError: layer 1 failed

        The above exception was the direct cause of the following exception:

        Traceback (most recent call last):
          File "/app/main.py", line 20, in layer
            layer(n - 1)
          File "/app/main.py", line 22, in layer
            raise RuntimeError(f'layer {n} failed') from error
        RuntimeError: layer 2 failed

        The above exception was the direct cause of the following exception:

        Traceback (most recent call last):
          File "/app/main.py", line 20, in layer
            layer(n - 1)
          File "/app/main.py", line 22, in layer
            raise RuntimeError(f'layer {n} failed') from error
        RuntimeError: layer 3 failed

        The above exception was the direct cause of the following exception:

        Traceback (most recent call last):
          File "/app/main.py", line 20, in layer
            layer(n - 1)
          File "/app/main.py", line 22, in layer
            raise RuntimeError(f'layer {n} failed') from error
        RuntimeError: layer 4 failed

        The above exception was the direct cause of the following exception:

        Traceback (most recent call last):
          File "/app/main.py", line 20, in layer
            layer(n - 1)
          File "/app/main.py", line 22, in layer
            raise RuntimeError(f'layer {n} failed') from error
        RuntimeError: layer 5 failed

        The above exception was the direct cause of the following exception:

        Traceback (most recent call last):
          File "/app/main.py", line 23, in <module>
            layer(6)
          File "/app/main.py", line 22, in layer
            raise RuntimeError(f'layer {n} failed') from error
        RuntimeError: layer 6 failed"#]],
    );
}

#[test]
fn of_an_endless_chain_the_last_exceptions_are_kept() {
    expect![[r#"
        Traceback (most recent call last):
          File "/app/main.py", line 20, in layer
            layer(n - 1)
          File "/app/main.py", line 18, in layer
            raise ConnectionRefusedError('db:5432')
        ConnectionRefusedError: db:5432

        The above exception was the direct cause of the following exception:

          [467 lines left out]
        RuntimeError: layer 67 failed
        The above exception was the direct cause of the following exception:
        (...)
          File "/app/main.py", line 22, in layer
            raise RuntimeError(f'layer {n} failed') from error
        RuntimeError: layer 79 failed

        The above exception was the direct cause of the following exception:

        Traceback (most recent call last):
          File "/app/main.py", line 23, in <module>
            layer(80)
          File "/app/main.py", line 22, in layer
            raise RuntimeError(f'layer {n} failed') from error
        RuntimeError: layer 80 failed"#]]
    .assert_eq(&ends(&of("long_chain"), 12));
}

#[test]
fn of_a_large_group_each_exception_that_is_printed_is_kept() {
    let kept = of("large_group");
    for shard in 0..15 {
        assert!(kept.contains(&format!("| ValueError: shard {shard}\n")), "{shard} of:\n{kept}");
    }
    expect![[r#"
          + Exception Group Traceback (most recent call last):
          |   File "/app/main.py", line 16, in <module>
          |     raise ExceptionGroup('many shards failed', [caught(8, ValueError(f'shard {n}')) for n in range(20)])
          | ExceptionGroup: many shards failed (20 sub-exceptions)
          +-+---------------- 1 ----------------
            | Traceback (most recent call last):
          [39 lines left out]
            |   File "/app/main.py", line 8, in deeper
            |     return raises(depth - 1, error)
            |            ^^^^^^^^^^^^^^^^^^^^^^^^
            |   File "/app/main.py", line 4, in raises
            |     raise error
            | ValueError: shard 0
            +---------------- 2 ----------------
        (...)
            |     raise error
            | ValueError: shard 11
            +---------------- 13 ----------------
          [45 lines left out]
            | ValueError: shard 12
            +---------------- 14 ----------------
          [45 lines left out]
            | ValueError: shard 13
            +---------------- 15 ----------------
          [45 lines left out]
            | ValueError: shard 14
            +---------------- ... ----------------
          [1 line left out]
            +------------------------------------"#]].assert_eq(&ends(&kept, 14));
}

#[test]
fn of_an_endless_message_the_beginning_is_kept() {
    expect![[r#"
        Traceback (most recent call last):
          File "/app/main.py", line 15, in <module>
            raises(3, ValueError('bad row: ' + 'x' * 10_000))
          File "/app/main.py", line 5, in raises
            deeper(depth, error)
          File "/app/main.py", line 8, in deeper
            return raises(depth - 1, error)
                   ^^^^^^^^^^^^^^^^^^^^^^^^
          File "/app/main.py", line 5, in raises
            deeper(depth, error)
          File "/app/main.py", line 8, in deeper
            return raises(depth - 1, error)
                   ^^^^^^^^^^^^^^^^^^^^^^^^
          File "/app/main.py", line 5, in raises
            deeper(depth, error)
          File "/app/main.py", line 8, in deeper
            return raises(depth - 1, error)
                   ^^^^^^^^^^^^^^^^^^^^^^^^
          File "/app/main.py", line 4, in raises
            raise error
        ValueError: bad row: (900 x)xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"#]].assert_eq(&of("endless_message").replace(&"x".repeat(900), "(900 x)"));
    expect![[r#"
        Traceback (most recent call last):
          File "/app/main.py", line 15, in <module>
            raises(3, ValueError('\n'.join(f'row {n} is bad: ' + 'x' * 30 for n in range(400))))
          File "/app/main.py", line 5, in raises
            deeper(depth, error)
          File "/app/main.py", line 8, in deeper
            return raises(depth - 1, error)
                   ^^^^^^^^^^^^^^^^^^^^^^^^
          File "/app/main.py", line 5, in raises
            deeper(depth, error)
          File "/app/main.py", line 8, in deeper
            return raises(depth - 1, error)
        (...)
        row 388 is bad: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
        row 389 is bad: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
        row 390 is bad: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
        row 391 is bad: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
        row 392 is bad: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
        row 393 is bad: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
        row 394 is bad: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
        row 395 is bad: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
        row 396 is bad: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
        row 397 is bad: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
        row 398 is bad: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
        row 399 is bad: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"#]]
    .assert_eq(&ends(&of("lines_without_end"), 12));
}

#[test]
fn a_message_is_cut_between_characters() {
    let kept = of("wide");
    assert!(kept.contains("ValueError: 値段がありません: 価格") && kept.ends_with('…'), "{kept}");
}

#[test]
fn output_before_the_last_traceback_is_left_out_and_output_after_it_is_kept() {
    check(
        "logged",
        expect![[r#"
        Traceback (most recent call last):
          File "/app/main.py", line 27, in <module>
            raises(2, ValueError('part 17 has no rows'))
          File "/app/main.py", line 5, in raises
            deeper(depth, error)
          File "/app/main.py", line 8, in deeper
            return raises(depth - 1, error)
                   ^^^^^^^^^^^^^^^^^^^^^^^^
          File "/app/main.py", line 5, in raises
            deeper(depth, error)
          File "/app/main.py", line 8, in deeper
            return raises(depth - 1, error)
                   ^^^^^^^^^^^^^^^^^^^^^^^^
          File "/app/main.py", line 4, in raises
            raise error
        ValueError: part 17 has no rows
        INFO: closing the connection
        INFO: ===== summary: 1 task failed ====="#]],
    );
    expect![[r#"
        Traceback (most recent call last):
          File "/app/main.py", line 19, in <module>
            raises(2, ValueError('part 17 has no rows'))
          File "/app/main.py", line 5, in raises
            deeper(depth, error)
          File "/app/main.py", line 8, in deeper
            return raises(depth - 1, error)
                   ^^^^^^^^^^^^^^^^^^^^^^^^
          File "/app/main.py", line 5, in raises
            deeper(depth, error)
          File "/app/main.py", line 8, in deeper
            return raises(depth - 1, error)
                   ^^^^^^^^^^^^^^^^^^^^^^^^
          File "/app/main.py", line 4, in raises
            raise error
        ValueError: part 17 has no rows
        INFO: cleaning up part 0 of dwh.orders
        INFO: cleaning up part 1 of dwh.orders
        INFO: cleaning up part 2 of dwh.orders
        INFO: cleaning up part 3 of dwh.orders
        (...)
        INFO: cleaning up part 281 of dwh.orders
        INFO: cleaning up part 282 of dwh.orders
        INFO: cleaning up part 283 of dwh.orders
        INFO: cleaning up part 284 of dwh.orders
        INFO: cleaning up part 285 of dwh.orders
        INFO: cleaning up part 286 of dwh.orders
        INFO: cleaning up part 287 of dwh.orders
        INFO: cleaning up part 288 of dwh.orders
        INFO: cleaning up part 289 of dwh.orders
        INFO: cleaning up part 290 of dwh.orders
        INFO: cleaning up part 291 of dwh.orders
        INFO: cleaning up part 292 of dwh.orders
        INFO: cleaning up part 293 of dwh.orders
        INFO: cleaning up part 294 of dwh.orders
        INFO: cleaning up part 295 of dwh.orders
        INFO: cleaning up part 296 of dwh.orders
        INFO: cleaning up part 297 of dwh.orders
        INFO: cleaning up part 298 of dwh.orders
        INFO: cleaning up part 299 of dwh.orders
        ERROR: the run ends with 1 failed task"#]]
    .assert_eq(&ends(&of("logged_and_buried"), 20));
}

#[test]
fn an_error_in_a_thread_or_in_another_process_is_recognised() {
    check(
        "thread",
        expect![[r#"
        Traceback (most recent call last):
          File "/usr/lib/python3.11/threading.py", line 1045, in _bootstrap_inner
            self.run()
          File "/usr/lib/python3.11/threading.py", line 982, in run
            self._target(*self._args, **self._kwargs)
          File "/app/main.py", line 5, in raises
            deeper(depth, error)
          File "/app/main.py", line 8, in deeper
            return raises(depth - 1, error)
                   ^^^^^^^^^^^^^^^^^^^^^^^^
          File "/app/main.py", line 4, in raises
            raise error
        ValueError: in a thread"#]],
    );
    check(
        "pool",
        expect![[r#"
        Traceback (most recent call last):
          File "/usr/lib/python3.11/concurrent/futures/process.py", line 261, in _process_worker
            r = call_item.fn(*call_item.args, **call_item.kwargs)
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          File "/app/main.py", line 5, in raises
            deeper(depth, error)
          File "/app/main.py", line 8, in deeper
            return raises(depth - 1, error)
                   ^^^^^^^^^^^^^^^^^^^^^^^^
          File "/app/main.py", line 4, in raises
            raise error
        ValueError: in a worker
        """

        The above exception was the direct cause of the following exception:

        Traceback (most recent call last):
          File "/app/main.py", line 19, in <module>
            pool.submit(raises, 1, ValueError('in a worker')).result()
          File "/usr/lib/python3.11/concurrent/futures/_base.py", line 456, in result
            return self.__get_result()
                   ^^^^^^^^^^^^^^^^^^^
          File "/usr/lib/python3.11/concurrent/futures/_base.py", line 401, in __get_result
            raise self._exception
        ValueError: in a worker"#]],
    );
    check(
        "interrupted",
        expect![[r#"
        Traceback (most recent call last):
          File "/app/main.py", line 15, in <module>
            raises(1, KeyboardInterrupt())
          File "/app/main.py", line 5, in raises
            deeper(depth, error)
          File "/app/main.py", line 8, in deeper
            return raises(depth - 1, error)
                   ^^^^^^^^^^^^^^^^^^^^^^^^
          File "/app/main.py", line 4, in raises
            raise error
        KeyboardInterrupt"#]],
    );
}

#[test]
fn a_traceback_that_was_cut_at_its_beginning_is_one() {
    let (_, text) = printed().into_iter().find(|(of, _)| of == "deep").expect("a text of that name");
    let cut = &text[text.len() - 6_000..];
    let kept = error_text(cut);
    assert!(kept.ends_with("ValueError: rows are missing"), "{kept}");
    assert!(kept.contains("lines left out]"), "{kept}");
}

#[test]
fn a_line_of_source_with_a_margin_of_its_own_is_no_group() {
    let text = "Traceback (most recent call last):\n  File \"/app/main.py\", line 3, in <module>\n    | other\n\
                TypeError: bad operand";
    assert_eq!(error_text(text), text);
}
