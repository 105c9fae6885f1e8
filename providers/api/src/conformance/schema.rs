//! Rules on schemas.

use terrane_model::schema::{Attribute, Block, NestedBlock, Nesting, ProviderSchema};

/// What is wrong with the schemas of a provider.
#[must_use]
pub fn schema_faults(schema: &ProviderSchema) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, schema) in schema.all_blocks() {
        block_faults(&schema.block, &name, &mut faults);
    }
    for (name, function) in &schema.functions {
        let parameters = function.parameters.iter().chain(&function.variadic);
        for parameter in parameters.filter(|parameter| parameter.name.is_empty()) {
            faults.push(format!(
                "function {name}: a parameter of {:?} has no name",
                parameter.ty
            ));
        }
    }
    for name in schema.identities.keys() {
        if !schema.resources.contains_key(name) {
            faults.push(format!("identity {name}: there is no such resource type"));
        }
    }
    faults
}

fn block_faults(block: &Block, at: &str, faults: &mut Vec<String>) {
    for (name, attribute) in &block.attributes {
        attribute_faults(name, attribute, &format!("{at}.{name}"), faults);
    }
    for (name, nested) in &block.blocks {
        let at = format!("{at}.{name}");
        if block.attributes.contains_key(name) {
            faults.push(format!("{at}: both attribute and block"));
        }
        if !is_name(name) {
            faults.push(format!("{at}: not a name"));
        }
        let NestedBlock {
            nesting,
            block,
            min,
            max,
        } = nested;
        if *max > 0 && min > max {
            faults.push(format!("{at}: needs more blocks than it takes"));
        }
        if *nesting == Nesting::Set && block.implied_type().has_dynamic() {
            faults.push(format!("{at}: a set of blocks with dynamic attributes"));
        }
        block_faults(block, &at, faults);
    }
}

fn attribute_faults(name: &str, attribute: &Attribute, at: &str, faults: &mut Vec<String>) {
    let Attribute {
        ty: _,
        required,
        optional,
        computed,
        sensitive: _,
        write_only,
        deprecated: _,
        description: _,
    } = attribute;
    let mut wrong = |problem: &str| faults.push(format!("{at}: {problem}"));
    if !is_name(name) {
        wrong("not a name");
    }
    match (required, optional, computed) {
        (false, false, false) => wrong("neither required nor optional nor computed"),
        (true, true, _) => wrong("required and optional"),
        (true, _, true) => wrong("required and computed"),
        _ => {}
    }
    if *write_only && *computed {
        wrong("write-only and computed");
    }
    if let Some(nested) = attribute.nested() {
        for (name, attribute) in &nested.attributes {
            attribute_faults(name, attribute, &format!("{at}.{name}"), faults);
        }
    }
}

fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|first| first.is_ascii_lowercase() || first == '_')
        && chars.all(|char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_')
}
