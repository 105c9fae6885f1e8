//! What binder and scope are asked for.

use super::*;

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
            "failed" => Ok(Bound {
                slot: Slot(3),
                consumed: 1,
                key_at: None,
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
            3 => return Err(Diagnostics::new()),
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

pub(super) fn recorded(text: &str, locals: &[EcoString]) -> (Compiled, Diagnostics) {
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
fn what_failed_elsewhere_is_told_there_alone() {
    for text in [
        "try(failed)",
        "try([][0], failed.x, {}.b)",
        "try(failed.x, null)",
        "can(failed.x)",
        "[failed, failed]",
    ] {
        let (compiled, _) = recorded(text, &[]);
        let recorder = Recorder::default();
        let outcome = compiled.eval(&Recorded(&recorder, Functions::pure()), &[]);
        let told = outcome.expect_err("nothing succeeds");
        assert!(told.is_empty(), "{text}: {told:?}");
    }
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
