//! Functions that several modules of a package declare.
//!
//! The evaluator looks up what parameters stand for in one module, whichever of them a body is in, so that it finds nothing, something else, or comes to
//! a sudden end. So all bodies but those of the first module get a name of their own, and the first module hands calls on to them. Lines stay where they are.

use crate::files::Source;
use crate::portable::{is_called, names, rules, tokens};
use std::collections::BTreeMap;

/// Modules in which each function is declared in one.
pub(crate) fn gathered(mut policies: Vec<Source>) -> Vec<Source> {
    // By package and function, the modules that declare it.
    let mut declared: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for (at, source) in policies.iter().enumerate() {
        let (package, names) = names(&source.text);
        for function in names.functions {
            let modules = declared.entry((package.clone(), function));
            modules.or_default().push(at);
        }
    }
    for ((_, function), modules) in declared {
        let Some((first, others)) = modules.split_first().filter(|(_, rest)| !rest.is_empty())
        else {
            continue;
        };
        let mut calls = String::new();
        for at in others {
            let own = format!("{function}__of_{at}");
            let Some(source) = policies.get_mut(*at) else {
                continue;
            };
            let (text, parameters) = under(&source.text, &function, &own);
            source.text = text;
            let with: Vec<String> = (0..parameters).map(|at| format!("p{at}__")).collect();
            let with = with.join(", ");
            calls.extend([format!("\n{function}({with}) := {own}({with})")]);
        }
        if let Some(source) = policies.get_mut(*first) {
            source.text.push_str(&calls);
            source.text.push('\n');
        }
    }
    policies
}

/// A module that declares a function under another name, and how many parameters it has.
fn under(text: &str, function: &str, own: &str) -> (String, usize) {
    let tokens = tokens(text);
    let mut out = String::with_capacity(text.len());
    let (mut from, mut parameters) = (0, 0);
    for rule in rules(&tokens) {
        let head = tokens.get(rule.start);
        let Some(head) =
            head.filter(|head| head.text == function && is_called(&tokens, rule.start))
        else {
            continue;
        };
        out.push_str(text.get(from..head.start).unwrap_or_default());
        out.push_str(own);
        from = head.end();
        let mut depth = 0_i32;
        parameters = 1;
        for token in tokens.iter().skip(rule.start + 1) {
            match token.text {
                "(" | "[" | "{" => depth += 1,
                "," if depth == 1 => parameters += 1,
                ")" | "]" | "}" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    out.push_str(text.get(from..).unwrap_or_default());
    (out, parameters)
}
