//! Laws that hold for all values: codecs give back what they were given, conversion gives what it
//! was asked for, orders are orders.

use crate::{EcoString, Marks, Number, Path, Refinements, Type, Value};
use crate::{convert, json, msgpack, ops, path};
use proptest::prelude::*;
use std::cmp::Ordering;
use std::collections::BTreeMap;

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from_i64),
        any::<u64>().prop_map(Number::from_u64),
        (-1000_i64..1000).prop_map(Number::from_i64),
        "-?[0-9]{1,30}(\\.[0-9]{1,30})?"
            .prop_filter_map("not a number", |text| Number::parse(&text)),
        "[1-9]e-?[0-9]{1,3}".prop_filter_map("not a number", |text| Number::parse(&text)),
        any::<f64>().prop_filter_map("not a number", Number::from_f64),
        (1_i64..100, 1_i64..100).prop_filter_map("no quotient", |(a, b)| Number::from_i64(a)
            .div(&Number::from_i64(b))
            .ok()),
    ]
}

fn finite() -> impl Strategy<Value = Number> {
    number().prop_filter("finite", |number| !number.is_infinite())
}

fn ty() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![Just(Type::Bool), Just(Type::Number), Just(Type::String)];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::list),
            inner.clone().prop_map(Type::set),
            inner.clone().prop_map(Type::map),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Type::tuple),
            prop::collection::btree_map("[a-c]", inner, 0..3).prop_map(Type::object),
        ]
    })
}

/// A value of a type: sometimes null, and unknown where that is allowed.
fn of(ty: Type, unknown: bool) -> BoxedStrategy<Value> {
    let null = Just(Value::null(ty.clone()));
    let open = if unknown {
        let refined = Value::unknown_with(ty.clone(), Refinements::NOT_NULL);
        prop_oneof![Just(Value::unknown(ty.clone())), Just(refined)].boxed()
    } else {
        null.clone().boxed()
    };
    let known = match ty {
        Type::Dynamic => Just(Value::NULL).boxed(),
        Type::Bool => any::<bool>().prop_map(Value::bool).boxed(),
        Type::Number => finite()
            .prop_map(|number| Value::number(number.settled()))
            .boxed(),
        Type::String => prop_oneof!["[a-c]{0,3}", "\\PC{0,8}", "-?[0-9]{1,3}"]
            .prop_map(|text| Value::string_nfc(&text))
            .boxed(),
        Type::List(element) => prop::collection::vec(of((*element).clone(), unknown), 0..4)
            .prop_map(move |items| Value::list((*element).clone(), items))
            .boxed(),
        Type::Set(element) => prop::collection::vec(of((*element).clone(), unknown), 0..4)
            .prop_map(move |items| Value::set((*element).clone(), items))
            .boxed(),
        Type::Map(element) => {
            let entry = (
                "[a-d]".prop_map(EcoString::from),
                of((*element).clone(), unknown),
            );
            prop::collection::vec(entry, 0..4)
                .prop_map(move |entries| {
                    let entries: BTreeMap<_, _> = entries.into_iter().collect();
                    Value::map((*element).clone(), entries)
                })
                .boxed()
        }
        Type::Tuple(types) => {
            let parts: Vec<_> = types.iter().map(|ty| of(ty.clone(), unknown)).collect();
            parts.prop_map(Value::tuple).boxed()
        }
        Type::Object(object) => {
            let names: Vec<EcoString> = object.attributes.keys().cloned().collect();
            let parts: Vec<_> = object
                .attributes
                .values()
                .map(|ty| of(ty.clone(), unknown))
                .collect();
            parts
                .prop_map(move |parts| Value::object(names.iter().cloned().zip(parts)))
                .boxed()
        }
    };
    prop_oneof![1 => null, 1 => open, 8 => known].boxed()
}

fn value() -> impl Strategy<Value = Value> {
    ty().prop_flat_map(|ty| of(ty, true))
}

fn known_value() -> impl Strategy<Value = Value> {
    ty().prop_flat_map(|ty| of(ty, false))
}

/// A value with marks somewhere.
fn marked_value() -> impl Strategy<Value = Value> {
    (value(), any::<u64>()).prop_map(|(value, bits)| {
        let mut bits = bits;
        path::transform(&value, &mut |path, part| {
            bits = bits.rotate_left(3);
            // Elements of sets cannot have marks of their own.
            if bits & 7 == 0 && !into_set(&value, path) {
                part.with_marks(&Marks::SENSITIVE)
            } else {
                part
            }
        })
    })
}

fn into_set(value: &Value, path: &Path) -> bool {
    (0..path.0.len()).any(|end| {
        let outer = Path(path.0[..end].to_vec());
        outer
            .get(value)
            .is_ok_and(|part| matches!(part.ty(), Type::Set(_)))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn msgpack_gives_back_the_value(value in value()) {
        for ty in [value.ty(), Type::Dynamic] {
            let bytes = msgpack::encode(&value, &ty).unwrap();
            prop_assert_eq!(msgpack::decode(&bytes, &ty).unwrap(), value.clone());
        }
    }

    #[test]
    fn json_gives_back_the_value(value in known_value()) {
        for ty in [value.ty(), Type::Dynamic] {
            let text = json::encode(&value, &ty).unwrap();
            let back = json::decode(&text, &ty).unwrap();
            let same = back == value || (back.is_null() && value.is_null());
            prop_assert!(same, "{:?} from {}", back, text);
        }
    }

    #[test]
    fn plain_json_reads_as_an_equal_value(value in known_value()) {
        let text = json::encode_plain(&value).unwrap();
        let back = convert::convert(&json::decode_implied(&text).unwrap(), &value.ty());
        prop_assert_eq!(back.map_err(|error| error.to_string()), Ok(value));
    }

    #[test]
    fn types_read_back(ty in ty()) {
        let mut text = String::new();
        json::encode_type(&ty, &mut text);
        prop_assert_eq!(json::decode_type(&text).unwrap(), ty);
    }

    #[test]
    fn decoders_survive_everything(bytes in prop::collection::vec(any::<u8>(), 0..64), text in "\\PC{0,40}", ty in ty()) {
        drop(msgpack::decode(&bytes, &ty));
        drop(msgpack::decode(&bytes, &Type::Dynamic));
        drop(json::decode(&text, &ty));
        drop(json::decode_type(&text));
        prop_assert!(Number::parse(&text).is_none_or(|number| !number.text().is_empty()));
    }

    #[test]
    fn converting_to_the_own_type_changes_nothing(value in value()) {
        let back = convert::convert(&value, &value.ty()).unwrap();
        prop_assert_eq!(&back, &value);
        prop_assert!(value.children().is_empty() || back.same(&value));
    }

    #[test]
    fn conversion_gives_the_type_asked_for(value in marked_value(), wanted in ty()) {
        if let Ok(converted) = convert::convert(&value, &wanted) {
            prop_assert!(converted.is_of(&wanted), "{:?} is no {}", converted, wanted);
            prop_assert!(converted.ty() == wanted);
            prop_assert!(convert::convert(&converted, &wanted).unwrap() == converted);
            let lost = matches!(wanted, Type::Object(_)) || !converted.is_known() || converted.is_null() || wanted_drops(&wanted);
            prop_assert!(lost || value.marks_deep() == converted.marks_deep());
        }
    }

    #[test]
    fn all_types_convert_to_their_common_one(types in prop::collection::vec(ty(), 1..4), allow_unsafe: bool) {
        if let Some(common) = convert::unify(&types, allow_unsafe) {
            for ty in &types {
                prop_assert!(convert::possible(ty, &common, allow_unsafe), "{} to {}", ty, common);
            }
        }
    }

    #[test]
    fn numbers_have_a_total_order(a in number(), b in number(), c in number()) {
        prop_assert_eq!(a.compare(&b), b.compare(&a).reverse());
        if a.compare(&b) != Ordering::Greater && b.compare(&c) != Ordering::Greater {
            prop_assert_ne!(a.compare(&c), Ordering::Greater);
        }
    }

    #[test]
    fn numbers_print_what_reads_as_the_same(a in number()) {
        let back = Number::parse(&a.text()).unwrap();
        prop_assert_eq!(&back, &a.settled());
        prop_assert_eq!(back.text(), a.text());
        prop_assert_eq!(a.settled().text(), a.text());
    }

    #[test]
    fn arithmetic_is_what_it_is_called(a in finite(), b in finite()) {
        prop_assert_eq!(a.add(&b).unwrap(), b.add(&a).unwrap());
        prop_assert_eq!(a.mul(&b).unwrap(), b.mul(&a).unwrap());
        prop_assert_eq!(a.sub(&b).unwrap(), a.add(&b.neg()).unwrap());
        prop_assert_eq!(a.neg().neg(), a.clone());
        prop_assert_ne!(a.floor().compare(&a.ceil()), Ordering::Greater);
    }

    #[test]
    fn the_order_of_items_does_not_matter_to_a_set(items in ty().prop_flat_map(|ty| {
        (Just(ty.clone()), prop::collection::vec(of(ty, false), 0..6))
    })) {
        let (ty, items) = items;
        let set = Value::set(ty.clone(), items.clone());
        let twice = items.iter().rev().chain(&items).cloned().collect();
        prop_assert!(ops::equal(&Value::set(ty, twice), &set).as_bool() == Some(true));
        for item in &items {
            prop_assert!(set.set_has(item));
        }
    }

    #[test]
    fn equality_is_symmetric(pair in ty().prop_flat_map(|ty| (of(ty.clone(), true), of(ty, true)))) {
        let (a, b) = pair;
        prop_assert_eq!(ops::equal(&a, &b), ops::equal(&b, &a));
        let itself = ops::equal(&a, &a);
        prop_assert_ne!(itself.as_bool(), Some(false));
        prop_assert!(!a.is_wholly_known() || itself.as_bool() == Some(true));
    }

    #[test]
    fn a_difference_is_found_and_only_that(a in value(), b in value()) {
        prop_assert!(path::diff(&a, &a).is_empty());
        prop_assert_eq!(path::diff(&a, &b).is_empty(), a == b);
        for path in path::diff(&a, &b) {
            prop_assert!(path.get(&a).is_ok());
        }
    }

    #[test]
    fn marks_go_and_come_back(value in marked_value()) {
        let (plain, marks) = value.unmark_deep_with_paths();
        prop_assert!(!plain.contains_marks());
        prop_assert_eq!(plain.mark_with_paths(&marks), value);
    }
}

/// Whether converting to this type may leave parts, and their marks, behind.
fn wanted_drops(ty: &Type) -> bool {
    match ty {
        Type::Object(_) => true,
        Type::List(element) | Type::Set(element) | Type::Map(element) => wanted_drops(element),
        Type::Tuple(types) => types.iter().any(wanted_drops),
        Type::Dynamic | Type::Bool | Type::Number | Type::String => false,
    }
}
