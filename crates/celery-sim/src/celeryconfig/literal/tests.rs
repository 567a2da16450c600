//! What is read, and where it is said to be wrong.

use super::{Value, parse};

/// The only value of a text without problems.
fn value(text: &str) -> Value {
    let (mut assignments, problems) = parse(&format!("x = {text}"));
    assert_eq!(problems, [], "{text}");
    assert_eq!(assignments.len(), 1, "{text}");
    assignments.remove(0).value.value
}

/// The only problem of a text, as `line:column message`.
fn problem(text: &str) -> String {
    let (_, problems) = parse(text);
    assert_eq!(problems.len(), 1, "{text}: {problems:?}");
    let place = problems[0].place;
    format!("{}:{} {}", place.line, place.column, problems[0].message)
}

fn texts(value: &Value) -> Vec<String> {
    let items = value.as_items().expect("a list or tuple");
    items.iter().map(|item| format!("{:?}", item.value)).collect()
}

#[test]
fn numbers_are_pythons() {
    for (text, expected) in [
        ("0", 0),
        ("00", 0),
        ("3600", 3600),
        ("1_000_000", 1_000_000),
        ("-5", -5),
        ("+5", 5),
        ("- - 5", 5),
        ("0xff", 255),
        ("0o17", 15),
        ("0B101", 5),
        ("60 * 60", 3600),
        ("2 + 3 * 4", 14),
        ("(2 + 3) * 4", 20),
        ("7 // 2", 3),
        ("-7 // 2", -4),
        ("-7 % 3", 2),
        ("2 ** 10", 1024),
        ("10 - 2 - 3", 5),
    ] {
        assert_eq!(value(text), Value::Int(expected), "{text}");
    }
    for (text, expected) in [
        ("1.5", 1.5),
        (".5", 0.5),
        ("2.", 2.0),
        ("1e3", 1000.0),
        ("-1.5E-1", -0.15),
        ("7 / 2", 3.5),
    ] {
        assert_eq!(value(text), Value::Float(expected), "{text}");
    }
    assert_eq!(problem("x = 012"), "1:5 a whole number does not begin with 0");
    assert_eq!(problem("x = 1 // 0"), "1:7 1 // 0 gives no usable number");
    assert_eq!(problem("x = 1 / 0"), "1:7 1 / 0 gives no usable number");
    assert!(problem("x = 99999999999999999999").contains("larger than any setting"));
    assert!(problem("x = 9223372036854775807 + 1").contains("no usable number"));
    assert!(problem("x = 0x").contains("is no number"));
    assert!(problem("x = 10s").starts_with("1:7 a number does not go on with a letter"));
}

#[test]
fn strings_are_pythons() {
    for (text, expected) in [
        ("'a'", "a"),
        (r#""it's""#, "it's"),
        (r"'it\'s'", "it's"),
        (r"'a\n\t\\'", "a\n\t\\"),
        (r"'\x41\u00e9\U0001F600\101\0'", "Aé😀A\0"),
        (r"r'\d+\n'", r"\d+\n"),
        (r"u'é'", "é"),
        (r"'\d'", r"\d"),
        ("'a' 'b'", "ab"),
        ("('a'\n     'b')", "ab"),
        ("'a' + 'b'", "ab"),
        ("'''a\n'b''c'''", "a\n'b''c"),
        ("\"\"\"\"quoted\\\"\"\"\"", "\"quoted\""),
        ("'a\\\nb'", "ab"),
        ("''", ""),
        ("'# no comment'", "# no comment"),
    ] {
        assert_eq!(value(text), Value::Str(expected.to_owned()), "{text}");
    }
    assert_eq!(value(r"b'\xff\x00a'"), Value::Bytes(vec![255, 0, b'a']));
    assert_eq!(value(r"Rb'\d'"), Value::Bytes(b"\\d".to_vec()));
    assert_eq!(problem("x = 'abc\ny = 1"), "1:5 this string has no closing '");
    assert_eq!(problem("x = '''abc\n"), "1:5 this string has no closing '''");
    assert!(problem("x = f'{a}'").starts_with("1:5 f-strings are not evaluated"));
    assert!(problem(r"x = '\xzz'").starts_with("1:6 this escape needs 2 digits"));
    assert!(problem(r"x = '\ud800'").contains("digits that name a character"));
    assert!(problem("x = b'é'").contains("ASCII"));
    assert!(problem("x = b'a' 'b'").starts_with("1:10 bytes and text cannot be joined"));
}

#[test]
fn booleans_and_none_are_pythons_and_others_are_pointed_out() {
    assert_eq!(value("True"), Value::Bool(true));
    assert_eq!(value("False"), Value::Bool(false));
    assert_eq!(value("None"), Value::None);
    assert_eq!(problem("x = true"), "1:5 Python writes True, not true");
    assert_eq!(problem("x = null"), "1:5 Python writes None, not null");
    assert!(problem("x = yes").starts_with("1:5 the name yes is not known here"));
    assert!(problem("x = os.environ['URL']").starts_with("1:5 os.environ[...] is not evaluated"));
}

#[test]
fn collections_nest_and_go_over_lines() {
    assert_eq!(texts(&value("[1, 'a', None,]")), ["Int(1)", "Str(\"a\")", "None"]);
    assert_eq!(texts(&value("(1,)")), ["Int(1)"]);
    assert_eq!(value("(1)"), Value::Int(1));
    assert_eq!(texts(&value("()")), Vec::<String>::new());
    let text =
        "{  # options\n    'visibility_timeout': 60 * 60,  # an hour\n    'a': {'b': [1]},\n}";
    let Value::Dict(pairs) = value(text) else { panic!("a dict") };
    assert_eq!(pairs[0].0.value, Value::Str("visibility_timeout".to_owned()));
    assert_eq!(pairs[0].1.value, Value::Int(3600));
    assert_eq!((pairs[0].1.place.line, pairs[0].1.place.column), (2, 27));
    assert!(matches!(value("{1, 2}"), Value::Set(members) if members.len() == 2));
    assert_eq!(value("{}"), Value::Dict(Vec::new()));
    assert_eq!(problem("x = [1, 2"), "1:5 this [ is never closed");
    assert_eq!(problem("x = {'a': 1"), "1:5 this { is never closed");
    assert_eq!(problem("x = [1 2]"), "1:8 expected a comma or ] here");
    assert_eq!(problem("x = {'a' 1}"), "1:10 expected a comma or } here");
    assert_eq!(problem("x = {'a': 1, 'b'}"), "1:17 expected : and a value after the key");
    assert_eq!(problem("x = [1)"), "1:7 expected a comma or ] here");
    assert!(problem(&format!("x = {}", "[".repeat(1000))).contains("nested more than"));
    assert!(problem(&format!("x = {}1", "-".repeat(1000))).contains("nested more than"));
}

#[test]
fn calls_are_kept_as_they_stand() {
    let Value::Call { on: None, name, args, named } = value("crontab(7, hour='*/2',\n  minute=0)")
    else {
        panic!("a call");
    };
    assert_eq!((name.as_str(), args.len()), ("crontab", 1));
    assert_eq!(named[0].0, "hour");
    assert_eq!(named[1].1.value, Value::Int(0));
    assert!(matches!(value("datetime.timedelta(seconds=30)"), Value::Call { .. }));
    assert_eq!(problem("x = crontab(1"), "1:12 this ( is never closed");
}

#[test]
fn lines_comments_and_docstrings_are_told_apart() {
    let text =
        "\"\"\"My\nconfig.\"\"\"\n\n# broker\na = 1; b = 2\nc: int = \\\n    3\r\n\nd = 4 # end";
    let (assignments, problems) = parse(text);
    assert_eq!(problems, []);
    let lines = assignments.iter().map(|it| (it.name.as_str(), it.place.line, it.place.column));
    assert_eq!(lines.collect::<Vec<_>>(), [("a", 5, 1), ("b", 5, 8), ("c", 6, 1), ("d", 9, 1)]);
    assert_eq!(parse(""), (Vec::new(), Vec::new()));
    assert_eq!(parse("# nothing\n\n").0, []);
}

#[test]
fn what_is_no_assignment_is_pointed_out_and_the_rest_is_read() {
    let text = "import os\na = 1\nif a:\n    b = 2\nc 3\nd =\ne = 1,\nf = 1 2\n= 5\nz = 9";
    let (assignments, problems) = parse(text);
    let names: Vec<_> = assignments.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["a", "z"]);
    let said: Vec<_> =
        problems.iter().map(|it| (it.place.line, it.place.column, &it.message[..20])).collect();
    assert_eq!(
        said,
        [
            (1, 1, "nothing is imported "),
            (3, 1, "only assignments are"),
            (5, 3, "expected = after c, "),
            (6, 4, "expected a value for"),
            (7, 6, "a comma after a valu"),
            (8, 7, "unexpected '2' after"),
            (9, 1, "expected a setting, "),
        ]
    );
    assert!(problem("  a = 1").starts_with("1:3 unexpected indent"));
    assert!(problem("a == 1").starts_with("1:3 expected = after a"));
}
