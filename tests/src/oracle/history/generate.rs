//! Makes histories.

use super::edit::Editor;
use super::model::{
    Call, Check, Config, Expr, History, Module, Output, Piece, Repeat, Resource, Step, Variable,
};
use crate::engine::Rng;

/// A history from a seed.
#[must_use]
pub fn history(seed: u64) -> History {
    let mut generator = Generator {
        rng: Rng::new(seed),
        next_id: 0,
    };
    let config = generator.config();
    let mut steps = vec![Step {
        config,
        arguments: Vec::new(),
    }];
    for _ in 0..=generator.rng.below(2) {
        let last = steps[steps.len() - 1].config.clone();
        let mut editor = Editor {
            generator: &mut generator,
            config: last,
        };
        let arguments = editor.edit();
        let config = editor.config;
        steps.push(Step { config, arguments });
    }
    let last = steps[steps.len() - 1].config.clone();
    if generator.rng.chance(35) {
        steps.push(Step {
            config: last,
            arguments: vec![String::from("-destroy")],
        });
    }
    History { steps }
}

/// The state of making one.
pub(super) struct Generator {
    pub(super) rng: Rng,
    next_id: u32,
}

/// What an expression may refer to.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) module: &'a Module,
    pub(super) each: bool,
    pub(super) count: bool,
}

impl Generator {
    pub(super) fn id(&mut self) -> u32 {
        self.next_id += 1;
        self.next_id
    }

    pub(super) fn one<'a>(&mut self, items: &[&'a str]) -> &'a str {
        self.rng.pick(items).copied().unwrap_or_default()
    }

    fn config(&mut self) -> Config {
        let children: Vec<Module> = (0..self.rng.below(3)).map(|_| self.child()).collect();
        let mut root = Module::default();
        for _ in 0..self.rng.below(4) {
            let variable = self.variable(root.variables.len(), true);
            root.variables.push(variable);
        }
        for at in 0..self.rng.below(3) {
            let value = self.value(Place::of(&root), 2);
            root.locals.push((format!("l{at}"), value));
        }
        for _ in 0..=self.rng.below(4) {
            let resource = self.resource(&root);
            root.resources.push(resource);
            if !children.is_empty() && self.rng.chance(40) {
                let call = self.call(&root, &children);
                root.calls.push(call);
            }
        }
        for at in 0..self.rng.below(4) {
            let output = self.output(&root, at, true);
            root.outputs.push(output);
        }
        for at in 0..self.rng.below(4).saturating_sub(2) {
            let condition = self.condition(Place::of(&root));
            root.checks.push(Check {
                name: format!("c{at}"),
                condition,
            });
        }
        Config {
            root,
            children,
            moved: Vec::new(),
            removed: Vec::new(),
        }
    }

    fn child(&mut self) -> Module {
        let mut module = Module::default();
        for _ in 0..self.rng.below(3) {
            let variable = self.variable(module.variables.len(), false);
            module.variables.push(variable);
        }
        for _ in 0..self.rng.below(3) {
            let resource = self.resource(&module);
            module.resources.push(resource);
        }
        for at in 0..=self.rng.below(2) {
            let output = self.output(&module, at, false);
            module.outputs.push(output);
        }
        module
    }

    fn variable(&mut self, at: usize, root: bool) -> Variable {
        let name = format!("v{at}");
        let (ty, default, other) = *self
            .rng
            .pick(&[
                ("string", "\"d\"", "\"given\""),
                ("number", "3", "\"4\""),
                ("bool", "true", "\"false\""),
                ("list(string)", "[\"a\", \"b\"]", "[\"x\", 1]"),
                ("set(string)", "[\"a\", \"b\"]", "[\"b\", \"a\", \"b\"]"),
                ("map(number)", "{ a = 1 }", "{ b = \"2\" }"),
                (
                    "object({ a = string, b = optional(number, 7) })",
                    "{ a = \"q\" }",
                    "{ a = 1, c = 2 }",
                ),
                ("any", "[1, \"x\"]", "{ k = [true] }"),
                ("tuple([string, bool])", "[\"t\", true]", "[1, \"true\"]"),
            ])
            .unwrap_or(&("any", "1", "2"));
        let mut body = vec![format!("type = {ty}")];
        let given = self.rng.chance(40);
        if !given || self.rng.chance(60) {
            let default = if self.rng.chance(12) { "null" } else { default };
            body.push(format!("default = {default}"));
        }
        if self.rng.chance(20) {
            body.push(String::from("sensitive = true"));
        }
        if self.rng.chance(15) {
            body.push(String::from("nullable = false"));
        }
        if root && self.rng.chance(6) {
            body.push(String::from("ephemeral = true"));
        }
        if self.rng.chance(20) {
            let condition = self.one(&["true", "!= null", "!= null", "== null", "can(length"]);
            let condition = match condition {
                "true" => format!("var.{name} == var.{name}"),
                "can(length" => format!("can(length(var.{name})) || true"),
                test => format!("var.{name} {test}"),
            };
            body.push(format!(
                "validation {{\n    condition     = {condition}\n    error_message = \"bad\"\n  }}"
            ));
        }
        let value = (root && given).then(|| {
            let value = if self.rng.chance(10) { "null" } else { other };
            value.to_owned()
        });
        Variable { name, body, value }
    }

    pub(super) fn resource(&mut self, module: &Module) -> Resource {
        let repeat = self.repeat(module);
        let place = Place::within(module, &repeat);
        let id = self.id();
        let input = self.rng.chance(85).then(|| self.value(place, 2));
        let triggers = self.rng.chance(25).then(|| self.value(place, 1));
        let lifecycle = self.lifecycle(module, place);
        let mut blocks = Vec::new();
        if self.rng.chance(8) {
            let command = self.one(&["true", "true", "exit 3"]);
            let when = self.one(&["", "\n    when = destroy", "\n    on_failure = continue"]);
            blocks.push(format!(
                "  provisioner \"local-exec\" {{\n    command = \"{command}\"{when}\n  }}"
            ));
        }
        let depends_on = match self.rng.pick(&module.resources) {
            Some(target) if self.rng.chance(12) => vec![target.id],
            _ => Vec::new(),
        };
        Resource {
            id,
            name: format!("r{id}"),
            repeat,
            input,
            triggers,
            lifecycle,
            depends_on,
            blocks,
        }
    }

    /// Lines of a `lifecycle` block.
    fn lifecycle(&mut self, module: &Module, place: Place<'_>) -> Vec<Expr> {
        let mut lifecycle = Vec::new();
        if self.rng.chance(20) {
            lifecycle.push(Expr::text("create_before_destroy = true"));
        }
        if self.rng.chance(12) {
            let ignored = self.one(&[
                "all",
                "[input]",
                "[triggers_replace]",
                "[input, triggers_replace]",
            ]);
            lifecycle.push(Expr::text(format!("ignore_changes = {ignored}")));
        }
        if self.rng.chance(4) {
            lifecycle.push(Expr::text("prevent_destroy = true"));
        }
        if let Some(target) = self.rng.pick(&module.resources)
            && self.rng.chance(14)
            && matches!(target.repeat, Repeat::Once)
        {
            let attribute = self
                .rng
                .pick(&["", ".output", ".input"])
                .copied()
                .unwrap_or_default();
            lifecycle.push(Expr::join(
                "replace_triggered_by = [",
                vec![Expr(vec![
                    Piece::Resource(target.id, ""),
                    Piece::Text(attribute.to_owned()),
                ])],
                "",
                "]",
            ));
        }
        if self.rng.chance(12) {
            let which = self.one(&["precondition", "postcondition"]);
            let condition = if which == "postcondition" && self.rng.chance(60) {
                Expr::text(self.one(&[
                    "self.id != \"\"",
                    "self.output == self.input",
                    "self.input != null",
                    "self.output != null",
                ]))
            } else {
                self.condition(place)
            };
            lifecycle.push(Expr::join(
                &format!("{which} {{\n      condition     = "),
                vec![condition],
                "",
                "\n      error_message = \"not met\"\n    }",
            ));
        }
        lifecycle
    }

    pub(super) fn repeat(&mut self, module: &Module) -> Repeat {
        match self.rng.below(10) {
            0 | 1 => {
                let count = self.one(&["0", "1", "2", "2", "3", "\"1\""]);
                Repeat::Count(Expr::text(count))
            }
            2 | 3 => {
                let each = self.one(&[
                    "toset([\"a\", \"b\"])",
                    "{ a = 1, b = \"x\" }",
                    "toset([])",
                    "{ for n in [\"p\", \"q\"] : n => { up = upper(n) } }",
                    "toset([\"b\", \"c\"])",
                    "tomap({ k = \"v\" })",
                ]);
                Repeat::ForEach(Expr::text(each))
            }
            4 if self.rng.chance(30) => {
                // Often wrong: unknown, sensitive or of the wrong type.
                let value = self.reference(Place::of(module));
                if self.rng.chance(50) {
                    Repeat::Count(Expr::join("length(", vec![value], "", ")"))
                } else {
                    Repeat::ForEach(value)
                }
            }
            _ => Repeat::Once,
        }
    }

    fn call(&mut self, root: &Module, children: &[Module]) -> Call {
        let id = self.id();
        let child = self.rng.below(children.len());
        let repeat = self.repeat(root);
        let place = Place::within(root, &repeat);
        let mut inputs = Vec::new();
        for variable in &children[child].variables {
            let optional = variable.body.iter().any(|line| line.starts_with("default"));
            if !optional || self.rng.chance(50) {
                let value = if self.rng.chance(70) {
                    Expr::text(self.fitting(&variable.body[0]))
                } else {
                    self.value(place, 1)
                };
                inputs.push((variable.name.clone(), value));
            }
        }
        let depends_on = match self.rng.pick(&root.resources) {
            Some(target) if self.rng.chance(12) => vec![target.id],
            _ => Vec::new(),
        };
        Call {
            id,
            name: format!("m{id}"),
            child,
            repeat,
            inputs,
            depends_on,
        }
    }

    /// A value for a variable of this type.
    fn fitting(&mut self, ty: &str) -> &'static str {
        match ty.trim_start_matches("type = ") {
            "string" => self.one(&["\"in\"", "5", "null"]),
            "number" => self.one(&["8", "\"9\"", "1.5"]),
            "bool" => self.one(&["true", "\"false\""]),
            "list(string)" => self.one(&["[]", "[\"l\", 2]", "toset([\"z\"])"]),
            "set(string)" => self.one(&["[]", "[\"l\", \"l\"]"]),
            "map(number)" => self.one(&["{}", "{ k = 1, l = \"2\" }"]),
            "tuple([string, bool])" => "[\"p\", false]",
            ty if ty.starts_with("object") => self.one(&[
                "{ a = \"o\" }",
                "{ a = \"o\", b = null }",
                "{ a = 1, b = 2, z = 3 }",
            ]),
            _ => self.one(&["\"any\"", "[1]", "{ a = { b = null } }"]),
        }
    }

    fn output(&mut self, module: &Module, at: usize, root: bool) -> Output {
        let mut value = self.value(Place::of(module), 2);
        let mut lines = Vec::new();
        if self.rng.chance(if root { 30 } else { 20 }) {
            lines.push(Expr::text("sensitive = true"));
            if !root {
                // The peer forgets that the output is sensitive, which it says it does not.
                value = Expr::join("sensitive(", vec![value], "", ")");
            }
        } else if root && self.rng.chance(60) {
            // A sensitive value in such an output is an error: not too often.
            value = Expr::join("try(nonsensitive(", vec![value.clone()], "", "), \"no\")");
        }
        if self.rng.chance(10) {
            lines.push(Expr::text("description = \"about\""));
        }
        if self.rng.chance(10) {
            let condition = self.condition(Place::of(module));
            lines.push(Expr::join(
                "precondition {\n    condition     = ",
                vec![condition],
                "",
                "\n    error_message = \"not met\"\n  }",
            ));
        }
        Output {
            name: format!("o{at}"),
            value,
            lines,
        }
    }

    pub(super) fn condition(&mut self, place: Place<'_>) -> Expr {
        match self.rng.below(6) {
            0 => Expr::text("true"),
            1 if self.rng.chance(40) => Expr::text("false"),
            2 => Expr::join("can(length(", vec![self.reference(place)], "", "))"),
            3 => Expr::join(
                "",
                vec![self.reference(place), Expr::text("null")],
                " != ",
                "",
            ),
            4 => Expr::join("", vec![self.reference(place), self.plain()], " != ", ""),
            _ => Expr::text("1 < 2"),
        }
    }

    fn plain(&mut self) -> Expr {
        Expr::text(self.one(&[
            "\"x\"",
            "\"\"",
            "1",
            "2.5",
            "true",
            "null",
            "[]",
            "[1, \"a\", null]",
            "{}",
            "{ k = \"v\" }",
            "tolist([\"a\"])",
            "toset([2, 1])",
            "tomap({ m = 1 })",
            "\"ü\\n$${x}\"",
            "12345678901234567890",
            "{ a = { b = [1, { c = null }] } }",
            "tostring(null)",
            "tolist([])",
            "\"é\"",
            "1e-7",
            "{ \"a b\" = [true] }",
        ]))
    }

    /// A value: plain, or made with others.
    pub(super) fn value(&mut self, place: Place<'_>, depth: u32) -> Expr {
        if depth == 0 {
            return self.plain();
        }
        match self.rng.below(12) {
            0..=2 => self.plain(),
            3..=5 => self.reference(place),
            6 => {
                let inner = self.value(place, depth - 1);
                let inner = Expr::join("try(tostring(", vec![inner], "", "), \"-\")");
                Expr::join("\"t-${", vec![inner], "", "}\"")
            }
            7 => {
                let items = (0..self.rng.below(3))
                    .map(|_| self.value(place, depth - 1))
                    .collect();
                Expr::join("[", items, ", ", "]")
            }
            8 => {
                let mut pieces = vec![Piece::Text(String::from("{ "))];
                for at in 0..self.rng.below(3) {
                    pieces.push(Piece::Text(format!("k{at} = ")));
                    pieces.extend(self.value(place, depth - 1).0);
                    pieces.push(Piece::Text(String::from(", ")));
                }
                pieces.push(Piece::Text(String::from("}")));
                Expr(pieces)
            }
            9 => Expr::join("sensitive(", vec![self.value(place, depth - 1)], "", ")"),
            10 => {
                let items = vec![
                    self.condition(place),
                    self.value(place, depth - 1),
                    self.value(place, depth - 1),
                ];
                let mut parts = items.into_iter();
                let mut pieces = Vec::new();
                for text in ["try(", " ? ", " : "] {
                    pieces.push(Piece::Text(text.to_owned()));
                    pieces.extend(parts.next().unwrap_or_default().0);
                }
                pieces.push(Piece::Text(String::from(", \"odd\")")));
                Expr(pieces)
            }
            _ => {
                let function = self.one(&[
                    "jsonencode",
                    "try",
                    "flatten",
                    "length",
                    "keys",
                    "nonsensitive",
                    "tostring",
                    "yamlencode",
                ]);
                let call = Expr::join(
                    &format!("{function}("),
                    vec![self.value(place, depth - 1)],
                    "",
                    ")",
                );
                Expr::join("try(", vec![call], "", ", null)")
            }
        }
    }

    fn reference(&mut self, place: Place<'_>) -> Expr {
        let module = place.module;
        match self.rng.below(9) {
            0 if place.each => Expr::text(self.one(&["each.key", "each.value", "each"])),
            0 | 1 if place.count => Expr::text("count.index"),
            1 | 2 if !module.variables.is_empty() => {
                let at = self.rng.below(module.variables.len());
                let variable = &module.variables[at];
                let name = format!("var.{}", variable.name);
                if variable
                    .body
                    .iter()
                    .any(|line| line.starts_with("ephemeral"))
                {
                    return Expr::text(format!("ephemeralasnull({name})"));
                }
                Expr::text(name)
            }
            3 if !module.locals.is_empty() => {
                let at = self.rng.below(module.locals.len());
                Expr::text(format!("local.{}", module.locals[at].0))
            }
            4 if !module.calls.is_empty() => {
                let at = self.rng.below(module.calls.len());
                Expr(vec![Piece::Call(module.calls[at].id, String::from("o0"))])
            }
            5 => Expr::text(self.one(&["path.module", "terraform.workspace", "path.root"])),
            _ if !module.resources.is_empty() => {
                let at = self.rng.below(module.resources.len());
                let attribute =
                    self.rng
                        .pick(&["output", "output", "id", "input", "", "triggers_replace"]);
                Expr(vec![Piece::Resource(
                    module.resources[at].id,
                    attribute.copied().unwrap_or_default(),
                )])
            }
            _ => self.plain(),
        }
    }
}

impl<'a> Place<'a> {
    /// Outside of repeated blocks.
    pub(super) fn of(module: &'a Module) -> Self {
        Self {
            module,
            each: false,
            count: false,
        }
    }

    /// Within a block that is repeated so.
    pub(super) fn within(module: &'a Module, repeat: &Repeat) -> Self {
        Self {
            module,
            each: matches!(repeat, Repeat::ForEach(_)),
            count: matches!(repeat, Repeat::Count(_)),
        }
    }
}
