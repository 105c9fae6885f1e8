//! Tests of functions: answers of `terraform console` to the same calls, bounds, and what has to do with files and templates.

use super::table::{descriptions, find};
use super::{Files, Functions, Impure, Random};
use crate::expr::simple::Names;
use crate::source::FileId;
use crate::syntax::parse::parse_expression;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_value::{EcoString, Marks, Refinements, Type, Value, json};

/// Files in memory; paths without a leading slash.
#[derive(Debug)]
struct Memory(BTreeMap<&'static str, &'static [u8]>);

impl Files for Memory {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, String> {
        let found = self.0.get(super::file::clean(path).as_str());
        found
            .map(|content| Arc::from(*content))
            .ok_or_else(|| String::from("not found"))
    }

    fn exists(&self, path: &str) -> Result<bool, String> {
        Ok(self.0.contains_key(super::file::clean(path).as_str()))
    }

    fn list(&self, dir: &str) -> Result<Vec<String>, String> {
        let dir = super::file::clean(dir);
        let names = self.0.keys().filter_map(|name| {
            if dir == "." {
                return Some((*name).to_owned());
            }
            Some(name.strip_prefix(&dir)?.strip_prefix('/')?.to_owned())
        });
        Ok(names.collect())
    }

    fn absolute(&self, path: &str) -> String {
        super::file::clean(&format!("/work/{path}"))
    }

    fn home(&self) -> Option<String> {
        Some(String::from("/home/me"))
    }
}

/// Bytes that count up.
#[derive(Debug)]
struct Counting;

impl Random for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        for (byte, value) in buffer.iter_mut().zip(0..) {
            *byte = value;
        }
    }
}

fn functions() -> Functions {
    let files: [(&str, &[u8]); 9] = [
        ("hello.txt", b"hello!"),
        ("hello.tmpl", b"Hello, ${name}!"),
        ("list.tmpl", b"%{ for x in list ~}\n- ${x}\n%{ endfor ~}\n"),
        ("recursive.tmpl", b"${templatefile(\"recursive.tmpl\", {})}"),
        (
            "nest.tmpl",
            b"<${templatefile(\"hello.tmpl\", {name = n})}>",
        ),
        ("bad.tmpl", b"${"),
        ("icon.bin", &[0x89, 0xff, 0xfe]),
        ("sub/a.txt", b"A"),
        ("sub/deep/c.txt", b"C"),
    ];
    Functions {
        files: Arc::new(Memory(files.into())),
        plan_time: Some("2025-01-02T03:04:05Z".into()),
        impure: Some(Impure {
            now: "2025-01-02T03:04:06Z".into(),
            random: Arc::new(Counting),
        }),
        ..Functions::pure()
    }
}

fn names() -> BTreeMap<EcoString, Value> {
    let table = [
        ("us", Value::unknown(Type::String)),
        ("ul", Value::unknown(Type::list(Type::String))),
        (
            "pre",
            Value::unknown_with(Type::String, Refinements::NOT_NULL.prefix("pre-")),
        ),
        ("s", Value::string("secret").with_marks(&Marks::SENSITIVE)),
        ("e", Value::string("brief").with_marks(&Marks::EPHEMERAL)),
    ];
    table
        .into_iter()
        .map(|(name, value)| (EcoString::from(name), value))
        .collect()
}

fn evaluate_with(text: &str, functions: &Functions) -> Result<Value, String> {
    let (expr, diagnostics) = parse_expression(FileId(0), text);
    let expr = expr.ok_or_else(|| format!("{diagnostics:?}"))?;
    Names::new(&names(), functions)
        .evaluate(&expr)
        .map_err(|diagnostics| {
            diagnostics
                .iter()
                .map(|one| one.detail.clone())
                .collect::<Vec<_>>()
                .join("\n")
        })
}

/// The value as JSON, or as the tests write it where there is no JSON for it.
fn shown(text: &str) -> String {
    match evaluate_with(text, &functions()) {
        Ok(value) => json::encode_plain(&value).unwrap_or_else(|_| format!("{value:?}")),
        Err(detail) => format!("! {detail}"),
    }
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(&shown(text), expected, "{text}");
    }
}

const NOT_WHOLE: &str =
    "value must be a whole number, between -9223372036854775808 and 9223372036854775807.";

#[test]
fn numbers() {
    check(&[
        ("ceil(1.2) + floor(-1.2)", "0"),
        ("log(8, 2)", "3"),
        ("pow(2, 0.5)", "1.4142135623730951"),
        ("max(1, \"12\", 3)", "12"),
        ("parseint(\"-zz\", 36)", "-1295"),
        ("sum([1, \"2\", 3.5])", "6.5"),
        (
            "signum(0.5)",
            &format!("! Call to function \"signum\" failed: {NOT_WHOLE}"),
        ),
        (
            "max()",
            "! Call to function \"max\" failed: must pass at least one number.",
        ),
        (
            "sum([])",
            "! Invalid value for \"list\" parameter: cannot sum an empty list.",
        ),
        (
            "parseint(\"FF\", 10)",
            "! Invalid value for \"number\" parameter: cannot parse \"FF\" as a base 10 integer.",
        ),
        (
            "log(-1, 10)",
            "! Call to function \"log\" failed: there is no such logarithm.",
        ),
    ]);
}

#[test]
fn texts() {
    check(&[
        ("upper(\"straße ŉ ᾳ\")", "\"STRAßE ŉ ᾼ\""),
        ("lower(\"İΣ\")", "\"iσ\""),
        (
            "title(\"ǆ hello_world o'neil\")",
            "\"ǅ Hello_world O'Neil\"",
        ),
        ("strrev(\"世界 🇩🇪\")", "\"🇩🇪 界世\""),
        ("substr(\"hello\", -3, 2)", "\"ll\""),
        ("substr(\"hello\", -3, 0)", "\"llo\""),
        ("substr(\"hello\", 1, 0)", "\"\""),
        ("substr(\"hello\", 10, 1)", "\"\""),
        ("split(\"\", \"abc\")", "[\"a\",\"b\",\"c\"]"),
        ("split(\",\", \"\")", "[\"\"]"),
        ("chomp(\"a\\n\\r\\n\")", "\"a\""),
        ("indent(2, \"a\\nb\")", "\"a\\n  b\""),
        ("join(\"-\", [1, true], [\"x\"])", "\"1-true-x\""),
        (
            "join(\",\", [\"a\", us])",
            "unknown(String, Refinements { not_null: true, prefix: None, min: None, max: None, min_length: None, max_length: None })",
        ),
        (
            "join(\",\", [\"a\"], [\"b\", null])",
            "! Invalid value for \"lists\" parameter: element 1 of list 2 is null; cannot concatenate null values.",
        ),
        ("startswith(pre, \"pre\")", "true"),
        ("startswith(pre, \"x\")", "false"),
        ("trim(\"?!hello?!\", \"!?\")", "\"hello\""),
        (
            "replace(\"hello\", \"/(l+)/\", \"<$1>\")",
            "\"he\\u003cll\\u003eo\"",
        ),
        ("replace(\"a.b\", \".\", \"-\")", "\"a-b\""),
        ("length(\"🇩🇪é\")", "2"),
    ]);
}

#[test]
fn patterns_are_re2() {
    check(&[
        ("can(regex(\"a**\", \"a\"))", "false"),
        ("can(regex(\"a{1}{2}\", \"aa\"))", "false"),
        ("regex(\"a*?b+?\", \"aabb\")", "\"aab\""),
        ("regex(\"(a*)*\\\\<\", \"a<\")", "[\"a\"]"),
        ("regex(\"\\\\d+\", \"٣12\")", "\"12\""),
        ("regex(\"\\\\bx\\\\b\", \"éx x\")", "\"x\""),
        ("regex(\"\\\\Qa.b\\\\E\", \"a.b\")", "\"a.b\""),
        ("regex(\"[[:alpha:]&&x]+\", \"a&x1\")", "\"a\\u0026x\""),
        ("regex(\"a{,3}\", \"a{,3}\")", "\"a{,3}\""),
        (
            "regex(\"(?P<x>a)(?P<y>b)?\", \"a\")",
            "{\"x\":\"a\",\"y\":null}",
        ),
        ("regex(\"(a)(b)?\", \"a\")", "[\"a\",null]"),
        ("regexall(\"[a-z]\", \"a1b\")", "[\"a\",\"b\"]"),
        ("regex(\"(?i)AB\", \"xab\")", "\"ab\""),
        (
            "regex(\"a\", \"b\")",
            "! Call to function \"regex\" failed: pattern did not match any part of the given string.",
        ),
        (
            "regex(\"(?=a)\", \"a\")",
            "! Invalid value for \"pattern\" parameter: invalid regexp pattern: invalid or unsupported Perl syntax: `(?=`.",
        ),
        (
            "regex(\"a{1001}\", \"a\")",
            "! Invalid value for \"pattern\" parameter: invalid regexp pattern: invalid repeat count: `{1001}`.",
        ),
        (
            "replace(\"hello\", \"/[/\", \"x\")",
            "! Call to function \"replace\" failed: error parsing regexp: missing closing ]: `[`.",
        ),
    ]);
}

#[test]
fn formats_are_those_of_go() {
    check(&[
        (
            "format(\"%v %v %v\", 1e30, 1.5, 123456789)",
            "\"1e+30 1.5 1.23456789e+08\"",
        ),
        (
            "format(\"%5d|%-5d|%05d|%+d\", 42, 42, -42, 42)",
            "\"   42|42   |-0042|+42\"",
        ),
        (
            "format(\"%-3s|%3s|%.2s\", \"é\", \"é\", \"éab\")",
            "\"é  |  é|éa\"",
        ),
        (
            "format(\"%e %.1f %g\", 3.14159, 2.25, 100000)",
            "\"3.141590e+00 2.2 100000\"",
        ),
        (
            "format(\"%#v %q\", [null, \"<\"], \"é\\n\")",
            "\"[null,\\\"\\\\u003c\\\"] \\\"é\\\\n\\\"\"",
        ),
        ("format(\"%[2]s %[1]s%%\", \"a\", \"b\")", "\"b a%\""),
        ("format(\"%#x %b %o\", 255, 5, 8)", "\"0xff 101 10\""),
        (
            "format(\"%s\")",
            "! Call to function \"format\" failed: not enough arguments for \"%s\" at 0: need index 1 but have 0 total.",
        ),
        (
            "format(\"%s\", \"a\", \"b\")",
            "! Call to function \"format\" failed: too many arguments; only 1 used by format string.",
        ),
        (
            "format(\"%y\", 1)",
            "! Call to function \"format\" failed: unsupported format verb 'y' in \"%y\" at offset 0.",
        ),
        (
            "format(\"%9999999d\", 1)",
            "! Invalid value for \"format\" parameter: a width, precision or index in the format is too large.",
        ),
        (
            "format(\"%+v|%05v|%-05s|%.2v|%#b\", 1.5, -1, \"x\", 1.25, 5)",
            "\"1.5|000-1|x0000|1.25|0b101\"",
        ),
        ("startswith(format(\"id-%s\", us), \"id-\")", "true"),
        (
            "formatlist(\"%s-%s\", [\"a\", \"b\"], \"x\")",
            "[\"a-x\",\"b-x\"]",
        ),
        (
            "formatlist(\"%s%s\", [\"a\"], [\"b\", \"c\"])",
            "! Invalid value for \"args\" parameter: argument 2 has length 2, which is inconsistent with argument 1 of length 1.",
        ),
        (
            "formatlist(\"%s-%s\", toset([us, \"a\"]), [\"x\"])",
            "unknown(List(String), Refinements { not_null: true, prefix: None, min: None, max: None, min_length: None, max_length: None })",
        ),
        ("length(formatlist(\"%s\", toset([us])))", "1"),
    ]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of calls")]
fn collections() {
    check(&[
        ("concat([1], [\"a\"])", "[1,\"a\"]"),
        ("merge({a = 1}, null, {b = us}).a", "1"),
        ("issensitive(merge({a = 1}, sensitive(null)))", "false"),
        ("element([1, 2, 3], -1)", "3"),
        ("flatten([[1], [[2, []]], toset([3])])", "[1,2,3]"),
        // Of what is not known nothing is said, whatever it is.
        ("flatten({a = us})", "unknown(Dynamic)"),
        ("flatten(toset([us, \"a\"]))", "unknown(Dynamic)"),
        ("flatten([[1], toset([us, \"a\"])])", "unknown(Dynamic)"),
        ("flatten([toset([us])])", "[unknown(String)]"),
        ("flatten([us, [1]])", "[unknown(String), 1]"),
        (
            "flatten({a = 1})",
            "! Call to function \"flatten\" failed: can only flatten lists, sets and tuples.",
        ),
        ("keys({b = 1, a = 2})", "[\"a\",\"b\"]"),
        ("lookup({a = us, b = 1}, \"b\", 0)", "1"),
        ("zipmap([\"a\"], [1]).a", "1"),
        (
            "transpose({a = [\"1\", \"2\"], b = [\"2\"]})",
            "{\"1\":[\"a\"],\"2\":[\"a\",\"b\"]}",
        ),
        (
            "setproduct([\"a\", \"b\"], [1, 2])",
            "[[\"a\",1],[\"a\",2],[\"b\",1],[\"b\",2]]",
        ),
        // One set among the arguments, and the result has no order.
        ("setproduct([1], toset([1]), [2, 1])", "[[1,1,1],[1,1,2]]"),
        // A map of another type, even a null one, makes an object, whose values may differ.
        (
            "[for v in merge(merge({a = 1}, null), {b = []}): v]",
            "[1,[]]",
        ),
        (
            "merge(merge(tomap({a = 1}), null), {b = []}).a == 1",
            "true",
        ),
        ("setintersection([1, 2], [2, 3])", "[2]"),
        ("setsubtract([\"a\", \"b\"], [\"a\"])", "[\"b\"]"),
        ("chunklist([1, 2, 3], 2)", "[[1,2],[3]]"),
        ("matchkeys([\"a\", \"b\"], [1, 2], [2])", "[\"b\"]"),
        ("range(3, 0)", "[3,2,1]"),
        ("slice([1, us, 3], 0, 1)", "[1]"),
        ("distinct([1, 2, 1])", "[1,2]"),
        ("coalesce(null, \"\", \"x\")", "\"x\""),
        ("coalesce(1, \"a\")", "\"1\""),
        ("one([])", "null"),
        ("contains([\"a\", us], \"a\")", "true"),
        ("alltrue([true, null])", "false"),
        ("anytrue([us == \"a\", true])", "true"),
        ("length(ul) > -1", "true"),
        ("issensitive(merge({a = 1}, {b = s}))", "false"),
        ("issensitive(length([s]))", "false"),
        ("textdecodebase64(\"YR==\", \"utf-8\")", "\"a\""),
        ("textencodebase64(\"é\", \"cp850\")", "\"gg==\""),
        ("textencodebase64(\"a[]^\", \"IBM1047\")", "\"ga29Xw==\""),
        ("textdecodebase64(\"YQ==\", \"us-ascii\")", "\"a\""),
        ("can(textencodebase64(\"é\", \"us-ascii\"))", "false"),
        ("can(textencodebase64(\"a\", \"utf8\"))", "false"),
        ("coalesce(null, 1, true)", "1"),
        // An object need not fit the map that it stands beside, if it is not chosen.
        (
            "false ? { a = \"x\", b = [], c = null } : tomap({ a = 1 })",
            "{\"a\":1}",
        ),
        (
            "can(true ? { a = \"x\", b = [], c = null } : tomap({ a = 1 }))",
            "false",
        ),
        // What the common type cannot hold is passed over.
        ("coalesce(toset([\"x\"]), tolist([1]), [])", "[1]"),
        ("regexall(\"\\\\p{L}+\", \"aé1b\")", "[\"aé\",\"b\"]"),
        ("regexall(\"[\\\\p{^Lu}]\", \"aB\")", "[\"a\"]"),
        ("regex(\"\\\\x{41}{2}\", \"AAA\")", "\"AA\""),
        (
            "cidrsubnet(\"192.168.0.0/24\", -1, 4)",
            "\"192.168.8.0/23\"",
        ),
        ("can(transpose({a = null}))", "false"),
        ("coalesce(1, null, \"a\")", "\"1\""),
        ("ephemeralasnull({a = e, b = 1})", "{\"a\":null,\"b\":1}"),
        (
            "range(2000000)",
            "! Call to function \"range\" failed: more than 1048576 values were generated; either decrease the difference between start and end or use a smaller step.",
        ),
        (
            "slice(toset([1]), 0, 1)",
            "! Invalid value for \"list\" parameter: cannot slice a set, because its elements do not have indices; explicitly convert to a list if the ordering of the result is not important.",
        ),
        (
            "list(1)",
            "! Call to function \"list\" failed: the \"list\" function was deprecated in Terraform v0.12 and is no longer available; use tolist([ ... ]) syntax to write a literal list.",
        ),
        (
            "tolist({})",
            "! Invalid value for \"v\" parameter: cannot convert object to list of any single type.",
        ),
    ]);
}

#[test]
fn marks_and_lengths_of_combinations() {
    check(&[
        // Where there is an order, marks stay with the elements that have them.
        ("issensitive(setproduct([s], [\"b\"]))", "false"),
        (
            "[for p in setproduct([s, \"a\"], [\"b\"]) : issensitive(p[0])]",
            "[true,false]",
        ),
        ("issensitive(setproduct([s], toset([\"b\"])))", "true"),
        ("issensitive(setproduct([s], toset([])))", "false"),
        ("issensitive(setproduct(sensitive([1]), [2]))", "true"),
        ("length(sort([\"a\", us]))", "2"),
    ]);
}

#[test]
fn encodings() {
    check(&[
        ("base64decode(\"aGk=\\n\")", "\"hi\""),
        ("base64gunzip(base64gzip(\"héllo\"))", "\"héllo\""),
        // A cost that is too low to be one is the usual one.
        (
            "substr(bcrypt(\"a\", 3), 0, 7) == substr(bcrypt(\"a\"), 0, 7)",
            "true",
        ),
        ("urlencode(\"a b&é/~*\")", "\"a+b%26%C3%A9%2F~%2A\""),
        ("urldecode(\"a+b%26%C3%A9\")", "\"a b\\u0026é\""),
        (
            "csvdecode(\"b,a\\n1,\\\"x,\\\"\\\"y\\\"\\n\\n\")",
            "[{\"a\":\"x,\\\"y\",\"b\":\"1\"}]",
        ),
        ("textencodebase64(\"é\", \"UTF-16LE\")", "\"6QA=\""),
        ("textdecodebase64(\"k/qWew==\", \"Shift_JIS\")", "\"日本\""),
        (
            "jsonencode({a = [null, \"<\"]})",
            "\"{\\\"a\\\":[null,\\\"\\\\u003c\\\"]}\"",
        ),
        (
            "csvdecode(\"a,b\\n1\")",
            "! Call to function \"csvdecode\" failed: CSV parse error on line 2: wrong number of fields.",
        ),
        (
            "csvdecode(\"a\\nx\\\"y\")",
            "! Call to function \"csvdecode\" failed: CSV parse error on line 2: bare \" in non-quoted-field.",
        ),
        (
            "urldecode(\"%zz\")",
            "! Call to function \"urldecode\" failed: failed to decode URL \"%zz\": invalid URL escape \"%zz\".",
        ),
        (
            "base64decode(\"//4=\")",
            "! Call to function \"base64decode\" failed: the result of decoding the provided string is not valid UTF-8.",
        ),
    ]);
}

#[test]
fn yaml() {
    check(&[
        (
            "yamldecode(\"a: &x [1, yes, ~, 0x1F, 1e3, 077, 0o17]\\nb: *x\").b",
            "[1,true,null,31,1000,77,15]",
        ),
        (
            "yamldecode(\"<<: {a: 1}\\nb: '5'\\nc: !!str 5\")",
            "{\"a\":1,\"b\":\"5\",\"c\":\"5\"}",
        ),
        (
            "yamldecode(\"- 2006-1-2\\n- 2001-12-14t21:59:43.10-05:00\")",
            "[\"2006-01-02T00:00:00Z\",\"2001-12-14T21:59:43-05:00\"]",
        ),
        ("yamldecode(\"a: |\\n  x\\n  y\")", "{\"a\":\"x\\ny\"}"),
        (
            "yamlencode({foo = [1, {a = \"b\", c = null}], bar = \"x\\ny\\n\", e = {}})",
            "\"\\\"bar\\\": |\\n  x\\n  y\\n\\\"e\\\": {}\\n\\\"foo\\\":\\n- 1\\n- \\\"a\\\": \\\"b\\\"\\n  \\\"c\\\": null\\n\"",
        ),
        ("yamlencode(true)", "\"true\\n...\\n\""),
        ("yamlencode(\"\\n\")", "\"|2+\\n\\n\""),
        (
            "yamlencode({\"x\\ny\" = \"\\u0001🎉\"})",
            "\"? |-\\n  x\\n  y\\n: \\\"\\\\x01\\\\U0001F389\\\"\\n\"",
        ),
        (
            "yamldecode(\"a\\n---\\nb\")",
            "! Call to function \"yamldecode\" failed: on line 2, column 1: unexpected extra content after value.",
        ),
        (
            "yamldecode(\"&a [*a]\")",
            "! Call to function \"yamldecode\" failed: on line 1, column 5: cannot refer to anchor \"a\" from inside its own definition.",
        ),
    ]);
    // Each level stands for nine times the one before.
    let bomb: String = (1..12)
        .map(|level| {
            let item = format!("*a{},", level - 1).repeat(9);
            format!("a{level}: &a{level} [{item}]\\n")
        })
        .collect();
    let told = shown(&format!("yamldecode(\"a0: &a0 x\\n{bomb}\")"));
    assert!(told.contains("too many values"), "{told}");
    let deep = "[".repeat(5000);
    assert!(shown(&format!("yamldecode(\"{deep}\")")).starts_with('!'));
}

#[test]
fn digests_and_identifiers() {
    check(&[
        ("md5(\"a\")", "\"0cc175b9c0f1b6a831c399e269772661\""),
        (
            "sha1(\"é\")",
            "\"bf15be717ac1b080b4f1c456692825891ff5073d\"",
        ),
        (
            "base64sha256(\"a\")",
            "\"ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=\"",
        ),
        (
            "uuidv5(\"dns\", \"tada\")",
            "\"faa898db-9b9d-5b75-86a9-149e7bb8e3b8\"",
        ),
        ("uuid()", "\"00010203-0405-4607-8809-0a0b0c0d0e0f\""),
        ("substr(bcrypt(\"hello\", 4), 0, 7)", "\"$2a$04$\""),
        (
            "filemd5(\"hello.txt\")",
            "\"5a8dd3ad0756a93ded72b823b19dd877\"",
        ),
        (
            "bcrypt(\"a\", 40)",
            "! Call to function \"bcrypt\" failed: error occurred generating password: cost 40 is outside allowed range (4,31).",
        ),
        (
            "rsadecrypt(\"AAAA\", \"nope\")",
            "! Invalid value for \"privatekey\" parameter: failed to parse key: no key found.",
        ),
    ]);
}

#[test]
fn impure_functions_wait_for_apply() {
    let functions = Functions::pure();
    for text in ["timestamp()", "uuid()", "bcrypt(\"a\")", "plantimestamp()"] {
        let value = evaluate_with(text, &functions).unwrap();
        assert!(!value.is_known() && value.ty() == Type::String, "{text}");
    }
    check(&[
        ("timestamp()", "\"2025-01-02T03:04:06Z\""),
        ("plantimestamp()", "\"2025-01-02T03:04:05Z\""),
    ]);
}

#[test]
fn points_in_time() {
    check(&[
        (
            "formatdate(\"DD MMM YYYY hh:mm ZZZ EEEE HH AA m Z ZZZZ ZZZZZ YY 'o''clock' ''\", \"2018-01-02T23:12:01+05:30\")",
            "\"02 Jan 2018 23:12 +0530 Tuesday 11 PM 12 +05:30 +0530 +05:30 18 o'clock '\"",
        ),
        (
            "timeadd(\"2018-01-02T23:12:01+02:00\", \"-1.5h\")",
            "\"2018-01-02T21:42:01+02:00\"",
        ),
        (
            "timeadd(\"2020-02-28T23:59:59Z\", \"1m\")",
            "\"2020-02-29T00:00:59Z\"",
        ),
        (
            "timecmp(\"2018-01-02T23:12:01Z\", \"2018-01-02T23:12:01+01:00\")",
            "1",
        ),
        (
            "timeadd(\"2018-01-02T23:12:01Z\", \"1d\")",
            "! Call to function \"timeadd\" failed: time: unknown unit \"d\" in duration \"1d\".",
        ),
        (
            "timeadd(\"2018-02-30T23:12:01Z\", \"1h\")",
            "! Call to function \"timeadd\" failed: not a valid RFC3339 timestamp: day out of range.",
        ),
        (
            "timecmp(\"bloop\", \"2018-01-02T23:12:01Z\")",
            "! Invalid value for \"timestamp_a\" parameter: not a valid RFC3339 timestamp: cannot use \"bloop\" as year.",
        ),
        (
            "formatdate(\"YYY\", \"2018-01-02T23:12:01Z\")",
            "! Invalid value for \"format\" parameter: invalid date format verb \"YYY\": year must either be \"YY\" or \"YYYY\".",
        ),
        (
            "formatdate(\"'abc\", \"2018-01-02T23:12:01Z\")",
            "! Invalid value for \"format\" parameter: unterminated literal '.",
        ),
    ]);
}

#[test]
fn networks() {
    check(&[
        ("cidrhost(\"10.0.0.0/8\", -1)", "\"10.255.255.255\""),
        ("cidrhost(\"010.001.0.0/16\", 4)", "\"10.1.0.4\""),
        (
            "cidrhost(\"fd00::/64\", 18446744073709551615)",
            "\"fd00::ffff:ffff:ffff:ffff\"",
        ),
        ("cidrnetmask(\"10.0.0.0/12\")", "\"255.240.0.0\""),
        ("cidrsubnet(\"fd00::/48\", 16, 162)", "\"fd00:0:0:a2::/64\""),
        (
            "cidrsubnet(\"0.0.0.0/0\", 32, 4294967295)",
            "\"255.255.255.255/32\"",
        ),
        (
            "cidrsubnets(\"10.0.0.0/8\", 8, 16, 8)",
            "[\"10.0.0.0/16\",\"10.1.0.0/24\",\"10.2.0.0/16\"]",
        ),
        ("cidrcontains(\"10.0.0.0/8\", \"10.1.0.0/16\")", "true"),
        ("cidrcontains(\"::/0\", \"::1\")", "true"),
        (
            "cidrhost(\"10.0.0.0/30\", 4)",
            "! Call to function \"cidrhost\" failed: prefix of 30 does not accommodate a host numbered 4.",
        ),
        (
            "cidrsubnets(\"255.255.255.252/30\", 1, 1, 1)",
            "! Invalid value for \"newbits\" parameter: not enough remaining address space for a subnet with a prefix of 31 bits after 255.255.255.254/31.",
        ),
        (
            "cidrnetmask(\"fe80::/10\")",
            "! Call to function \"cidrnetmask\" failed: IPv6 addresses cannot have a netmask: fe80::/10.",
        ),
    ]);
}

#[test]
fn files_and_paths() {
    check(&[
        ("file(\"./hello.txt\")", "\"hello!\""),
        ("filebase64(\"icon.bin\")", "\"if/+\""),
        ("fileexists(\"nope\")", "false"),
        (
            "fileset(\".\", \"**/*.txt\")",
            "[\"hello.txt\",\"sub/a.txt\",\"sub/deep/c.txt\"]",
        ),
        ("fileset(\"sub\", \"*\")", "[\"a.txt\"]"),
        ("fileset(\"sub\", \"../s**/[!b].txt\")", "[\"a.txt\"]"),
        ("fileset(\".\", \"sub/{a,x}.t?t\")", "[\"sub/a.txt\"]"),
        ("fileset(\".\", \"[gh]ello.txt\")", "[\"hello.txt\"]"),
        (
            "basename(\"a/b/\") == \"b\" && dirname(\"a/b/\") == \"a/b\" && dirname(\"a\") == \".\"",
            "true",
        ),
        ("abspath(\"a/../b\")", "\"/work/b\""),
        ("pathexpand(\"~/x\")", "\"/home/me/x\""),
        (
            "pathexpand(\"~x/y\")",
            "! Call to function \"pathexpand\" failed: cannot expand user-specific home dir.",
        ),
        (
            "fileset(\".\", \"[\")",
            "! Call to function \"fileset\" failed: failed to glob pattern \"[\": syntax error in pattern.",
        ),
    ]);
    assert!(shown("file(\"nope\")").contains("no file exists at \"nope\""));
    assert!(shown("file(\"icon.bin\")").contains("not valid UTF-8"));
}

#[test]
fn templates() {
    check(&[
        (
            "templatefile(\"hello.tmpl\", {name = 12, unused = 1})",
            "\"Hello, 12!\"",
        ),
        (
            "templatefile(\"list.tmpl\", {list = [\"a\", \"b\"]})",
            "\"- a\\n- b\\n\"",
        ),
        (
            "templatefile(\"nest.tmpl\", {n = \"x\"})",
            "\"\\u003cHello, x!\\u003e\"",
        ),
        (
            "templatestring(\"%%{ for k, v in m }$${k}=$${v};%%{ endfor }\", {m = {a = 1}})",
            "\"a=1;\"",
        ),
        ("templatestring(\"$${x}\", {x = [1]})", "[1]"),
        ("issensitive(templatestring(\"p $${x}\", {x = s}))", "true"),
        (
            "templatefile(\"hello.tmpl\", {})",
            "! Invalid value for \"vars\" parameter: vars map does not contain key \"name\", referenced at hello.tmpl:1,10-14.",
        ),
        (
            "templatestring(\"a\", \"b\")",
            "! Invalid value for \"vars\" parameter: invalid vars value: must be a map.",
        ),
        (
            "templatestring(\"$${1 + x}\", {x = []})",
            "! Call to function \"templatestring\" failed: <templatestring argument>:1,7-8: Invalid operand; Unsuitable value for right operand: number required, but have tuple.",
        ),
        (
            "templatefile(\"recursive.tmpl\", {})",
            "! Call to function \"templatefile\" failed: maximum recursion depth of templates that render templates reached.",
        ),
    ]);
    assert!(shown("templatefile(\"bad.tmpl\", {})").starts_with('!'));
    assert!(shown("templatestring(\"a\", {\"1\" = 1})").contains("invalid template variable name"));
}

#[test]
fn variable_files() {
    check(&[
        (
            "provider::terraform::encode_expr([{a = 1}, [2, {b = [{c = \"$${x}\"}]}]])",
            "\"[{\\n  a = 1\\n  }, [2, {\\n    b = [{\\n      c = \\\"$${x}\\\"\\n    }]\\n}]]\"",
        ),
        (
            "provider::terraform::encode_tfvars({a = 1, long_name = \"x\", m = {a = 1, bcd = {e = 2}}, l = [1, 2]})",
            "\"a         = 1\\nl         = [1, 2]\\nlong_name = \\\"x\\\"\\nm = {\\n  a = 1\\n  bcd = {\\n    e = 2\\n  }\\n}\\n\"",
        ),
        (
            "provider::terraform::decode_tfvars(\"a = 1\\nb = {c = [true]}\\n\")",
            "{\"a\":1,\"b\":{\"c\":[true]}}",
        ),
        (
            "provider::terraform::decode_tfvars(\"a = x\")",
            "! Call to function \"provider::terraform::decode_tfvars\" failed: invalid expression for variable \"a\": <decode_tfvars argument>:1,5-6: Variables not allowed; Variables may not be used here.",
        ),
    ]);
    assert!(shown("terraform::encode_expr(1)").contains("namespace \"terraform\" is not valid"));
    assert!(shown("core::terraform::encode_expr(1)").starts_with("! There is no function"));
}

#[test]
fn every_function_is_described_once() {
    let all = descriptions();
    assert!(all.windows(2).all(|pair| pair[0].name < pair[1].name));
    assert!(
        all.iter()
            .all(|one| one.about.ends_with('.') && one.signature.starts_with(one.name))
    );
    assert!(all.len() > 130, "{}", all.len());
    let join = find("join").expect("join");
    assert_eq!(
        join.signature(),
        "join(separator string, lists list of string...) string"
    );
}

/// An empty list of anything among the arguments does not hide what the others hold.
#[test]
fn concat_has_the_type_of_what_is_in_it() {
    let object = |name: &str, ty: Type| Type::object([(name, ty)]);
    for (text, expected) in [
        (
            "concat(tolist([]), tolist([{ a = 1 }]))",
            Type::list(object("a", Type::Number)),
        ),
        (
            "concat(tolist([{ a = 1 }]), tolist([]), tolist([{ a = \"x\" }]))",
            Type::list(object("a", Type::String)),
        ),
        (
            "concat(tolist([]), tolist([{ a = 1 }]), tolist([{ b = 1 }]))",
            Type::list(Type::map(Type::Number)),
        ),
        (
            "concat(tolist([]), tolist([1]), tolist([[]]))",
            Type::tuple(vec![Type::Number, Type::tuple(vec![])]),
        ),
        ("concat(tolist([]), tolist([]))", Type::list(Type::Dynamic)),
        (
            "concat(tolist([]), tolist([1]), tolist([\"a\"]))",
            Type::list(Type::String),
        ),
    ] {
        let (expr, _) = crate::syntax::parse::parse_expression(crate::source::FileId(0), text);
        let functions = Functions::pure();
        let value = crate::expr::simple::Names::new(&BTreeMap::new(), &functions)
            .evaluate(&expr.expect("an expression"));
        assert_eq!(value.expect("a value").ty(), expected, "{text}");
    }
}
