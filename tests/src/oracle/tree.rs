//! Texts that know their parts, so that they can be made smaller.

/// A piece of source text with the pieces within it.
#[derive(Clone, Debug)]
pub struct Node {
    kind: Kind,
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Sub(Node),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    And,
    Or,
}

/// How logical operators are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logic {
    /// As `&&` and `||`.
    Operators,
    /// As conditionals, which look at the second operand only where it counts: what the operators mean to a peer that short-circuits.
    Conditionals,
    /// The same from the right: the second operand decides where it can, whatever the first is.
    FromTheRight,
}

/// What stands for a piece in the pattern of [`Node::of`].
pub const HOLE: char = '¤';

impl Node {
    /// A text without parts.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            kind: Kind::Plain,
            parts: vec![Part::Text(text.into())],
        }
    }

    /// A pattern in which each [`HOLE`] is filled.
    #[must_use]
    pub fn of(pattern: &str, subs: impl IntoIterator<Item = Self>) -> Self {
        let mut node = Self::empty();
        let mut subs = subs.into_iter();
        for (at, text) in pattern.split(HOLE).enumerate() {
            if at > 0
                && let Some(sub) = subs.next()
            {
                node.parts.push(Part::Sub(sub));
            }
            node.push_text(text);
        }
        node
    }

    /// Pieces between a beginning and an end.
    #[must_use]
    pub fn list(open: &str, subs: Vec<Self>, close: &str) -> Self {
        let holes = vec![String::from(HOLE); subs.len()].join(", ");
        Self::of(&format!("{open}{holes}{close}"), subs)
    }

    /// `a && b` in parentheses.
    #[must_use]
    pub fn and(left: Self, right: Self) -> Self {
        Self {
            kind: Kind::And,
            parts: vec![Part::Sub(left), Part::Sub(right)],
        }
    }

    /// `a || b` in parentheses.
    #[must_use]
    pub fn or(left: Self, right: Self) -> Self {
        Self {
            kind: Kind::Or,
            parts: vec![Part::Sub(left), Part::Sub(right)],
        }
    }

    /// A text without parts yet.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            kind: Kind::Plain,
            parts: Vec::new(),
        }
    }

    /// Appends text.
    pub fn push_text(&mut self, text: &str) {
        if !text.is_empty() {
            self.parts.push(Part::Text(text.to_owned()));
        }
    }

    /// Appends a piece.
    pub fn push(&mut self, sub: Self) {
        self.parts.push(Part::Sub(sub));
    }

    /// The whole text.
    #[must_use]
    pub fn render(&self, logic: Logic) -> String {
        let mut text = String::new();
        self.write(logic, &mut text);
        text
    }

    fn write(&self, logic: Logic, out: &mut String) {
        let (open, between, close) = match (self.kind, logic) {
            (Kind::Plain, _) => ("", "", ""),
            (Kind::And, Logic::Operators) => ("(", " && ", ")"),
            (Kind::Or, Logic::Operators) => ("(", " || ", ")"),
            (Kind::And, _) => ("((", ") ? tobool(", ") : false)"),
            (Kind::Or, _) => ("((", ") ? true : tobool(", "))"),
        };
        out.push_str(open);
        let count = self.parts.len();
        for at in 0..count {
            if at > 0 {
                out.push_str(between);
            }
            let turned = self.kind != Kind::Plain && logic == Logic::FromTheRight;
            let part = &self.parts[if turned { count - 1 - at } else { at }];
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Sub(sub) => sub.write(logic, out),
            }
        }
        out.push_str(close);
    }

    /// Whether a logical operator is in it.
    #[must_use]
    pub fn has_logic(&self) -> bool {
        self.kind != Kind::Plain
            || self
                .parts
                .iter()
                .any(|part| matches!(part, Part::Sub(sub) if sub.has_logic()))
    }

    /// Texts that are smaller by one step: a piece takes the place of the one around it, or something plain takes the place of a piece.
    #[must_use]
    pub fn smaller(&self, plain: &[&str]) -> Vec<Self> {
        let mut found: Vec<Self> = self.subs().cloned().collect();
        let own = self.render(Logic::Operators);
        found.extend(
            plain
                .iter()
                .filter(|text| text.len() < own.len())
                .map(|text| Self::text(*text)),
        );
        for (at, part) in self.parts.iter().enumerate() {
            let Part::Sub(sub) = part else { continue };
            for smaller in sub.smaller(plain) {
                let mut copy = self.clone();
                copy.parts[at] = Part::Sub(smaller);
                found.push(copy);
            }
        }
        found
    }

    /// The pieces directly within it.
    pub fn subs(&self) -> impl Iterator<Item = &Self> {
        self.parts.iter().filter_map(|part| match part {
            Part::Sub(sub) => Some(sub),
            Part::Text(_) => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Logic, Node};

    #[test]
    fn a_text_knows_its_parts() {
        let node = Node::of(
            "f(¤, ¤)",
            [
                Node::text("1"),
                Node::and(Node::text("true"), Node::text("x")),
            ],
        );
        assert_eq!(node.render(Logic::Operators), "f(1, (true && x))");
        assert_eq!(
            node.render(Logic::Conditionals),
            "f(1, ((true) ? tobool(x) : false))"
        );
        let smaller: Vec<_> = node
            .smaller(&["0"])
            .iter()
            .map(|node| node.render(Logic::Operators))
            .collect();
        assert!(smaller.contains(&String::from("(true && x)")));
        assert!(smaller.contains(&String::from("f(1, true)")));
        assert!(smaller.contains(&String::from("f(1, 0)")));
    }
}
