//! `encode_tfvars`, `encode_expr`, `decode_tfvars`.

use super::encode;
use crate::doors::TfvarsReader;
use std::sync::Arc;
use terrane_model::schema::{Function, Parameter};
use terrane_provider::native::NativeFunction;
use terrane_value::{Kind, Type, Value};

type CallResult = Result<Value, (String, Option<u64>)>;

fn first(arguments: &[Value]) -> Result<&Value, (String, Option<u64>)> {
    arguments
        .first()
        .map(Value::unmarked)
        .ok_or_else(|| ("an argument is missing".to_owned(), None))
}

#[derive(Debug)]
pub(super) struct EncodeTfvars;

impl NativeFunction for EncodeTfvars {
    fn signature(&self) -> Function {
        Function::new(
            Type::String,
            "Produce a string representation of an object using the same syntax as for `.tfvars` files",
        )
        .parameter(Parameter::new("value", Type::Dynamic).nullable())
    }

    fn call(&self, arguments: &[Value]) -> CallResult {
        let value = first(arguments)?;
        let wrong = |text: &str| Err((text.to_owned(), Some(0)));
        if value.is_null() {
            return wrong("cannot encode a null value in tfvars syntax");
        }
        if !value.is_wholly_known() {
            return Ok(Value::unknown(Type::String));
        }
        let entries: Vec<_> = match value.kind() {
            Kind::Object(object) => object.iter().collect(),
            Kind::Map(map) => map.iter().collect(),
            _ => {
                return wrong(
                    "invalid value to encode: must be an object whose attribute names will become the encoded variable names",
                );
            }
        };
        if let Some((name, _)) = entries
            .iter()
            .find(|(name, _)| !encode::is_identifier(name))
        {
            return Err((
                format!(
                    "invalid variable name \"{name}\": must be a valid identifier, per Terraform's rules for input variable declarations"
                ),
                Some(0),
            ));
        }
        match encode::body(&entries) {
            Some(text) => Ok(Value::string(text)),
            None => wrong("the value is nested too deep"),
        }
    }
}

#[derive(Debug)]
pub(super) struct EncodeExpr;

impl NativeFunction for EncodeExpr {
    fn signature(&self) -> Function {
        let value = Parameter {
            allow_unknown: true,
            ..Parameter::new("value", Type::Dynamic).nullable()
        };
        Function::new(
            Type::String,
            "Produce a string representation of an arbitrary value using Terraform expression syntax",
        )
        .parameter(value)
    }

    fn call(&self, arguments: &[Value]) -> CallResult {
        let value = first(arguments)?;
        if !value.is_wholly_known() {
            return Ok(Value::unknown(Type::String));
        }
        encode::expression(value)
            .map(Value::string)
            .ok_or_else(|| ("the value is nested too deep".to_owned(), Some(0)))
    }
}

#[derive(Debug)]
pub(super) struct DecodeTfvars(pub(super) Arc<dyn TfvarsReader>);

impl NativeFunction for DecodeTfvars {
    fn signature(&self) -> Function {
        Function::new(
            Type::Dynamic,
            "Parse a string containing syntax like that used in a `.tfvars` file",
        )
        .parameter(Parameter::new("src", Type::String))
    }

    fn call(&self, arguments: &[Value]) -> CallResult {
        let value = first(arguments)?;
        match value.as_str() {
            Some(text) => self.0.read(text).map_err(|problem| (problem, Some(0))),
            None if !value.is_known() => Ok(Value::dynamic()),
            None => Err(("a string is required".to_owned(), Some(0))),
        }
    }
}
