//! Type constraints: `list(object({ a = optional(string, "x") }))`.

use super::{simple, values};
use crate::diagnostic::Rule;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::rules;
use crate::source::Span;
use crate::syntax::ast::{Call, Expr, ExprKind, ObjectItem};
use crate::syntax::suggest::did_you_mean;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_value::convert::Children;
pub use terrane_value::convert::Defaults;
use terrane_value::{EcoString, ObjectType, Type};

/// How deep types may nest.
const MAX_DEPTH: usize = 100;

const SUMMARY: &Rule = &rules::types::INVALID_TYPE;
const ANY_TYPE: &str = "A type specification is either a primitive type keyword (bool, number, string) or a complex type constructor call, like list(string).";

/// Reads a type constraint: the type (with `any` as dynamic and optional attributes), the defaults of optional attributes, and all
/// messages. Where there are errors the type is dynamic in the places that could not be read.
pub fn type_constraint(expr: &Expr) -> (Type, Option<Defaults>, Diagnostics) {
    let mut reader = Reader {
        diagnostics: Diagnostics::new(),
        depth: 0,
    };
    let (ty, defaults) = reader.constraint(expr);
    let defaults = (!defaults.is_empty()).then_some(defaults);
    (ty, defaults, reader.diagnostics)
}

/// Reads the `type` argument of a variable, where `list` and `map` alone may stand for `list(any)` and `map(any)`.
pub fn variable_type(expr: &Expr) -> (Type, Option<Defaults>, Diagnostics) {
    match &expr.kind {
        ExprKind::Name(name) if name == "list" => {
            return (Type::list(Type::Dynamic), None, Diagnostics::new());
        }
        ExprKind::Name(name) if name == "map" => {
            return (Type::map(Type::Dynamic), None, Diagnostics::new());
        }
        ExprKind::String(text) => {
            return (Type::Dynamic, None, quoted(text, expr.span).into());
        }
        _ => {}
    }
    type_constraint(expr)
}

/// Types were written in quotes once.
fn quoted(text: &str, span: Span) -> Diagnostic {
    let instead = match text {
        "string" => String::from("Remove the quotes around \"string\"."),
        "list" | "map" => format!(
            "Remove the quotes around \"{text}\" and write {text}(string) instead to explicitly indicate that the {text} elements are strings."
        ),
        _ => {
            return Diagnostic::error(
                &rules::types::LEGACY_TYPE_HINT,
                "To provide a full type expression, remove the surrounding quotes and give the type expression directly.",
            )
            .at(span);
        }
    };
    Diagnostic::error(
        &rules::types::QUOTED_TYPE,
        format!("Type constraints in quotes are not supported any more. {instead}"),
    )
    .at(span)
}

struct Reader {
    diagnostics: Diagnostics,
    depth: usize,
}

impl Reader {
    fn error(&mut self, detail: impl Into<String>, span: Span) -> (Type, Defaults) {
        self.diagnostics
            .push(Diagnostic::error(SUMMARY, detail).at(span));
        (Type::Dynamic, Defaults::default())
    }

    fn constraint(&mut self, expr: &Expr) -> (Type, Defaults) {
        if self.depth >= MAX_DEPTH {
            return self.error(
                format!("Types may be nested at most {MAX_DEPTH} levels deep."),
                expr.span,
            );
        }
        self.depth += 1;
        let read = match &expr.kind {
            ExprKind::Name(name) => self.keyword(name, expr.span),
            ExprKind::Null => self.keyword("null", expr.span),
            ExprKind::Bool(value) => self.keyword(if *value { "true" } else { "false" }, expr.span),
            ExprKind::Call(call) => self.constructor(call, expr.span),
            _ => self.error(ANY_TYPE, expr.span),
        };
        self.depth -= 1;
        read
    }

    fn keyword(&mut self, name: &str, span: Span) -> (Type, Defaults) {
        let ty = match name {
            "bool" => Type::Bool,
            "string" => Type::String,
            "number" => Type::Number,
            "any" => Type::Dynamic,
            "list" | "set" | "map" => {
                return self.error(
                    format!("The {name} type constructor requires one argument specifying the element type."),
                    span,
                );
            }
            "object" => {
                return self.error("The object type constructor requires one argument specifying the attribute types and values as a map.", span);
            }
            "tuple" => {
                return self.error("The tuple type constructor requires one argument specifying the element types as a list.", span);
            }
            "optional" => {
                return self.error(
                    "Keyword \"optional\" is valid only as a modifier for object type attributes.",
                    span,
                );
            }
            _ => {
                let known = [
                    "string", "number", "bool", "any", "list", "map", "set", "object", "tuple",
                ];
                let near = did_you_mean(name, known);
                return self.error(
                    format!("The keyword \"{name}\" is not a valid type specification.{near}"),
                    span,
                );
            }
        };
        (ty, Defaults::default())
    }

    fn constructor(&mut self, call: &Call, span: Span) -> (Type, Defaults) {
        let name = call.name.as_str();
        let wanted = match name {
            "bool" | "string" | "number" => {
                return self.error(
                    format!("Primitive type keyword \"{name}\" does not expect arguments."),
                    call.parens,
                );
            }
            "any" => {
                return self.error(
                    "Type constraint keyword \"any\" does not expect arguments.",
                    call.parens,
                );
            }
            "optional" => {
                return self.error(
                    "Keyword \"optional\" is valid only as a modifier for object type attributes.",
                    call.name_span,
                );
            }
            "list" | "set" | "map" => "the element type",
            "object" => "the attribute types and values as a map",
            "tuple" => "the element types as a list",
            _ => {
                return self.error(
                    format!("Keyword \"{name}\" is not a valid type constructor."),
                    span,
                );
            }
        };
        let [argument] = call.args.as_slice() else {
            let place = call.args.get(1).map_or(call.parens, |extra| extra.span);
            return self.error(
                format!("The {name} type constructor requires one argument specifying {wanted}."),
                place,
            );
        };
        match name {
            "object" => self.object(argument),
            "tuple" => self.tuple(argument),
            _ => {
                let (element, defaults) = self.constraint(argument);
                let ty = match name {
                    "list" => Type::list(element),
                    "set" => Type::set(element),
                    _ => Type::map(element),
                };
                let children = if defaults.is_empty() {
                    Children::None
                } else {
                    Children::Element(Box::new(defaults))
                };
                (ty, within(children))
            }
        }
    }

    fn tuple(&mut self, argument: &Expr) -> (Type, Defaults) {
        let ExprKind::Tuple(items) = &argument.kind else {
            return self.error(
                "Tuple type constructor requires a list of element types.",
                argument.span,
            );
        };
        let mut types = Vec::with_capacity(items.len());
        let mut children = BTreeMap::new();
        for (at, item) in items.iter().enumerate() {
            let (ty, defaults) = self.constraint(item);
            types.push(ty);
            if !defaults.is_empty() {
                children.insert(at, defaults);
            }
        }
        let children = if children.is_empty() {
            Children::None
        } else {
            Children::Tuple(children)
        };
        (Type::tuple(types), within(children))
    }

    fn object(&mut self, argument: &Expr) -> (Type, Defaults) {
        let ExprKind::Object(items) = &argument.kind else {
            return self.error(
                "Object type constructor requires a map whose keys are attribute names and whose values are the corresponding attribute types.",
                argument.span,
            );
        };
        let mut object = ObjectType::default();
        let mut defaults = Defaults::default();
        let mut children = BTreeMap::new();
        for item in items {
            self.attribute(item, &mut object, &mut defaults, &mut children);
        }
        if !children.is_empty() {
            defaults.children = Children::Attributes(children);
        }
        let object = ObjectType::new(object.attributes, object.optional);
        (Type::Object(Arc::new(object)), defaults)
    }

    fn attribute(
        &mut self,
        item: &ObjectItem,
        object: &mut ObjectType,
        defaults: &mut Defaults,
        children: &mut BTreeMap<EcoString, Defaults>,
    ) {
        let ExprKind::Name(name) = &item.key.kind else {
            self.error(
                "Object constructor map keys must be attribute names.",
                item.key.span,
            );
            return;
        };
        if object.attributes.contains_key(name) {
            self.error("Object constructor map keys must be unique.", item.key.span);
            return;
        }
        let optional = match &item.value.kind {
            ExprKind::Call(call) if call.name == "optional" => Some(call),
            _ => None,
        };
        let ty = match optional {
            None => &item.value,
            Some(call) => {
                object.optional.insert(name.clone());
                match call.args.as_slice() {
                    [] => {
                        self.error(
                            "Optional attribute modifier requires the attribute type as its argument.",
                            call.parens,
                        );
                        object.attributes.insert(name.clone(), Type::Dynamic);
                        return;
                    }
                    [ty] | [ty, _] => ty,
                    [ty, ..] => {
                        self.error(
                            "Optional attribute modifier expects at most two arguments: the attribute type, and a default value.",
                            call.parens,
                        );
                        ty
                    }
                }
            }
        };
        let before = self.diagnostics.len();
        let (ty, inner) = self.constraint(ty);
        let readable = self.diagnostics.len() == before;
        if let Some(call) = optional
            && let [_, default] = call.args.as_slice()
            && readable
        {
            self.default_value(name, &ty, &inner, default, defaults);
        }
        if !inner.is_empty() {
            children.insert(name.clone(), inner);
        }
        object.attributes.insert(name.clone(), ty);
    }

    fn default_value(
        &mut self,
        name: &EcoString,
        ty: &Type,
        inner: &Defaults,
        expr: &Expr,
        defaults: &mut Defaults,
    ) {
        let value = match simple::constant(expr) {
            Ok(value) => inner.apply(&value),
            Err(diagnostics) => {
                self.diagnostics.extend(diagnostics);
                return;
            }
        };
        match values::convert(&value, ty) {
            Ok(value) => {
                defaults.values.insert(name.clone(), value);
            }
            Err(why) => self.diagnostics.push(
                Diagnostic::error(
                    &rules::types::INVALID_OPTIONAL_DEFAULT,
                    format!("This default value is not compatible with the attribute's type constraint: {why}."),
                )
                .at(expr.span),
            ),
        }
    }
}

fn within(children: Children) -> Defaults {
    Defaults {
        values: BTreeMap::new(),
        children,
    }
}
