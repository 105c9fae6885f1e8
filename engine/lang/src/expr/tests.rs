//! Tests of expressions: what each form gives, with unknown values, marks and nulls, and what it says where it fails.

use super::simple::Names;
use super::types::{type_constraint, variable_type};
use super::{Binder, Bound, Compiled, Scope, Slot, compile};
use crate::diagnostic::{Diagnostic, Diagnostics, Headline};
use crate::functions::Functions;
use crate::source::{FileId, Span};
use crate::syntax::ast;
use crate::syntax::parse::{parse_expression, parse_template};
use std::cell::RefCell;
use std::collections::BTreeMap;
use terrane_value::{EcoString, Marks, Refinements, Type, Value};

fn parsed(text: &str) -> ast::Expr {
    let (expr, diagnostics) = parse_expression(FileId(0), text);
    expr.unwrap_or_else(|| panic!("{text}: {diagnostics:?}"))
}

fn names() -> BTreeMap<EcoString, Value> {
    let number = |value: i64| Value::number(terrane_value::Number::from_i64(value));
    let secret = || Value::string("secret").with_marks(&Marks::SENSITIVE);
    let object = Value::object([("a", number(1)), ("b", Value::string("x"))]);
    let table = [
        ("u", Value::dynamic()),
        ("us", Value::unknown(Type::String)),
        ("un", Value::unknown(Type::Number)),
        ("ub", Value::unknown(Type::Bool)),
        ("ul", Value::unknown(Type::list(Type::String))),
        ("um", Value::unknown(Type::map(Type::Number))),
        (
            "uid",
            Value::unknown_refined(Type::String, Refinements::NOT_NULL),
        ),
        ("s", secret()),
        ("sn", number(3).with_marks(&Marks::SENSITIVE)),
        ("sb", Value::TRUE.with_marks(&Marks::SENSITIVE)),
        (
            "sl",
            Value::list(Type::String, vec![Value::string("a"), Value::string("b")])
                .with_marks(&Marks::SENSITIVE),
        ),
        ("inner", Value::tuple(vec![secret(), number(1)])),
        ("o", object),
        ("n", number(5)),
        ("t", Value::string("text")),
    ];
    table
        .into_iter()
        .map(|(name, value)| (EcoString::from(name), value))
        .collect()
}

fn evaluate(text: &str) -> Result<Value, Diagnostics> {
    let functions = Functions::pure();
    Names::new(&names(), &functions)
        .with_type_function()
        .evaluate(&parsed(text))
}

/// The value as the tests write it.
fn shown(text: &str) -> String {
    match evaluate(text) {
        Ok(value) => {
            let marks = if value.marks().is_sensitive() {
                "sensitive "
            } else {
                ""
            };
            format!("{marks}{:?}", value.unmarked())
        }
        Err(diagnostics) => diagnostics
            .iter()
            .map(|one| format!("! {}: {}", one.summary, one.detail))
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(&shown(text), expected, "{text}");
    }
}

/// The whole of an error: summary, the text that it underlines, the text around it, the values that took part.
#[track_caller]
fn check_error(text: &str, summary: &str, subject: &str, context: &str, values: &str) {
    let diagnostics = evaluate(text).expect_err(text);
    let first = diagnostics.iter().next().expect("a message");
    let cut = |span: Option<Span>| {
        span.and_then(|span| text.get(span.start as usize..span.end as usize))
            .unwrap_or_default()
    };
    let involved: Vec<String> = first
        .values
        .iter()
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    assert_eq!(first.summary, summary, "{text}");
    assert_eq!(cut(first.subject), subject, "{text}");
    assert_eq!(cut(first.context), context, "{text}");
    assert_eq!(involved.join(", "), values, "{text}");
}

#[test]
fn operators_compute_and_convert() {
    check(&[
        ("1 + 2 * 3", "7"),
        ("\"10\" + 5", "15"),
        ("7 % 4 - 1", "2"),
        ("5 % 0", "5"),
        ("3 * 1.1 == 3.3", "false"),
        ("0.1 + 0.2 == 0.3", "true"),
        ("1 == \"1\"", "false"),
        ("null == null", "true"),
        ("[1] == [1]", "true"),
        ("-n < 0 && !false", "true"),
        ("\"true\" && true", "true"),
        ("1 <= 1", "true"),
        ("2 >= 3", "false"),
        (
            "0 / 0",
            "! Operation failed: Error during operation: can't divide zero by zero or infinity by infinity.",
        ),
        (
            "1 < null",
            "! Operation failed: Error during operation: argument must not be null.",
        ),
        (
            "true && 1",
            "! Invalid operand: Unsuitable value for right operand: bool required, but have number.",
        ),
        (
            "\"a\" < \"b\"",
            "! Invalid operand: Unsuitable value for left operand: a number is required.\n! Invalid operand: Unsuitable value for right operand: a number is required.",
        ),
    ]);
}

#[test]
fn either_side_of_a_logical_operator_may_decide() {
    check(&[
        ("false && [][0]", "false"),
        ("true || [][0]", "true"),
        ("[][0] && false", "false"),
        ("ub && false", "false"),
        ("true || ub", "true"),
        (
            "ub && true",
            "unknown(Bool, Refinements { not_null: true, prefix: None, min: None, max: None, min_length: None, max_length: None })",
        ),
        (
            "ub && [][0]",
            "unknown(Bool, Refinements { not_null: true, prefix: None, min: None, max: None, min_length: None, max_length: None })",
        ),
        ("sb || false", "sensitive true"),
        ("false && sb", "sensitive false"),
        (
            "null && true",
            "! Operation failed: Error during operation: argument must not be null.",
        ),
        ("false && null", "false"),
        (
            "false && \"x\"",
            "! Invalid operand: Unsuitable value for right operand: a bool is required.",
        ),
    ]);
}

#[test]
fn conditionals_unify_types_and_drop_messages_of_the_other_branch() {
    check(&[
        ("true ? 1 : \"a\"", "\"1\""),
        ("false ? null : n", "5"),
        ("true ? n : [][0]", "5"),
        ("true ? {} : tomap({a = 1})", "map{}"),
        ("true ? 1 : \"x${[]}\"", "\"1\""),
        ("true ? 1 : [][0] + 1", "1"),
        ("true ? [1] : [for v in [[]]: v[0]]", "[1]"),
        ("true ? [1] : tolist([\"a\"])", "list[\"1\"]"),
        // What can't be computed has a type as far as that does not hang on the part that fails.
        ("true ? 1 : {for v in null: v => v}", "1"),
        ("true ? 1 : {for v in null: v => v...}", "1"),
        ("true ? 1 : [for v in null: v]", "1"),
        ("false ? (1 ? 1 : 1) : null", "null(Number)"),
        ("true ? null : 1", "null(Number)"),
        ("true ? sensitive(null) : 1", "sensitive null(Dynamic)"),
        ("true ? {} : (1 ? {} : tomap({}))", "map{}"),
        ("true ? [{}] : [(null ? {} : tomap({}))]", "[map{}]"),
        ("sb ? 1 : 2", "sensitive 1"),
        ("true ? 1 : sn", "sensitive 1"),
        (
            "ub ? 1 : 2",
            "unknown(Number, Refinements { not_null: true, prefix: None, min: Some((1, true)), max: Some((2, true)), min_length: None, max_length: None })",
        ),
        (
            "ub ? \"ab-1\" : \"ab-2\"",
            "unknown(String, Refinements { not_null: true, prefix: Some(\"ab-\"), min: None, max: None, min_length: None, max_length: None })",
        ),
        ("ub ? null : \"x\"", "unknown(String)"),
        (
            "null ? 1 : 2",
            "! Null condition: The condition value is null. Conditions must either be true or false.",
        ),
        (
            "[] ? 1 : 2",
            "! Incorrect condition type: The condition expression must be of type bool.",
        ),
        (
            "true ? 1 : []",
            "! Inconsistent conditional result types: The true and false result expressions must have consistent types. The 'true' value is number, but the 'false' value is tuple.",
        ),
        (
            "true ? 1 : {a = [][0]}",
            "! Inconsistent conditional result types: The true and false result expressions must have consistent types. The 'true' value is number, but the 'false' value is object.",
        ),
        (
            "true ? 1 : {for v in [1, 1]: v => v}",
            "! Inconsistent conditional result types: The true and false result expressions must have consistent types. The 'true' value is number, but the 'false' value is object.",
        ),
        (
            "true ? {a = 1} : {a = true}",
            "! Inconsistent conditional result types: The true and false result expressions must have consistent types. Type mismatch for object attribute \"a\": The 'true' value is number, but the 'false' value is bool.",
        ),
    ]);
}

#[test]
fn templates_join_parts_and_keep_prefixes() {
    check(&[
        ("\"a${n}b${true}\"", "\"a5btrue\""),
        ("\"${n}\"", "5"),
        ("\"%{ if n > 1 }big%{ else }small%{ endif }\"", "\"big\""),
        (
            "\"%{ for k, v in o }${k}=${v};%{ endfor }\"",
            "\"a=1;b=x;\"",
        ),
        (
            "\"id-${us}\"",
            "unknown(String, Refinements { not_null: true, prefix: Some(\"id-\"), min: None, max: None, min_length: None, max_length: None })",
        ),
        ("\"id-${us}\" == null", "false"),
        ("\"%{ for v in ul }x%{ endfor }\" == null", "false"),
        ("\"x${s}\"", "sensitive \"xsecret\""),
        ("\"%{ for v in sl }${v}%{ endfor }\"", "sensitive \"ab\""),
        ("\"e${\"\u{301}\"}\" == \"\u{e9}\"", "true"),
        (
            "\"x${null}\"",
            "! Invalid template interpolation value: The expression result is null. Cannot include a null value in a string template.",
        ),
        (
            "\"x${[]}\"",
            "! Invalid template interpolation value: Cannot include the given value in a string template: string required, but have tuple.",
        ),
    ]);
}

#[test]
fn for_expressions_iterate_in_order() {
    check(&[
        ("[for v in [3, 1]: v * 2]", "[6, 2]"),
        ("[for i, v in [\"a\"]: \"${i}${v}\"]", "[\"0a\"]"),
        ("[for k, v in {b = 1, a = 2}: k]", "[\"a\", \"b\"]"),
        (
            "[for k, v in toset([\"b\", \"a\"]): \"${k}${v}\"]",
            "[\"aa\", \"bb\"]",
        ),
        (
            "{for v in [\"a\", \"b\"]: v => upper(v) if v != \"a\"}",
            "{\"b\": \"B\"}",
        ),
        (
            "{for v in [\"a\", \"b\", \"a\"]: v => 1...}",
            "{\"a\": [1, 1], \"b\": [1]}",
        ),
        (
            "[for x in [1, 2]: [for y in [1, 2]: x * 10 + y]]",
            "[[11, 12], [21, 22]]",
        ),
        ("[for v in ul: v]", "unknown(Dynamic)"),
        ("[for v in [1, 2]: v if ub]", "unknown(Dynamic)"),
        ("[for v in [1]: us]", "[unknown(String)]"),
        ("[for v in sl: v]", "sensitive [\"a\", \"b\"]"),
        ("{for v in [s]: v => 1}", "sensitive {\"secret\": 1}"),
        (
            "{for v in [1, 1]: \"a\" => v}",
            "! Duplicate object key: Two different items produced the key \"a\" in this 'for' expression. If duplicates are expected, use the ellipsis (...) after the value expression to enable grouping by key.",
        ),
        (
            "{for v in [s, s]: v => 1}",
            "! Duplicate object key: Two different items produced a sensitive key in this 'for' expression. If duplicates are expected, use the ellipsis (...) after the value expression to enable grouping by key.",
        ),
        (
            "[for v in t: v]",
            "! Iteration over non-iterable value: A value of type string cannot be used as the collection in a 'for' expression.",
        ),
        (
            "[for v in []: v if 5]",
            "! Invalid 'for' condition: The 'if' clause value is invalid: bool required, but have number.",
        ),
        (
            "[for v in [1]: v if null]",
            "! Condition is null: The value of the 'if' clause must not be null.",
        ),
    ]);
}

#[test]
fn paths_take_attributes_elements_and_splats() {
    check(&[
        ("o.a", "1"),
        ("o[\"b\"]", "\"x\""),
        ("[1, 2][1]", "2"),
        ("[1, 2][\"1\"]", "2"),
        ("[[1]].0[0]", "1"),
        ("[{a = 1}, {a = 2}][*].a", "[1, 2]"),
        ("[{a = [1]}].*.a[0]", "[1]"),
        ("tolist([{a = 1}])[*].a", "list[1]"),
        ("t[*]", "[\"text\"]"),
        ("null[*]", "[]"),
        ("us[*]", "unknown(Dynamic)"),
        (
            "uid[*]",
            "[unknown(String, Refinements { not_null: true, prefix: None, min: None, max: None, min_length: None, max_length: None })]",
        ),
        ("ul[0]", "unknown(String)"),
        ("um.x", "unknown(Number)"),
        ("u.a.b[0]", "unknown(Dynamic)"),
        ("sl[0]", "sensitive \"a\""),
        ("inner[1]", "1"),
        ("inner[0]", "sensitive \"secret\""),
        ("[10, 11, 12, 13][sn]", "sensitive 13"),
        (
            "o.c",
            "! Unsupported attribute: This object does not have an attribute named \"c\". There are \"a\", \"b\".",
        ),
        (
            "tomap({a = 1}).b",
            "! Missing map element: This map does not have an element with the key \"b\". There is only \"a\".",
        ),
        (
            "t.a",
            "! Unsupported attribute: Can't access attributes on a primitive-typed value (string).",
        ),
        (
            "[1][5]",
            "! Invalid index: The given key does not identify an element in this collection value: the given index is greater than or equal to the length of the collection (1).",
        ),
        (
            "[1][-1]",
            "! Invalid index: The given key does not identify an element in this collection value: a negative number is not a valid index for a sequence.",
        ),
        (
            "null.a",
            "! Attempt to get attribute from null value: This value is null, so it does not have any attributes.",
        ),
        (
            "tolist(null)[*]",
            "! Splat of null value: Splat expressions (with the * symbol) cannot be applied to null sequences.",
        ),
    ]);
}

#[test]
fn objects_take_computed_keys() {
    check(&[
        (
            "{a = 1, \"b\" = 2, (t) = 3, 5 = 4}",
            "{\"5\": 4, \"a\": 1, \"b\": 2, \"text\": 3}",
        ),
        ("{a = 1, a = n}", "{\"a\": 5}"),
        ("{(us) = 1}", "unknown(Dynamic)"),
        ("{(s) = 1}", "sensitive {\"secret\": 1}"),
        (
            "{(null) = 1}",
            "! Null value as key: Can't use a null value as a key.",
        ),
        (
            "{([]) = 1}",
            "! Incorrect key type: Can't use this value as a key: string required, but have tuple.",
        ),
    ]);
}

#[test]
fn calls_deal_with_unknowns_nulls_and_marks() {
    check(&[
        ("upper(us) == null", "false"),
        ("upper(s)", "sensitive \"SECRET\""),
        ("max([1, 3]...)", "3"),
        (
            "max(sl...)",
            "! Invalid function argument: Invalid value for \"numbers\" parameter: a number is required.\n! Invalid function argument: Invalid value for \"numbers\" parameter: a number is required.",
        ),
        ("max(ul...)", "unknown(Dynamic)"),
        ("core::upper(\"a\")", "\"A\""),
        (
            "upper(null)",
            "! Invalid function argument: Invalid value for \"str\" parameter: argument must not be null.",
        ),
        (
            "uper(\"a\")",
            "! Call to unknown function: There is no function named \"uper\". Did you mean \"upper\"?",
        ),
        (
            "upper()",
            "! Not enough function arguments: Function \"upper\" expects 1 argument(s). Missing value for \"str\".",
        ),
        (
            "upper(\"a\", \"b\")",
            "! Too many function arguments: Function \"upper\" expects only 1 argument(s).",
        ),
        (
            "upper([\"a\", \"b\"]...)",
            "! Too many function arguments: Function \"upper\" expects only 1 argument(s).",
        ),
        (
            "max(null...)",
            "! Invalid expanding argument value: The expanding argument (indicated by ...) must not be null.",
        ),
        (
            "element([], 0)",
            "! Error in function call: Call to function \"element\" failed: cannot use element function with an empty list.",
        ),
        (
            "foo::bar()",
            "! Call to unknown function: The function namespace \"foo\" is not valid. Provider function calls must use the \"provider::\" namespace prefix.",
        ),
    ]);
}

#[test]
fn sensitive_arguments_stay_out_of_messages() {
    for text in [
        "tonumber(s)",
        "parseint(s, 10)",
        "tobool(s)",
        "base64decode(s)",
        "lookup({a = 1}, s)",
        "formatdate(\"YYYY\", s)",
        "jsondecode(s)",
        "cidrhost(s, 1)",
        "regex(\"(\", s)",
        "regex(s, \"a\")",
        "format(s, 1)",
        "templatestring(\"$${x.y}\", {x = s})",
        "{a = 1}[s]",
        "o[s]",
        "uuidv5(s, \"a\")",
        "file(s)",
        "csvdecode(\"${s},${s}\\n\")",
        "try(tonumber(s), tobool(s))",
        "one([s, s])[s]",
        "textencodebase64(\"a\", s)",
    ] {
        let told = format!("{:?}", evaluate(text));
        assert!(
            !told.contains("secret") || told.starts_with("Ok"),
            "{text}: {told}"
        );
    }
}

#[test]
fn try_and_can_wait_for_unknown_values() {
    check(&[
        ("try(o.c, \"else\")", "\"else\""),
        ("try(o.a, \"else\")", "1"),
        ("try(u.a, \"else\")", "unknown(Dynamic)"),
        ("can(o.c)", "false"),
        ("can(o.a)", "true"),
        (
            "can(us)",
            "unknown(Bool, Refinements { not_null: true, prefix: None, min: None, max: None, min_length: None, max_length: None })",
        ),
        (
            "[for v in [o, {a = 7, c = 1}]: try(v.c, \"none\")]",
            "[\"none\", 1]",
        ),
        ("try([1, u][0], \"else\")", "1"),
        ("try([1, u][1], \"else\")", "unknown(Dynamic)"),
        ("try([1, u][2], \"else\")", "\"else\""),
        ("can([1, u][0])", "true"),
        ("can([1, u][2])", "false"),
        ("startswith(jsonencode({a = u}), \"{\")", "true"),
        ("jsonencode([us]) == \"x\"", "false"),
        ("try(s, 1)", "sensitive \"secret\""),
        ("convert([1], list(string))", "list[\"1\"]"),
        (
            "convert({}, object({a = optional(number, 5)}))",
            "{\"a\": 5}",
        ),
        (
            "convert(\"x\", number)",
            "! Error in function call: Call to function \"convert\" failed: a number is required.",
        ),
        ("type(tolist([1]))", "\"list(number)\""),
    ]);
    let told = shown("try([][0], {}.b)");
    assert!(told.contains("no expression succeeded"), "{told}");
    assert!(
        told.contains("does not have an attribute named \"b\""),
        "{told}"
    );
}

/// A call that can't work is an error where it is needed, and no sooner.
#[test]
fn calls_that_cannot_work_may_be_done_without() {
    check(&[
        ("try(nosuch(1), \"x\")", "\"x\""),
        ("try(upper(), upper(\"a\", \"b\"), \"x\")", "\"x\""),
        ("can(provider::a::b(1))", "false"),
        ("can(can(1, 2))", "false"),
        ("true ? 1 : upper()", "1"),
        ("false && nosuch()", "false"),
        ("true || try([]...)", "true"),
        ("try([1, 2]...)", "1"),
        ("try([][0], [1]...)", "1"),
        ("can([1]...)", "true"),
        ("try(upper([]), ul...)", "unknown(Dynamic)"),
    ]);
    for text in [
        "upper()",
        "false ? 1 : upper()",
        "try(upper())",
        "true && upper()",
    ] {
        assert!(evaluate(text).is_err(), "{text}");
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let diagnostics = evaluate("[o.x, upper(o.y), {a = o.z}, \"${o.w}\"]").unwrap_err();
    assert_eq!(diagnostics.len(), 4);
}

#[test]
fn messages_point_at_their_place_and_name_values() {
    check_error(
        "1 + o.c",
        "Unsupported attribute",
        ".c",
        "o.c",
        "o is object with 2 attributes",
    );
    check_error("n + t", "Invalid operand", "t", "n + t", "t is \"text\"");
    check_error(
        "upper([n])",
        "Invalid function argument",
        "[n]",
        "upper([n])",
        "n is 5",
    );
    check_error(
        "upper()",
        "Not enough function arguments",
        ")",
        "upper()",
        "",
    );
    check_error("[1][n]", "Invalid index", "[n]", "[1][n]", "n is 5");
    check_error(
        "s.a",
        "Unsupported attribute",
        ".a",
        "s.a",
        "s has a sensitive value",
    );
    check_error(
        "[for v in [\"a\"]: v + 1]",
        "Invalid operand",
        "v",
        "v + 1",
        "v is \"a\"",
    );
    check_error("uper(1)", "Call to unknown function", "uper", "uper(1)", "");
}

/// A binder and a scope that write down what they are asked for.
#[derive(Default)]
struct Recorder {
    keys: RefCell<Vec<Value>>,
}

impl Binder for Recorder {
    fn bind(&mut self, root: &ast::Ident, steps: &[ast::Step]) -> Result<Bound, Diagnostic> {
        let keyed = matches!(
            steps.get(1).map(|step| &step.kind),
            Some(ast::StepKind::Index(_))
        );
        match root.name.as_str() {
            "res" => Ok(Bound {
                slot: Slot(1),
                consumed: if keyed { 2 } else { 1 },
                key_at: keyed.then_some(1),
            }),
            "each" => Ok(Bound {
                slot: Slot(2),
                consumed: 1,
                key_at: None,
            }),
            _ => Err(
                Diagnostic::error(Headline::foreign("Unknown"), root.name.as_str()).at(root.span),
            ),
        }
    }
}

struct Recorded<'a>(&'a Recorder, Functions);

impl Scope for Recorded<'_> {
    fn value(&self, slot: Slot, _: Span) -> Result<Value, Diagnostics> {
        Ok(match slot.0 {
            2 => Value::string("k"),
            _ => Value::object([("out", Value::TRUE)]),
        })
    }

    fn keyed(&self, _: Slot, key: &Value, _: Span) -> Result<Value, Diagnostics> {
        self.0.keys.borrow_mut().push(key.clone());
        Ok(Value::object([("out", key.clone())]))
    }

    fn functions(&self) -> &Functions {
        &self.1
    }

    fn name(&self, slot: Slot) -> EcoString {
        match slot.0 {
            1 => "res.a".into(),
            _ => "each.key".into(),
        }
    }
}

fn recorded(text: &str, locals: &[EcoString]) -> (Compiled, Diagnostics) {
    compile(&parsed(text), &mut Recorder::default(), locals)
}

#[test]
fn a_keyed_reference_reads_one_instance() {
    let recorder = Recorder::default();
    let (compiled, diagnostics) = recorded("res.a[each.key].out", &[]);
    assert!(diagnostics.is_empty());
    let scope = Recorded(&recorder, Functions::pure());
    assert_eq!(compiled.eval(&scope, &[]).unwrap(), Value::string("k"));
    assert_eq!(*recorder.keys.borrow(), vec![Value::string("k")]);
    let uses: Vec<_> = compiled
        .uses()
        .iter()
        .map(|one| (one.slot.0, one.path.clone()))
        .collect();
    assert_eq!(uses, vec![(2, vec![]), (1, vec!["out".into()])]);
    let key = compiled.uses()[1].key.clone().expect("a key");
    assert_eq!(key.eval(&scope, &[]).unwrap(), Value::string("k"));
}

#[test]
fn a_key_made_of_lexical_names_cannot_be_computed_outside() {
    let (compiled, _) = recorded("[for x in [\"a\"]: res.a[x].out]", &[]);
    assert_eq!(compiled.uses().len(), 1);
    assert!(compiled.uses()[0].key.is_none());
    let recorder = Recorder::default();
    let value = compiled
        .eval(&Recorded(&recorder, Functions::pure()), &[])
        .unwrap();
    assert_eq!(value, Value::tuple(vec![Value::string("a")]));
}

#[test]
fn references_in_a_branch_not_taken_are_uses() {
    let (compiled, _) = recorded("false ? res.a.out : \"x\"", &[]);
    assert_eq!(compiled.uses().len(), 1);
    let (compiled, diagnostics) = recorded("[nope, nada]", &[]);
    assert_eq!(diagnostics.len(), 2);
    assert!(compiled.uses().is_empty());
}

#[test]
fn given_names_shadow_what_the_binder_knows() {
    let (compiled, diagnostics) =
        recorded("[for each in [1]: \"${each}${it.value}\"]", &["it".into()]);
    assert!(diagnostics.is_empty());
    let recorder = Recorder::default();
    let scope = Recorded(&recorder, Functions::pure());
    let it = Value::object([("value", Value::string("v"))]);
    let value = compiled.eval(&scope, &[it]).unwrap();
    assert_eq!(value, Value::tuple(vec![Value::string("1v")]));
}

#[test]
fn constants_are_folded() {
    for (text, constant) in [
        ("{a = [1, -2], b = null}", true),
        ("\"x\"", true),
        ("1 + 1", false),
        ("upper(\"x\")", false),
    ] {
        assert_eq!(
            recorded(text, &[]).0.as_constant().is_some(),
            constant,
            "{text}"
        );
    }
}

/// Test threads have a stack of 2 MiB.
#[test]
fn deep_and_long_expressions_are_safe() {
    let deep = |open: &str, close: &str, count: usize| {
        let text = format!("{}1{}", open.repeat(count), close.repeat(count));
        let (expr, diagnostics) = parse_expression(FileId(0), &text);
        match expr {
            Some(expr) => {
                let functions = Functions::pure();
                drop(Names::new(&names(), &functions).evaluate(&expr));
            }
            None => assert!(diagnostics.has_errors()),
        }
    };
    for count in [50, 120, 240, 400, 10_000] {
        deep("(", ")", count);
        deep("[", "]", count);
        deep("{a = ", "}", count);
        deep("-", "", count);
        deep("abs(", ")", count);
        deep("true ? ", " : 2", count);
        deep("[for x in [1]: ", "]", count);
        deep("\"${", "}\"", count);
        deep("\"x${", "}\"", count);
        deep("\"%{ if true }x${", "}%{ endif }\"", count);
        deep("try(", ", 2)", count);
        deep("false || (", ") == 1", count);
        deep("[[1]][", "]", count);
    }
    let sum = vec!["1"; 400].join(" + ");
    assert_eq!(shown(&sum), "400");
}

#[test]
fn types_are_read_with_their_defaults() {
    let (ty, defaults, diagnostics) = type_constraint(&parsed(
        "map(object({a = string, b = optional(list(number), [1]), c = optional(any)}))",
    ));
    assert!(diagnostics.is_empty());
    let value = Value::object([("k", Value::object([("a", Value::TRUE)]))]);
    let filled = defaults.expect("defaults").apply(&value);
    let converted = super::values::convert(&filled, &ty).unwrap();
    assert_eq!(
        format!("{converted:?}"),
        "map{\"k\": {\"a\": \"true\", \"b\": list[1], \"c\": null(Dynamic)}}"
    );
    assert_eq!(variable_type(&parsed("list")).0, Type::list(Type::Dynamic));
    assert_eq!(variable_type(&parsed("map")).0, Type::map(Type::Dynamic));
}

#[test]
fn wrong_types_are_explained() {
    for (text, detail) in [
        (
            "nosuch",
            "The keyword \"nosuch\" is not a valid type specification.",
        ),
        (
            "set",
            "The set type constructor requires one argument specifying the element type.",
        ),
        (
            "list()",
            "The list type constructor requires one argument specifying the element type.",
        ),
        (
            "string(5)",
            "Primitive type keyword \"string\" does not expect arguments.",
        ),
        (
            "list(optional(string))",
            "Keyword \"optional\" is valid only as a modifier for object type attributes.",
        ),
        (
            "object(5)",
            "Object type constructor requires a map whose keys are attribute names and whose values are the corresponding attribute types.",
        ),
        (
            "object({(a) = string})",
            "Object constructor map keys must be attribute names.",
        ),
        (
            "object({a = string, a = number})",
            "Object constructor map keys must be unique.",
        ),
        (
            "object({a = optional(number, \"x\")})",
            "This default value is not compatible with the attribute's type constraint: a number is required.",
        ),
        (
            "object({a = optional(string, v)})",
            "Variables may not be used here.",
        ),
        (
            "tuple(string)",
            "Tuple type constructor requires a list of element types.",
        ),
        (
            "foo(string)",
            "Keyword \"foo\" is not a valid type constructor.",
        ),
        (
            "5",
            "A type specification is either a primitive type keyword (bool, number, string) or a complex type constructor call, like list(string).",
        ),
    ] {
        let (_, _, diagnostics) = type_constraint(&parsed(text));
        let told: Vec<&str> = diagnostics.iter().map(|one| one.detail.as_str()).collect();
        assert_eq!(told, vec![detail], "{text}");
    }
}

#[test]
fn a_lone_interpolation_in_a_template_keeps_its_type() {
    let functions = Functions::pure();
    for (text, expected) in [
        ("${n}", "5"),
        ("a${n}", "\"a5\""),
        ("${[n]}", "[5]"),
        ("", "\"\""),
    ] {
        let (expr, _) = parse_template(FileId(0), text);
        let value = Names::new(&names(), &functions).evaluate(&expr.expect("a template"));
        assert_eq!(format!("{:?}", value.unwrap()), expected, "{text}");
    }
}
