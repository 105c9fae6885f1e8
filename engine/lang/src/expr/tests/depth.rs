//! Depth and length.

use super::*;

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
