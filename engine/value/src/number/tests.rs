//! Numbers against what the peers print.

use super::*;
use std::collections::hash_map::DefaultHasher;

fn number(text: &str) -> Number {
    Number::parse(text).unwrap_or_else(|| panic!("not a number: {text}"))
}

/// Evaluates one line of `oracle.txt`: `#3` is the length of three things, `f0.5` comes from an
/// `f64`.
fn evaluate(expression: &str) -> Option<Number> {
    let mut stack: Vec<Number> = Vec::new();
    for word in expression.split(' ') {
        let result = match word {
            "neg" => stack.pop()?.neg(),
            "floor" => stack.pop()?.floor(),
            "ceil" => stack.pop()?.ceil(),
            "abs" => stack.pop()?.abs(),
            "+" | "-" | "*" | "/" | "%" | "pow" | "log" => {
                let right = stack.pop()?;
                let left = stack.pop()?;
                match word {
                    "+" => left.add(&right).ok()?,
                    "-" => left.sub(&right).ok()?,
                    "*" => left.mul(&right).ok()?,
                    "/" => left.div(&right).ok()?,
                    "%" => left.rem(&right).ok()?,
                    "pow" => left.pow(&right)?,
                    _ => left.log(&right)?,
                }
            }
            _ => match word.as_bytes()[0] {
                b'#' => Number::from_usize(word.get(1..).unwrap().parse().unwrap()),
                b'f' => Number::from_f64(word.get(1..).unwrap().parse().unwrap())?,
                _ => number(word),
            },
        };
        stack.push(result);
    }
    stack.pop()
}

/// Random expressions with the text that Terraform 1.11.4 gives for each.
#[test]
fn computes_and_prints_as_the_peer() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in include_str!("oracle.txt").lines() {
        let (expression, want) = line.split_once(" = ").expect("expression = result");
        let got = evaluate(expression).map_or_else(|| "error".to_owned(), |n| n.to_string());
        count += 1;
        if got != want {
            wrong.push(format!("{expression}\n  want {want}\n  got  {got}"));
        }
    }
    assert!(count > 600, "only {count} lines");
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn reads_what_the_peer_reads() {
    for (text, want) in [
        ("5", Some("5")),
        ("+5", Some("5")),
        ("-5", Some("-5")),
        ("-0", Some("-0")),
        (".5", Some("0.5")),
        ("-.5", Some("-0.5")),
        ("5.", Some("5")),
        ("007", Some("7")),
        ("1e5", Some("100000")),
        ("1E-5", Some("0.00001")),
        ("1e+5", Some("100000")),
        ("1.5e3", Some("1500")),
        ("1p4", Some("16")),
        ("1.5p4", Some("24")),
        ("Inf", Some("+Inf")),
        ("-inf", Some("-Inf")),
        ("0.10", Some("0.1")),
        (
            "123456789012345678901234567890",
            Some("123456789012345678901234567890"),
        ),
        ("", None),
        (".", None),
        ("-", None),
        ("1e", None),
        ("1e1.5", None),
        ("0x10", None),
        (" 5", None),
        ("5 ", None),
        ("1_000", None),
        ("--5", None),
        ("NaN", None),
        ("infinity", None),
        ("1e1000000000", None),
        ("1e-1000000000", None),
        ("1e99999999999999999999", None),
        ("1p9999999999", None),
        ("١", None),
    ] {
        let got = Number::parse(text).map(|number| number.to_string());
        assert_eq!(got.as_deref(), want, "{text:?}");
    }
}

#[test]
fn long_texts_are_read_in_bounded_time() {
    let long = format!("1{}.{}e-5000", "0".repeat(50_000), "1".repeat(1_000_000));
    assert!(Number::parse(&long).is_some());
    assert!(Number::parse(&"9".repeat(200_000)).is_none());
    assert_eq!(
        number(&format!("0.{}1e9001", "0".repeat(9000))),
        number("1")
    );
}

#[test]
fn infinities() {
    let zero = number("0");
    let infinity = number("1").div(&zero).unwrap();
    assert_eq!(infinity.to_string(), "+Inf");
    assert_eq!(number("-1").div(&zero).unwrap().to_string(), "-Inf");
    assert_eq!(infinity, Number::INFINITY);
    assert_eq!(zero.div(&zero), Err(NumberError::DivideZeroOrInfinity));
    assert_eq!(
        infinity.sub(&infinity),
        Err(NumberError::SubtractInfinities)
    );
    assert_eq!(
        infinity.add(&infinity.neg()),
        Err(NumberError::AddInfinities)
    );
    assert_eq!(zero.mul(&infinity), Err(NumberError::MultiplyZeroInfinity));
    assert_eq!(infinity.rem(&number("2")), Err(NumberError::ModuloInfinity));
    assert_eq!(number("2").rem(&infinity), Err(NumberError::ModuloInfinity));
    assert_eq!(number("5").rem(&zero).unwrap(), number("5"));
    assert_eq!(number("1").div(&infinity).unwrap(), zero);
    assert_eq!(infinity.compare(&number("1e1000")), Ordering::Greater);
    assert_eq!(infinity.neg().compare(&number("-1e1000")), Ordering::Less);
}

#[test]
fn products_stop_growing() {
    let mut big = number("1e90000");
    let mut small = number("1e-90000");
    for _ in 0..10 {
        big = big.mul(&big).unwrap();
        small = small.mul(&small).unwrap();
    }
    assert!(big.is_infinite());
    assert!(small.is_zero());
}

fn hash(number: &Number) -> u64 {
    let mut hasher = DefaultHasher::new();
    number.hash(&mut hasher);
    hasher.finish()
}

/// Integers are equal by value, fractions by their text.
#[test]
fn equality() {
    let double = |value: f64| Number::from_f64(value).unwrap();
    for (left, right, equal) in [
        (number("0.1"), double(0.1), true),
        (number("3"), Number::from_usize(3), true),
        (number("0"), number("-0"), true),
        (number("1e20"), double(1e20), true),
        (
            double(1_152_921_504_606_846_976.0),
            number("1152921504606847000"),
            false,
        ),
        (number("0.1"), number("0.1000000000000000000000001"), false),
        (number("0.5"), number("5"), false),
        (
            number("0.3"),
            number("0.1").add(&number("0.2")).unwrap(),
            true,
        ),
        (
            number("3.3"),
            number("1.1").mul(&number("3")).unwrap(),
            false,
        ),
        (
            Number::from_usize(1).div(&Number::from_usize(3)).unwrap(),
            number("1").div(&number("3")).unwrap(),
            false,
        ),
    ] {
        assert_eq!(left == right, equal, "{left} == {right}");
        if equal {
            assert_eq!(hash(&left), hash(&right), "{left}");
        }
    }
}

#[test]
fn order() {
    let texts = [
        "-Inf",
        "-1e30",
        "-2.5",
        "-2",
        "-1e-30",
        "0",
        "1e-40",
        "0.1",
        "1",
        "1.5",
        "2",
        "9223372036854775807",
        "9223372036854775808",
        "1e30",
        "Inf",
    ];
    for (i, left) in texts.iter().enumerate() {
        for (j, right) in texts.iter().enumerate() {
            assert_eq!(
                number(left).compare(&number(right)),
                i.cmp(&j),
                "{left} {right}"
            );
        }
    }
    assert_eq!(number("-0").compare(&number("0")), Ordering::Equal);
}

#[test]
fn native_forms() {
    assert_eq!(number("9223372036854775807").to_i64(), Some(i64::MAX));
    assert_eq!(number("-9223372036854775808").to_i64(), Some(i64::MIN));
    assert_eq!(number("9223372036854775808").to_i64(), None);
    assert_eq!(number("9223372036854775808").to_u64(), Some(1 << 63));
    assert_eq!(number("18446744073709551616").to_u64(), None);
    assert_eq!(number("-1").to_u64(), None);
    assert_eq!(number("1.5").to_i64(), None);
    assert_eq!(number("-0").to_i64(), Some(0));
    assert_eq!(
        Number::from_i64(i64::MIN).neg().to_string(),
        "9223372036854775808"
    );
    assert_eq!(
        Number::from_u64(u64::MAX).to_string(),
        "18446744073709551615"
    );
    for value in [
        0.1,
        1.5,
        5e-324,
        1.7e308,
        f64::MIN_POSITIVE,
        2.0_f64.powi(-1060),
        123_456.789,
        -0.3,
    ] {
        assert_eq!(
            Number::from_f64(value).unwrap().to_f64().to_bits(),
            value.to_bits()
        );
        assert_eq!(
            number(&format!("{value}")).to_f64().to_bits(),
            value.to_bits(),
            "{value}"
        );
    }
    assert_eq!(number("1e400").to_f64(), f64::INFINITY);
    assert_eq!(number("1e-400").to_f64(), 0.0);
    assert_eq!(number("0.5").to_f64_exact(), Some(0.5));
    assert_eq!(number("0.1").to_f64_exact(), None);
    assert!(Number::from_f64(f64::NAN).is_none());
}

#[test]
fn whole_numbers_in_any_base() {
    for (text, base, want) in [
        ("ff", 16, Some("255")),
        ("FF", 16, Some("255")),
        ("-101", 2, Some("-5")),
        ("z", 36, Some("35")),
        ("Z", 62, Some("61")),
        ("a", 62, Some("10")),
        ("12", 2, None),
        ("", 10, None),
        ("1.5", 10, None),
        ("1_0", 10, None),
        ("1", 63, None),
        ("1", 1, None),
    ] {
        let got = Number::parse_int(text, base).map(|number| number.to_string());
        assert_eq!(got.as_deref(), want, "{text:?} base {base}");
    }
}

#[test]
fn notations() {
    use Notation::{Exponent, General, Plain};
    for (text, notation, digits, want) in [
        ("1234.5678", Plain, Some(2), "1234.57"),
        ("0.005", Plain, Some(2), "0.00"),
        ("0.125", Plain, Some(2), "0.12"),
        ("0.001", Plain, Some(2), "0.00"),
        ("9.99", Plain, Some(1), "10.0"),
        ("5", Plain, Some(3), "5.000"),
        ("1234.5678", Exponent, Some(2), "1.23e+03"),
        ("0.00012", Exponent, None, "1.2e-04"),
        ("0", Exponent, Some(2), "0.00e+00"),
        ("1e21", General, None, "1e+21"),
        ("100000", General, None, "100000"),
        ("1000000", General, None, "1e+06"),
        ("123456789", General, Some(4), "1.235e+08"),
        ("0.0001", General, Some(10), "0.0001"),
        ("0.00001", General, Some(10), "1e-05"),
        ("12345678901", General, Some(10), "1.23456789e+10"),
        ("100", General, Some(10), "100"),
        ("-2.5", General, Some(10), "-2.5"),
        ("0", General, Some(10), "0"),
    ] {
        assert_eq!(
            number(text).format(notation, digits),
            want,
            "{text} {notation:?} {digits:?}"
        );
    }
}
