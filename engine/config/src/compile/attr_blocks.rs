//! Attributes written as blocks: old providers declare lists and sets of objects as attributes, and configurations may write each element as
//! a block. Such blocks become the expression that the attribute would have: a tuple of objects.

use super::body::{blocks_named, dynamic_parts};
use ecow::EcoString;
use terrane_lang::diagnostic::Diagnostics;
use terrane_lang::source::Span;
use terrane_lang::syntax::ast::{
    BinaryOp, Call, Expr, ExprKind, For, Ident, ObjectItem, Step, StepKind,
};
use terrane_lang::syntax::body::{Block as SyntaxBlock, Body, BodySchema, Content};
use terrane_model::schema::{Attribute, AttributeType, Block};
use terrane_value::{Number, ObjectType, Type};

/// Blocks within blocks.
const MAX_DEPTH: usize = 32;

/// The attributes of the schema for which the body holds blocks. (In JSON syntax both look alike, and the attribute it is.)
pub(crate) fn written_as_blocks(body: &Body, schema: &Block) -> Vec<EcoString> {
    schema
        .attributes
        .iter()
        .filter(|(name, attribute)| {
            matches!(&attribute.ty, AttributeType::Plain(ty) if element_object(ty).is_some())
                && has_block(body, name)
        })
        .map(|(name, _)| name.clone())
        .collect()
}

fn has_block(body: &Body, name: &str) -> bool {
    match body {
        Body::Native(native) => native.blocks.iter().any(|block| {
            block.kind.name == name
                || (block.kind.name == "dynamic"
                    && block.labels.first().is_some_and(|label| label.text == name))
        }),
        Body::Json(_) => false,
        Body::Merged(bodies) => bodies.iter().any(|body| has_block(body, name)),
    }
}

fn element_object(ty: &Type) -> Option<&ObjectType> {
    match ty {
        Type::List(element) | Type::Set(element) => match element.as_ref() {
            Type::Object(object) => Some(object),
            _ => None,
        },
        _ => None,
    }
}

/// The expression that the blocks stand for.
pub(crate) fn as_expr(
    name: &EcoString,
    attribute: &Attribute,
    content: &Content,
    diagnostics: &mut Diagnostics,
) -> Option<Expr> {
    let AttributeType::Plain(ty) = &attribute.ty else {
        return None;
    };
    let blocks: Vec<&SyntaxBlock> = blocks_named(content, name).collect();
    elements(&blocks, element_object(ty)?, diagnostics, 0)
}

/// Whether blocks of the attribute are dynamic.
pub(crate) fn some_are_dynamic(name: &EcoString, content: &Content) -> bool {
    blocks_named(content, name).any(is_dynamic)
}

/// The expression that the blocks stand for that are not dynamic, if there are any. What is wrong with them is told by [`as_expr`].
pub(crate) fn static_part(
    name: &EcoString,
    attribute: &Attribute,
    content: &Content,
) -> Option<Expr> {
    let AttributeType::Plain(ty) = &attribute.ty else {
        return None;
    };
    let blocks: Vec<&SyntaxBlock> = blocks_named(content, name)
        .filter(|block| !is_dynamic(block))
        .collect();
    elements(&blocks, element_object(ty)?, &mut Diagnostics::new(), 0)
}

fn is_dynamic(block: &SyntaxBlock) -> bool {
    block.kind.name == "dynamic"
}

fn elements(
    blocks: &[&SyntaxBlock],
    object: &ObjectType,
    diagnostics: &mut Diagnostics,
    depth: usize,
) -> Option<Expr> {
    let span = blocks.first()?.header;
    let mut lists = Vec::new();
    let mut plain = Vec::new();
    for block in blocks {
        if is_dynamic(block) {
            if !plain.is_empty() {
                lists.push(expr(ExprKind::Tuple(std::mem::take(&mut plain)), span));
            }
            lists.extend(dynamic(block, object, diagnostics, depth));
        } else {
            plain.push(element(
                &block.body,
                block.header,
                object,
                diagnostics,
                depth,
            ));
        }
    }
    if lists.is_empty() {
        return Some(expr(ExprKind::Tuple(plain), span));
    }
    if !plain.is_empty() {
        lists.push(expr(ExprKind::Tuple(plain), span));
    }
    let certain = blocks.iter().any(|block| !is_dynamic(block));
    let all = if lists.len() == 1 {
        lists.pop()?
    } else {
        call("concat", lists, span)
    };
    Some(if certain {
        all
    } else {
        null_if_empty(all, span)
    })
}

/// Where there is no block in the end, the attribute is not set: `[for all in [ALL] : length(all) == 0 ? null : all][0]`.
fn null_if_empty(all: Expr, span: Span) -> Expr {
    let name = || expr(ExprKind::Name("all".into()), span);
    let zero = || expr(ExprKind::Number(Number::ZERO), span);
    let length = call("length", vec![name()], span);
    let is_empty = ExprKind::Binary(BinaryOp::Eq, Box::new([length, zero()]));
    let choice = [expr(is_empty, span), expr(ExprKind::Null, span), name()];
    let each = For {
        key_var: None,
        value_var: Ident {
            name: "all".into(),
            span,
        },
        collection: expr(ExprKind::Tuple(vec![all]), span),
        key: None,
        value: expr(ExprKind::Conditional(Box::new(choice)), span),
        group: false,
        condition: None,
        intro: span,
    };
    let first = Step {
        kind: StepKind::Index(zero()),
        span,
    };
    let list = expr(ExprKind::For(Box::new(each)), span);
    expr(ExprKind::Chain(Box::new(list), vec![first]), span)
}

fn call(name: &str, args: Vec<Expr>, span: Span) -> Expr {
    let call = Call {
        name: name.into(),
        name_span: span,
        args,
        expand_last: false,
        parens: span,
    };
    expr(ExprKind::Call(Box::new(call)), span)
}

/// An object of what the block sets; the rest is null.
fn element(
    body: &Body,
    span: Span,
    object: &ObjectType,
    diagnostics: &mut Diagnostics,
    depth: usize,
) -> Expr {
    let inner_blocks: Vec<&EcoString> = object
        .attributes
        .iter()
        .filter(|(name, ty)| element_object(ty).is_some() && has_block(body, name))
        .map(|(name, _)| name)
        .collect();
    let mut blocks: Vec<(EcoString, Vec<&'static str>)> = inner_blocks
        .iter()
        .map(|name| ((*name).clone(), Vec::new()))
        .collect();
    blocks.push(("dynamic".into(), vec!["type"]));
    let wanted = BodySchema {
        attributes: object
            .attributes
            .keys()
            .filter(|name| !inner_blocks.contains(name))
            .map(|name| (name.clone(), false))
            .collect(),
        blocks,
    };
    let (content, found) = body.content(&wanted);
    diagnostics.extend(found);
    let mut items = Vec::new();
    for (name, ty) in &object.attributes {
        let value = if inner_blocks.contains(&name) && depth < MAX_DEPTH {
            let nested: Vec<&SyntaxBlock> = blocks_named(&content, name).collect();
            element_object(ty).and_then(|ty| elements(&nested, ty, diagnostics, depth + 1))
        } else {
            content
                .attribute(name)
                .map(|attribute| attribute.expr.clone())
        };
        items.push(ObjectItem {
            key: expr(ExprKind::String(name.clone()), span),
            value: value.unwrap_or_else(|| expr(ExprKind::Null, span)),
        });
    }
    expr(ExprKind::Object(items), span)
}

/// `[for ITERATOR in [for k, v in COLLECTION : { key = k, value = v }] : { … }]`
fn dynamic(
    block: &SyntaxBlock,
    object: &ObjectType,
    diagnostics: &mut Diagnostics,
    depth: usize,
) -> Option<Expr> {
    let parts = dynamic_parts(block, diagnostics)?;
    let span = block.header;
    let ident = |name: &str| Ident {
        name: name.into(),
        span,
    };
    let name = |name: &str| expr(ExprKind::Name(name.into()), span);
    let pair = ExprKind::Object(vec![
        ObjectItem {
            key: expr(ExprKind::String("key".into()), span),
            value: name("key"),
        },
        ObjectItem {
            key: expr(ExprKind::String("value".into()), span),
            value: name("value"),
        },
    ]);
    let pairs = For {
        key_var: Some(ident("key")),
        value_var: ident("value"),
        collection: parts.for_each,
        key: None,
        value: expr(pair, span),
        group: false,
        condition: None,
        intro: span,
    };
    let each = For {
        key_var: None,
        value_var: ident(&parts.iterator),
        collection: expr(ExprKind::For(Box::new(pairs)), span),
        key: None,
        value: element(&parts.content.body, span, object, diagnostics, depth),
        group: false,
        condition: None,
        intro: span,
    };
    Some(expr(ExprKind::For(Box::new(each)), span))
}

fn expr(kind: ExprKind, span: Span) -> Expr {
    Expr { kind, span }
}
