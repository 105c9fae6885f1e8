//! Attributes written as blocks: old providers declare lists and sets of objects as attributes, and configurations may write each element as
//! a block. Such blocks become the expression that the attribute would have: a tuple of objects.

use super::body::{blocks_named, dynamic_parts};
use ecow::EcoString;
use terrane_lang::diagnostic::Diagnostics;
use terrane_lang::source::Span;
use terrane_lang::syntax::ast::{Call, Expr, ExprKind, For, Ident, ObjectItem};
use terrane_lang::syntax::body::{Block as SyntaxBlock, Body, BodySchema, Content};
use terrane_model::schema::{Attribute, AttributeType, Block};
use terrane_value::{ObjectType, Type};

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
        if block.kind.name == "dynamic" {
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
    if lists.len() == 1 {
        return lists.pop();
    }
    let call = Call {
        name: "concat".into(),
        name_span: span,
        args: lists,
        expand_last: false,
        parens: span,
    };
    Some(expr(ExprKind::Call(Box::new(call)), span))
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
