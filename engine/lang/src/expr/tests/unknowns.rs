//! What is told of values that are not known yet. The answers were seen from the peer.

use super::references::recorded;
use super::*;
use terrane_value::PathStep;

/// A conditional with an unknown condition is one of two values: what both have in common is known.
#[test]
fn one_of_two_values() {
    let value = |text: &str| evaluate(text).unwrap();
    // Two nulls are null, whatever the condition will be, also of unlike types.
    assert!(value("ub ? null : null").is_null());
    let text = value("ub ? tostring(null) : null");
    assert!(text.is_null() && text.ty() == Type::String, "{text:?}");
    // A null on one side leaves all open but the type.
    assert_eq!(value("ub ? \"a\" : null"), Value::unknown(Type::String));
    // One number on both sides is this number.
    assert_eq!(value("ub ? 7 : 7"), value("7"));
    // Where the types differ, what is known of the one form says nothing of the other; that it is not null stays.
    let joined = value("ub ? 1 : \"1\"");
    let not_null = Value::unknown_refined(Type::String, Refinements::NOT_NULL);
    assert_eq!(joined, not_null);
}

/// Constant steps behind the plain attribute names of a reference are kept, up to the first that is not.
#[test]
fn steps_behind_a_reference() {
    for (text, path, tail) in [
        ("res.a.b.c", &["b", "c"][..], vec![]),
        (
            "res.a.b[0].c[\"k\"].d",
            &["b"],
            vec![
                PathStep::Index(Value::number(terrane_value::Number::from_i64(0))),
                PathStep::Attr("c".into()),
                PathStep::Index(Value::string("k")),
                PathStep::Attr("d".into()),
            ],
        ),
        ("res.a.b[each.key].c", &["b"], vec![]),
        ("res.a.b[*].c", &["b"], vec![]),
    ] {
        let (compiled, _) = recorded(text, &[]);
        let used = compiled.uses().iter().find(|used| used.slot == Slot(1));
        let used = used.unwrap();
        assert_eq!(used.path, path, "{text}");
        assert_eq!(used.tail, tail, "{text}");
    }
}

/// Of what type the result of a call is, where an argument's type is not known: some functions leave it open, some tell it all the same.
#[test]
fn calls_with_arguments_of_unknown_type() {
    for (text, ty) in [
        // Its result is a text, whatever it is given.
        ("jsonencode(u)", Type::String),
        ("yamlencode(u)", Type::String),
        // The others tell of what type the unknown one will be.
        ("coalesce(u, \"a\")", Type::String),
        // Nothing tells it, or the function does not say before it is known.
        ("format(\"%s\", u)", Type::Dynamic),
        ("coalesce(u, u)", Type::Dynamic),
        ("flatten(u)", Type::Dynamic),
    ] {
        let value = evaluate(text).unwrap();
        assert!(!value.is_known(), "{text}: {value:?}");
        assert_eq!(value.ty(), ty, "{text}");
    }
}

/// A sensitive list that is not known makes the whole result sensitive and unknown; a known one beside it does not help.
#[test]
fn flatten_of_a_sensitive_unknown_list() {
    for text in ["flatten([sensitive(ul)])", "flatten([[1], sensitive(ul)])"] {
        let value = evaluate(text).unwrap();
        assert!(value.marks().is_sensitive(), "{text}: {value:?}");
        assert!(!value.unmarked().is_known(), "{text}: {value:?}");
        assert_eq!(value.ty(), Type::Dynamic, "{text}");
    }
    // An element that is not known is an element all the same.
    let value = evaluate("flatten([[sensitive(us)], \"a\"])").unwrap();
    assert_eq!(value.unmarked().children().len(), 2, "{value:?}");
}
