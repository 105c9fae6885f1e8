//! Compares the parser with hcl-edit over a corpus: what is accepted, and the shape of the trees.
//!
//! Literals of heredocs and of templates are left out, because hcl-edit is known to get them wrong.

use hcl_edit::expr as oracle;
use hcl_edit::structure::{BlockLabel, Body as OracleBody, Structure};
use hcl_edit::template::{Directive, Element, Template as OracleTemplate};
use terrane_lang::source::FileId;
use terrane_lang::syntax::ast::{Expr, ExprKind, Step, StepKind, Template, TemplatePart, UnaryOp};
use terrane_lang::syntax::body::{Body, NativeBody};
use terrane_lang::syntax::parse::{parse_body, parse_expression};

/// Entries are separated by a blank line or, if they hold no bracket or heredoc that stays open, by a line
/// break.
fn entries(corpus: &str) -> Vec<String> {
    let mut entries: Vec<String> = Vec::new();
    let mut open = false;
    for line in corpus.lines() {
        let heredoc = line.starts_with("<<");
        let opens = heredoc || matches!(line, "[" | "{" | "(") || line.ends_with("# two");
        if open {
            let last = entries.last_mut().expect("something is open");
            last.push('\n');
            last.push_str(line);
            let in_heredoc = last.starts_with("<<");
            open = if in_heredoc {
                !line.is_empty()
            } else {
                !matches!(line, "]" | "}" | ")")
            };
        } else if !line.is_empty() {
            entries.push(line.to_owned());
            open = opens;
        }
    }
    entries
}

#[test]
fn expressions_have_the_same_shape() {
    let mut count = 0;
    for text in entries(include_str!("corpus/expressions.txt")) {
        let (expr, diagnostics) = parse_expression(FileId(0), &text);
        let expr = expr.unwrap_or_else(|| panic!("{text}: {diagnostics:?}"));
        let theirs: oracle::Expression = text
            .trim_end()
            .parse()
            .or_else(|_| format!("{text}\n").parse())
            .or_else(|_| {
                // Heredocs want to be the value of an attribute.
                let body: OracleBody = format!("x = {text}\n").parse()?;
                Ok::<_, hcl_edit::parser::Error>(
                    body.get_attribute("x").expect("x is there").value.clone(),
                )
            })
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(ours(&expr, &text), their(&theirs), "{text}");
        count += 1;
    }
    assert!(count > 80, "only {count} entries were found");
}

#[test]
fn both_reject_the_same() {
    for text in entries(include_str!("corpus/rejected.txt")) {
        let file = format!("x = {text}\n");
        assert!(parse_body(FileId(0), &file).1.has_errors(), "{text}");
        assert!(file.parse::<OracleBody>().is_err(), "{text}");
    }
}

#[test]
fn files_have_the_same_shape() {
    let text = include_str!("corpus/main.tf");
    let (body, diagnostics) = parse_body(FileId(0), text);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let theirs: OracleBody = text.parse().expect("hcl-edit reads the corpus");
    let (mut left, mut right) = (our_body(&body, text), their_body(&theirs));
    left.sort();
    right.sort();
    assert_eq!(left, right);
}

/// One line for each attribute and block. The order between the two is not kept by our tree.
fn our_body(body: &NativeBody, text: &str) -> Vec<String> {
    let attributes = body
        .attributes
        .iter()
        .map(|a| format!("{} = {}", a.name.name, ours(&a.expr, text)));
    let mut lines: Vec<String> = attributes.collect();
    for block in &body.blocks {
        let labels: String = block
            .labels
            .iter()
            .map(|label| format!(" {}", label.text))
            .collect();
        let Body::Native(inner) = &block.body else {
            panic!("native syntax")
        };
        let header = format!("{}{labels}", block.kind.name);
        lines.push(header.clone());
        lines.extend(
            our_body(inner, text)
                .into_iter()
                .map(|line| format!("{header} > {line}")),
        );
    }
    lines
}

fn their_body(body: &OracleBody) -> Vec<String> {
    let mut lines = Vec::new();
    for structure in body {
        match structure {
            Structure::Attribute(attribute) => {
                lines.push(format!(
                    "{} = {}",
                    attribute.key.as_str(),
                    their(&attribute.value)
                ));
            }
            Structure::Block(block) => {
                let labels: String = block
                    .labels
                    .iter()
                    .map(|label| match label {
                        BlockLabel::Ident(ident) => format!(" {}", ident.as_str()),
                        BlockLabel::String(text) => format!(" {}", text.as_str()),
                    })
                    .collect();
                let header = format!("{}{labels}", block.ident.as_str());
                lines.push(header.clone());
                lines.extend(
                    their_body(&block.body)
                        .into_iter()
                        .map(|line| format!("{header} > {line}")),
                );
            }
        }
    }
    lines
}

fn ours(expr: &Expr, text: &str) -> String {
    let sub = |expr: &Expr| ours(expr, text);
    match &expr.kind {
        ExprKind::Null => "null".into(),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::Number(number) => number.to_string(),
        ExprKind::String(value) => {
            let source = text
                .get(expr.span.start as usize..expr.span.end as usize)
                .unwrap_or("");
            if source.starts_with("<<") {
                "template()".into()
            } else {
                format!("{value:?}")
            }
        }
        ExprKind::Template(template) => format!("template({})", our_template(template, text)),
        ExprKind::Wrap(inner) => format!("template({},)", sub(inner)),
        ExprKind::Name(name) => name.to_string(),
        ExprKind::Chain(source, steps) => format!("{}{}", sub(source), our_steps(steps, text)),
        ExprKind::Call(call) => {
            let args: Vec<String> = call.args.iter().map(sub).collect();
            format!(
                "{}({}{})",
                call.name,
                args.join(", "),
                if call.expand_last { "..." } else { "" }
            )
        }
        ExprKind::Conditional(parts) => format!(
            "<{} ? {} : {}>",
            sub(&parts[0]),
            sub(&parts[1]),
            sub(&parts[2])
        ),
        ExprKind::Binary(operator, parts) => {
            format!("<{} {operator:?} {}>", sub(&parts[0]), sub(&parts[1]))
        }
        // hcl-edit reads the sign as part of the number.
        ExprKind::Unary(UnaryOp::Neg, inner) if matches!(inner.kind, ExprKind::Number(_)) => {
            format!("-{}", sub(inner))
        }
        ExprKind::Unary(operator, inner) => format!("<{operator:?} {}>", sub(inner)),
        ExprKind::Tuple(items) => {
            format!("[{}]", items.iter().map(sub).collect::<Vec<_>>().join(", "))
        }
        ExprKind::Object(items) => {
            let pairs: Vec<String> = items
                .iter()
                .map(|item| format!("{} = {}", sub(&item.key), sub(&item.value)))
                .collect();
            format!("{{{}}}", pairs.join(", "))
        }
        ExprKind::For(parts) => {
            let key = parts
                .key_var
                .as_ref()
                .map(|key| format!("{}, ", key.name))
                .unwrap_or_default();
            let key_expr = parts
                .key
                .as_ref()
                .map(|key| format!("{} => ", sub(key)))
                .unwrap_or_default();
            let group = if parts.group { "..." } else { "" };
            let condition = parts
                .condition
                .as_ref()
                .map(|c| format!(" if {}", sub(c)))
                .unwrap_or_default();
            let (value, collection) = (&parts.value_var.name, sub(&parts.collection));
            format!(
                "for {key}{value} in {collection} : {key_expr}{}{group}{condition}",
                sub(&parts.value)
            )
        }
        ExprKind::Parens(inner) => format!("({})", sub(inner)),
    }
}

fn our_steps(steps: &[Step], text: &str) -> String {
    let step = |step: &Step| match &step.kind {
        StepKind::Attr(name) => format!(".{name}"),
        StepKind::Index(index) => format!("[{}]", ours(index, text)),
        StepKind::LegacyIndex(index) => format!(".{index}"),
        StepKind::AttrSplat(each) => format!(".*{}", our_steps(each, text)),
        StepKind::FullSplat(each) => format!("[*]{}", our_steps(each, text)),
    };
    steps.iter().map(step).collect()
}

fn our_template(template: &Template, text: &str) -> String {
    let part = |part: &TemplatePart| match part {
        TemplatePart::Literal(..) => String::new(),
        TemplatePart::Interpolation(expr) => format!("{},", ours(expr, text)),
        TemplatePart::If {
            condition,
            then,
            otherwise,
            ..
        } => {
            let otherwise = otherwise
                .as_ref()
                .map(|other| our_template(other, text))
                .unwrap_or_default();
            format!(
                "if {} {{{}}} {{{otherwise}}},",
                ours(condition, text),
                our_template(then, text)
            )
        }
        TemplatePart::For {
            key_var,
            value_var,
            collection,
            body,
            ..
        } => {
            let key = key_var
                .as_ref()
                .map(|key| format!("{}, ", key.name))
                .unwrap_or_default();
            let (collection, body) = (ours(collection, text), our_template(body, text));
            format!("for {key}{} in {collection} {{{body}}},", value_var.name)
        }
    };
    template.parts.iter().map(part).collect()
}

fn their(expr: &oracle::Expression) -> String {
    use oracle::Expression as E;
    match expr {
        E::Null(_) => "null".into(),
        E::Bool(value) => value.value().to_string(),
        E::Number(number) => number.value().to_string(),
        E::String(text) => format!("{:?}", text.value()),
        E::Array(array) => format!(
            "[{}]",
            array.iter().map(their).collect::<Vec<_>>().join(", ")
        ),
        E::Object(object) => {
            let key = |key: &oracle::ObjectKey| match key {
                oracle::ObjectKey::Ident(ident) => ident.as_str().to_owned(),
                oracle::ObjectKey::Expression(expr) => their(expr),
            };
            let pairs: Vec<String> = object
                .iter()
                .map(|(name, value)| format!("{} = {}", key(name), their(value.expr())))
                .collect();
            format!("{{{}}}", pairs.join(", "))
        }
        E::StringTemplate(template) => format!("template({})", their_elements(template.iter())),
        E::HeredocTemplate(heredoc) => format!("template({})", their_template(&heredoc.template)),
        E::Parenthesis(inner) => format!("({})", their(inner.inner())),
        E::Variable(name) => name.as_str().to_owned(),
        E::Conditional(c) => format!(
            "<{} ? {} : {}>",
            their(&c.cond_expr),
            their(&c.true_expr),
            their(&c.false_expr)
        ),
        E::FuncCall(call) => {
            let mut name: Vec<&str> = call
                .name
                .namespace
                .iter()
                .map(|part| part.as_str())
                .collect();
            name.push(call.name.name.as_str());
            let args: Vec<String> = call.args.iter().map(their).collect();
            let expand = if call.args.expand_final() { "..." } else { "" };
            format!("{}({}{expand})", name.join("::"), args.join(", "))
        }
        E::Traversal(traversal) => their_traversal(traversal),
        E::UnaryOp(unary) => format!("<{:?} {}>", unary.operator.value(), their(&unary.expr)),
        E::BinaryOp(binary) => {
            let operator = operator_name(*binary.operator.value());
            format!(
                "<{} {operator} {}>",
                their(&binary.lhs_expr),
                their(&binary.rhs_expr)
            )
        }
        E::ForExpr(parts) => {
            let intro = &parts.intro;
            let key = intro
                .key_var
                .as_ref()
                .map(|key| format!("{}, ", key.as_str()))
                .unwrap_or_default();
            let key_expr = parts
                .key_expr
                .as_ref()
                .map(|key| format!("{} => ", their(key)))
                .unwrap_or_default();
            let group = if parts.grouping { "..." } else { "" };
            let condition = parts
                .cond
                .as_ref()
                .map(|c| format!(" if {}", their(&c.expr)))
                .unwrap_or_default();
            let (value, collection) = (intro.value_var.as_str(), their(&intro.collection_expr));
            format!(
                "for {key}{value} in {collection} : {key_expr}{}{group}{condition}",
                their(&parts.value_expr)
            )
        }
    }
}

fn their_template(template: &OracleTemplate) -> String {
    their_elements(template.iter())
}

fn their_elements<'a>(elements: impl Iterator<Item = &'a Element>) -> String {
    let part = |element: &Element| match element {
        Element::Literal(_) => String::new(),
        Element::Interpolation(interpolation) => format!("{},", their(&interpolation.expr)),
        Element::Directive(directive) => match directive.as_ref() {
            Directive::If(parts) => {
                let otherwise = parts
                    .else_expr
                    .as_ref()
                    .map(|other| their_template(&other.template));
                format!(
                    "if {} {{{}}} {{{}}},",
                    their(&parts.if_expr.cond_expr),
                    their_template(&parts.if_expr.template),
                    otherwise.unwrap_or_default()
                )
            }
            Directive::For(parts) => {
                let parts = &parts.for_expr;
                let key = parts
                    .key_var
                    .as_ref()
                    .map(|key| format!("{}, ", key.as_str()))
                    .unwrap_or_default();
                let (collection, body) = (
                    their(&parts.collection_expr),
                    their_template(&parts.template),
                );
                format!(
                    "for {key}{} in {collection} {{{body}}},",
                    parts.value_var.as_str()
                )
            }
        },
    };
    elements.map(part).collect()
}

fn their_traversal(traversal: &oracle::Traversal) -> String {
    use oracle::TraversalOperator as T;
    let operator = |operator: &T| match operator {
        T::AttrSplat(_) => ".*".to_owned(),
        T::FullSplat(_) => "[*]".to_owned(),
        T::GetAttr(name) => format!(".{}", name.as_str()),
        T::Index(index) => format!("[{}]", their(index)),
        T::LegacyIndex(index) => format!(".{}", index.value()),
    };
    let steps: String = traversal
        .operators
        .iter()
        .map(|step| operator(step.value()))
        .collect();
    format!("{}{steps}", their(&traversal.expr))
}

fn operator_name(operator: oracle::BinaryOperator) -> &'static str {
    match operator {
        oracle::BinaryOperator::Eq => "Eq",
        oracle::BinaryOperator::NotEq => "NotEq",
        oracle::BinaryOperator::LessEq => "LessEq",
        oracle::BinaryOperator::GreaterEq => "GreaterEq",
        oracle::BinaryOperator::Less => "Less",
        oracle::BinaryOperator::Greater => "Greater",
        oracle::BinaryOperator::Plus => "Add",
        oracle::BinaryOperator::Minus => "Sub",
        oracle::BinaryOperator::Mul => "Mul",
        oracle::BinaryOperator::Div => "Div",
        oracle::BinaryOperator::Mod => "Mod",
        oracle::BinaryOperator::And => "And",
        oracle::BinaryOperator::Or => "Or",
    }
}
