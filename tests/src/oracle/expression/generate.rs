//! Makes expressions: mostly well typed, sometimes not.

use super::functions::FUNCTIONS;
use super::literals::{KEYS, NUMBERS, SMALL, STRINGS, special};
use crate::engine::Rng;
use crate::oracle::tree::Node;

/// An expression from a seed. The larger `depth`, the larger the expression.
#[must_use]
pub fn expression(seed: u64, depth: u32) -> Node {
    let mut generator = Generator {
        rng: Rng::new(seed),
        names: Vec::new(),
        next_name: 0,
    };
    let codes = ["a", "s", "n", "b", "La", "Ma", "O", "T", "Sa", "Ls", "Ms"];
    let code = generator.one(&codes);
    generator.expression(code, depth)
}

struct Generator {
    rng: Rng,
    /// Names of enclosing `for` expressions, with the code of what they hold.
    names: Vec<(String, String)>,
    next_name: u32,
}

impl Generator {
    fn one<'a>(&mut self, items: &[&'a str]) -> &'a str {
        self.rng.pick(items).copied().unwrap_or_default()
    }

    fn expression(&mut self, code: &str, depth: u32) -> Node {
        let code = if self.rng.chance(4) {
            self.one(&["s", "n", "b", "La", "Ma", "O", "T", "Sa", "a"])
        } else {
            code
        };
        if self.rng.chance(3) {
            return Node::text("null");
        }
        if let Some(name) = self.name(code) {
            return name;
        }
        if depth == 0 {
            return self.literal(code, 0);
        }
        match self.rng.below(20) {
            0 | 1 => self.literal(code, depth - 1),
            2 => self.conditional(code, depth - 1),
            3 => self.access(code, depth - 1),
            4..=6 => self.constructed(code, depth - 1),
            7 => self.around(code, depth - 1),
            8 => self.splat(code, depth - 1),
            9..=11 => self.operator(code, depth - 1),
            _ => self.call(code, depth - 1),
        }
    }

    /// A name in scope that holds this, now and then.
    fn name(&mut self, code: &str) -> Option<Node> {
        let fit: Vec<&(String, String)> = self
            .names
            .iter()
            .filter(|(_, held)| code == "a" || held == code)
            .collect();
        if fit.is_empty() || !self.rng.chance(45) {
            return None;
        }
        let at = self.rng.below(fit.len());
        fit.get(at).map(|(name, _)| Node::text(name.as_str()))
    }

    fn any_code(&mut self) -> &'static str {
        self.one(&[
            "s", "s", "n", "n", "b", "La", "Ma", "O", "T", "Ls", "Sa", "Ln",
        ])
    }

    fn literal(&mut self, code: &str, depth: u32) -> Node {
        if let Some(pool) = special(code) {
            return Node::text(format!("\"{}\"", self.one(pool)));
        }
        match code {
            "s" => self.string(depth),
            "n" => Node::text(self.one(NUMBERS)),
            "i" => Node::text(self.one(SMALL)),
            "b" => Node::text(self.one(&["true", "false"])),
            "a" => {
                let code = self.any_code();
                self.literal(code, depth)
            }
            "O" => self.object("a", depth),
            "T" => self.tuple("a", depth),
            _ => self.collection(code, depth),
        }
    }

    fn collection(&mut self, code: &str, depth: u32) -> Node {
        let (kind, element) = code.split_at(code.len().min(1));
        let element = if element == "a" {
            self.one(&["s", "n", "s", "n", "b", "Ls", "O", "a", "Ms", "T"])
        } else {
            element
        };
        let plain = self.rng.chance(35);
        match kind {
            "L" => {
                let items = self.tuple(element, depth);
                if plain {
                    items
                } else {
                    Node::of("tolist(¤)", [items])
                }
            }
            "S" => Node::of("toset(¤)", [self.tuple(element, depth)]),
            "M" => {
                let items = self.object(element, depth);
                if plain {
                    items
                } else {
                    Node::of("tomap(¤)", [items])
                }
            }
            _ => Node::text("null"),
        }
    }

    fn tuple(&mut self, element: &str, depth: u32) -> Node {
        let items = (0..self.rng.below(4))
            .map(|_| self.item(element, depth))
            .collect();
        Node::list("[", items, "]")
    }

    fn item(&mut self, code: &str, depth: u32) -> Node {
        if depth == 0
            && (code.len() > 1 || code == "O" || code == "T" || code == "a")
            && self.rng.chance(60)
        {
            let code = self.one(&["s", "n", "b"]);
            return self.literal(code, 0);
        }
        self.expression(code, depth.saturating_sub(1))
    }

    fn object(&mut self, element: &str, depth: u32) -> Node {
        let mut node = Node::text("{");
        for at in 0..self.rng.below(4) {
            if at > 0 {
                node.push_text(", ");
            }
            let key = self.one(KEYS);
            match self.rng.below(6) {
                0 if depth > 0 => node.push(Node::of("(¤)", [self.expression("s", depth - 1)])),
                1..=3 if matches!(key, "a" | "b" | "c" | "key" | "name" | "id" | "x") => {
                    node.push_text(key);
                }
                _ => node.push_text(&format!("\"{key}\"")),
            }
            node.push_text(self.one(&[" = ", " = ", ": "]));
            node.push(self.item(element, depth));
        }
        node.push_text("}");
        node
    }

    /// A string: plain, a template, or a heredoc.
    fn string(&mut self, depth: u32) -> Node {
        match self.rng.below(if depth == 0 { 5 } else { 9 }) {
            0..=4 => Node::text(format!("\"{}\"", self.one(STRINGS))),
            5 | 6 => {
                let mut node = Node::text("\"");
                self.template(&mut node, depth, STRINGS);
                node.push_text("\"");
                node
            }
            7 => self.heredoc(depth),
            _ => Node::of(
                "\"¤\"",
                [Node::of("${¤}", [self.expression("a", depth - 1)])],
            ),
        }
    }

    fn template(&mut self, node: &mut Node, depth: u32, texts: &[&str]) {
        for _ in 0..=self.rng.below(3) {
            let text = self.one(texts).to_owned();
            node.push_text(&text);
            let depth = depth.saturating_sub(1);
            let (l, r) = (self.one(&["", "", "~"]), self.one(&["", "", "~"]));
            match self.rng.below(6) {
                0..=2 => {
                    let code = self.one(&["s", "n", "b", "s", "a"]);
                    let value = self.expression(code, depth);
                    node.push(Node::of(&format!("${{{l} ¤ {r}}}"), [value]));
                }
                3 => {
                    let condition = self.expression("b", depth);
                    node.push(Node::of(&format!("%{{{l} if ¤ {r}}}"), [condition]));
                    node.push_text(&text);
                    if self.rng.chance(60) {
                        node.push_text(&format!("%{{{l} else {r}}} other "));
                    }
                    node.push_text(&format!("%{{{l} endif {r}}}"));
                }
                4 => {
                    let element = self.one(&["s", "n"]);
                    let list = self.expression(if element == "s" { "Ls" } else { "Ln" }, depth);
                    let (names, scope) = self.for_names(element);
                    node.push(Node::of(&format!("%{{{l} for {names} in ¤ {r}}}"), [list]));
                    let inner = self.within(scope, |generator| generator.expression("s", depth));
                    node.push(Node::of("- ${¤}", [inner]));
                    node.push_text(&format!(" ;%{{{l} endfor {r}}}"));
                }
                _ => {}
            }
        }
        let text = self.one(texts);
        node.push_text(text);
    }

    fn heredoc(&mut self, depth: u32) -> Node {
        let flush = self.one(&["", "-"]);
        let mut node = Node::text(format!("<<{flush}EOT\n"));
        for _ in 0..=self.rng.below(2) {
            node.push_text(self.one(&["", "  ", "    ", "\t", " "]));
            let lines = [
                "plain",
                "with \"quotes\" and \\n",
                "  more",
                "$${no} %%{no}",
                "ü 日本 $ %",
                "",
                "trailing  ",
                "a\\tb",
                "EO",
                "100%",
            ];
            self.template(&mut node, depth, &lines);
            node.push_text("\n");
        }
        node.push_text(self.one(&["", "  ", "      "]));
        node.push_text("EOT\n");
        // What follows begins on a line of its own, which only brackets allow.
        Node::of("(¤)", [node])
    }

    fn conditional(&mut self, code: &str, depth: u32) -> Node {
        let other = if self.rng.chance(15) { "a" } else { code };
        Node::of(
            "(¤ ? ¤ : ¤)",
            [
                self.expression("b", depth),
                self.expression(code, depth),
                self.expression(other, depth),
            ],
        )
    }

    fn constructed(&mut self, code: &str, depth: u32) -> Node {
        let (kind, element) = code.split_at(code.len().min(1));
        let element = match element {
            "" | "a" => self.one(&["s", "n", "b", "a"]),
            known => known,
        };
        match kind {
            "L" | "T" => self.for_tuple(element, depth),
            "S" => Node::of("toset(¤)", [self.for_tuple(element, depth)]),
            "M" | "O" => self.for_object(element, depth),
            _ => self.literal(code, depth),
        }
    }

    /// Names of a `for`, and what they hold: `k, v` or `v`.
    fn for_names(&mut self, element: &str) -> (String, Vec<(String, String)>) {
        self.next_name += 1;
        let value = format!("v{}", self.next_name);
        if self.rng.chance(40) {
            let key = format!("k{}", self.next_name);
            let held = self.one(&["s", "n"]);
            let names = format!("{key}, {value}");
            return (
                names,
                vec![(key, held.to_owned()), (value, element.to_owned())],
            );
        }
        (value.clone(), vec![(value, element.to_owned())])
    }

    fn within<T>(&mut self, scope: Vec<(String, String)>, make: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.names.len();
        self.names.extend(scope);
        let made = make(self);
        self.names.truncate(outer);
        made
    }

    fn iterated(&mut self, depth: u32) -> (Node, String, Vec<(String, String)>) {
        let element = self.one(&["s", "n", "s", "n", "a", "O"]);
        let kind = self.one(&["L", "L", "M", "S"]);
        let code = match (kind, element) {
            ("L", "O") => String::from("T"),
            (kind, "O") => format!("{kind}a"),
            (kind, element) => format!("{kind}{element}"),
        };
        let source = self.expression(&code, depth);
        let (names, scope) = self.for_names(element);
        (source, names, scope)
    }

    fn for_tuple(&mut self, element: &str, depth: u32) -> Node {
        let (source, names, scope) = self.iterated(depth);
        let condition = self.rng.chance(30);
        let (value, test) = self.within(scope, |generator| {
            let value = generator.expression(element, depth);
            (value, condition.then(|| generator.expression("b", depth)))
        });
        match test {
            Some(test) => Node::of(
                &format!("[for {names} in ¤ : ¤ if ¤]"),
                [source, value, test],
            ),
            None => Node::of(&format!("[for {names} in ¤ : ¤]"), [source, value]),
        }
    }

    fn for_object(&mut self, element: &str, depth: u32) -> Node {
        let (source, names, scope) = self.iterated(depth);
        let condition = self.rng.chance(25);
        let grouped = if self.rng.chance(40) { "..." } else { "" };
        let (key, value, test) = self.within(scope, |generator| {
            (
                generator.expression("s", depth),
                generator.expression(element, depth),
                condition.then(|| generator.expression("b", depth)),
            )
        });
        match test {
            Some(test) => Node::of(
                &format!("{{for {names} in ¤ : ¤ => ¤{grouped} if ¤}}"),
                [source, key, value, test],
            ),
            None => Node::of(
                &format!("{{for {names} in ¤ : ¤ => ¤{grouped}}}"),
                [source, key, value],
            ),
        }
    }

    /// An element of something larger.
    fn access(&mut self, code: &str, depth: u32) -> Node {
        match self.rng.below(6) {
            0 => Node::of(
                "¤[¤]",
                [self.list_of(code, depth), self.expression("i", depth)],
            ),
            1 => {
                let key = self.one(&["a", "b", "key"]);
                let value = self.expression(code, depth);
                Node::of(&format!("{{{key} = ¤, c = 1}}.{key}"), [value])
            }
            2 => {
                let key = self.one(KEYS);
                let value = self.expression(code, depth);
                Node::of(
                    &format!("{{\"{key}\" = ¤}}[¤]"),
                    [value, self.expression("s", depth.min(1))],
                )
            }
            3 => {
                let key = self.one(KEYS);
                let value = self.expression(code, depth);
                Node::of(&format!("{{\"{key}\" = ¤}}[\"{key}\"]"), [value])
            }
            4 => {
                let at = self.one(&["0", "1", "0"]);
                Node::of(
                    &format!("[¤, ¤].{at}"),
                    [
                        self.expression(code, depth),
                        self.expression("a", depth.min(1)),
                    ],
                )
            }
            _ => Node::of(
                "(¤)[¤]",
                [
                    self.expression("Ma", depth),
                    self.expression("s", depth.min(1)),
                ],
            ),
        }
    }

    fn list_of(&mut self, code: &str, depth: u32) -> Node {
        if code.len() == 1 && matches!(code, "s" | "n" | "b") {
            return Node::of("(¤)", [self.expression(&format!("L{code}"), depth)]);
        }
        Node::list(
            "[",
            vec![
                self.expression(code, depth),
                self.expression("a", depth.min(1)),
            ],
            "]",
        )
    }

    fn splat(&mut self, code: &str, depth: u32) -> Node {
        if !(code.starts_with('L') || code == "T" || code == "a") {
            return self.literal(code, depth);
        }
        let element = match code.get(1..) {
            None | Some("" | "a") => "a",
            Some(element) => element,
        };
        let item = |generator: &mut Self| {
            Node::of(
                "{a = ¤, b = [{c = 1}]}",
                [generator.expression(element, depth)],
            )
        };
        let items = vec![item(self), item(self)];
        match self.rng.below(6) {
            0 => Node::list("[", items, "][*].a"),
            1 => Node::list("[", items, "].*.a"),
            2 => Node::list("[", items, "][*].b[0].c"),
            3 => Node::list("[", items, "].*.b[0]"),
            4 => Node::of("(¤)[*]", [self.expression("a", depth)]),
            _ => Node::of("¤[*].a", [item(self)]),
        }
    }

    fn around(&mut self, code: &str, depth: u32) -> Node {
        let inner = self.expression(code, depth);
        match self.rng.below(8) {
            0..=2 => Node::of("(¤)", [inner]),
            3 => Node::of("try(¤, ¤)", [inner, self.expression(code, depth.min(1))]),
            4 | 5 => Node::of("sensitive(¤)", [inner]),
            6 if code == "s" => Node::of("\"${¤}\"", [inner]),
            _ => Node::of("[¤][0]", [inner]),
        }
    }

    fn operator(&mut self, code: &str, depth: u32) -> Node {
        match code {
            "n" | "i" => match self.rng.below(7) {
                0 => Node::of("-¤", [Node::of("(¤)", [self.expression("n", depth)])]),
                at => {
                    let operator = ["", "+", "-", "*", "/", "%", "+"][at];
                    let pattern = if self.rng.chance(70) {
                        format!("(¤ {operator} ¤)")
                    } else {
                        format!("¤ {operator} ¤")
                    };
                    Node::of(
                        &pattern,
                        [self.expression("n", depth), self.expression("n", depth)],
                    )
                }
            },
            "b" => self.test(depth),
            "s" => self.string(depth.max(1)),
            _ => self.call(code, depth),
        }
    }

    fn test(&mut self, depth: u32) -> Node {
        match self.rng.below(8) {
            0 => Node::of("!¤", [Node::of("(¤)", [self.expression("b", depth)])]),
            1 => Node::and(self.expression("b", depth), self.expression("b", depth)),
            2 => Node::or(self.expression("b", depth), self.expression("b", depth)),
            3 | 4 => {
                let operator = self.one(&["<", ">", "<=", ">="]);
                Node::of(
                    &format!("(¤ {operator} ¤)"),
                    [self.expression("n", depth), self.expression("n", depth)],
                )
            }
            5 => {
                let mut text = self
                    .one(&["true", "false", "1 < 2", "!false", "2 == 2"])
                    .to_owned();
                for _ in 0..=self.rng.below(3) {
                    text.push_str(self.one(&[" && ", " || ", " == ", " != "]));
                    text.push_str(self.one(&[
                        "true",
                        "false",
                        "!true",
                        "3 - 1 > 1",
                        "\"a\" == \"a\"",
                    ]));
                }
                Node::of("(¤)", [Node::text(text)])
            }
            _ => {
                let code = self.any_code();
                let other = if self.rng.chance(25) { "a" } else { code };
                let operator = self.one(&["==", "!="]);
                Node::of(
                    &format!("(¤ {operator} ¤)"),
                    [self.expression(code, depth), self.expression(other, depth)],
                )
            }
        }
    }

    fn call(&mut self, code: &str, depth: u32) -> Node {
        let fits = |result: &str| {
            code == "a"
                || result == code
                || (result == "a" && code.len() == 1)
                || (code == "i" && result == "n")
                || (code.len() > 1
                    && result.len() > 1
                    && code.chars().next() == result.chars().next()
                    && result.ends_with('a'))
        };
        let fit: Vec<_> = FUNCTIONS
            .iter()
            .filter(|(.., result)| fits(result))
            .collect();
        let Some((name, params, _)) = self.rng.pick(&fit).copied().copied() else {
            return self.literal(code, depth);
        };
        let mut arguments = Vec::new();
        for param in params.split_whitespace() {
            let code = param.trim_end_matches(['?', '*']);
            let times = if param.ends_with('*') {
                self.rng.below(4)
            } else {
                usize::from(!param.ends_with('?') || self.rng.chance(50))
            };
            for _ in 0..times {
                arguments.push(self.argument(code, depth));
            }
        }
        if self.rng.chance(2) {
            arguments.pop();
        }
        if self.rng.chance(1) {
            arguments.push(self.expression("a", 0));
        }
        let close = if self.rng.chance(3) && !arguments.is_empty() {
            "...)"
        } else {
            ")"
        };
        let namespace = if self.rng.chance(2) { "core::" } else { "" };
        Node::list(&format!("{namespace}{name}("), arguments, close)
    }

    fn argument(&mut self, code: &str, depth: u32) -> Node {
        match special(code) {
            Some(pool) if self.rng.chance(80) => Node::text(format!("\"{}\"", self.one(pool))),
            Some(_) => self.expression("s", depth),
            None if code == "i" && self.rng.chance(70) => Node::text(self.one(SMALL)),
            None => self.expression(code, depth),
        }
    }
}
