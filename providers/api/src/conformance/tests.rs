//! The suite finds what is broken: each provider here breaks one rule.

use super::{Case, check, schema_faults};
use crate::native::{Answered, Change, NativeProvider, Object, Resource};
use crate::plan::{PlanRequest, PlanResponse, Rules};
use crate::{args, conformance};
use async_trait::async_trait;
use terrane_model::addr::ProviderAddr;
use terrane_model::provider::ProviderDiagnostic;
use terrane_model::schema::{Attribute, Block, ProviderSchema, Schema};
use terrane_value::{Path, Type, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    PlansAnotherName,
    PlansWhatIsNotSet,
    AppliesAnotherName,
    LeavesUnknown,
    ReadsAnotherName,
    NeverSettles,
    ReplacesForNothing,
    RefusesUnknowns,
    AcceptsAnything,
    DoesNotDelete,
    LosesAttributesInUpgrade,
    AnswersOfAnotherType,
}

#[derive(Debug)]
struct Crooked(Flaw);

#[async_trait]
impl Resource for Crooked {
    fn schema(&self) -> Schema {
        let block = Block::new()
            .attr("id", Attribute::string().computed())
            .attr("name", Attribute::string().required())
            .attr("note", Attribute::string().optional());
        Schema::new(0, block)
    }

    async fn validate(&self, config: &Value) -> Vec<ProviderDiagnostic> {
        let bad = args::string(config, "name") == Some("bad") && self.0 != Flaw::AcceptsAnything;
        let unknown = args::is_unknown(config, "name") && self.0 == Flaw::RefusesUnknowns;
        (bad || unknown)
            .then(|| args::complaint("name", "Bad name", ""))
            .into_iter()
            .collect()
    }

    async fn plan(
        &self,
        schema: &Schema,
        rules: &Rules,
        request: PlanRequest,
    ) -> Answered<PlanResponse> {
        let mut response = rules.plan(schema, &request);
        let text = |text| Value::string(text);
        match self.0 {
            Flaw::PlansAnotherName => {
                response.planned = args::with(&response.planned, "name", text("mine"));
            }
            Flaw::PlansWhatIsNotSet => {
                response.planned = args::with(&response.planned, "note", text("mine"));
            }
            Flaw::NeverSettles => {
                let unknown = Value::unknown(Type::String);
                response.planned = args::with(&response.planned, "id", unknown);
            }
            Flaw::ReplacesForNothing if !request.creates() => {
                response.requires_replace.push(Path::new().attr("name"));
            }
            _ => {}
        }
        Ok(response)
    }

    async fn create(&self, change: Change) -> Answered<Object> {
        let id = match self.0 {
            Flaw::LeavesUnknown => Value::unknown(Type::String),
            Flaw::AnswersOfAnotherType => Value::TRUE,
            _ => Value::string("1"),
        };
        let mut state = args::with(&change.planned, "id", id);
        if self.0 == Flaw::AppliesAnotherName {
            state = args::with(&state, "name", Value::string("mine"));
        }
        Ok(change.done(state))
    }

    async fn read(&self, mut object: Object) -> Answered<Option<Object>> {
        if self.0 == Flaw::ReadsAnotherName {
            object.state = args::with(&object.state, "name", Value::string("mine"));
        }
        Ok(Some(object))
    }

    async fn upgrade(
        &self,
        schema: &Schema,
        stored: &terrane_model::provider::RawObject,
    ) -> Answered<Value> {
        let ty = schema.block.implied_type();
        let value = crate::conform::decode_stored(&stored.json, ty)
            .map_err(|problem| crate::native::Refusal::error("Unreadable", problem))?;
        if self.0 == Flaw::LosesAttributesInUpgrade {
            return Ok(args::with(&value, "name", Value::null(Type::String)));
        }
        Ok(value)
    }
}

async fn faults(flaw: Flaw) -> Vec<String> {
    let provider = NativeProvider::builder(ProviderAddr::default_host("test", "crooked"), "1")
        .resource("crooked", Crooked(flaw))
        .build();
    let name = |text| ("name", Value::string(text));
    let mut case = Case::resource("crooked", [name("a")]).changed([name("b")]);
    if flaw == Flaw::DoesNotDelete {
        case = case.vanishes();
    }
    check(&provider, &[case, Case::refused("crooked", [name("bad")])]).await
}

#[tokio::test]
async fn a_straight_provider_passes() {
    assert_eq!(faults(Flaw::None).await, Vec::<String>::new());
}

#[tokio::test]
async fn every_flaw_is_found() {
    let table = [
        (
            Flaw::PlansAnotherName,
            "planned neither as configured nor as it was",
        ),
        (Flaw::PlansWhatIsNotSet, "planned though not configured"),
        (Flaw::AppliesAnotherName, "create: .name: not as planned"),
        (Flaw::LeavesUnknown, "not wholly known"),
        (Flaw::ReadsAnotherName, "differs after apply"),
        (Flaw::NeverSettles, "second plan: not empty"),
        (Flaw::ReplacesForNothing, "second plan: replaces"),
        (Flaw::RefusesUnknowns, "validate"),
        (Flaw::AcceptsAnything, "a wrong configuration was accepted"),
        (Flaw::DoesNotDelete, "still there"),
        (Flaw::LosesAttributesInUpgrade, "upgrade"),
        (Flaw::AnswersOfAnotherType, "a value of another type"),
    ];
    for (flaw, sign) in table {
        let found = faults(flaw).await;
        assert!(
            found.iter().any(|fault| fault.contains(sign)),
            "{flaw:?} should show as {sign:?}: {found:#?}"
        );
    }
}

#[test]
fn schemas_that_make_no_sense_are_found() {
    let one = |name: &str, attribute: Attribute| {
        let mut schema = ProviderSchema::default();
        let block = Block::new().attr(name, attribute);
        schema
            .resources
            .insert("r".into(), Schema::new(0, block).into());
        schema_faults(&schema)
    };
    let string = Attribute::string;
    assert_eq!(
        one("a", string().optional().computed()),
        Vec::<String>::new()
    );
    let table = [
        ("a", string()),
        ("a", string().required().computed()),
        ("a", string().required().optional()),
        ("a", string().computed().write_only()),
        ("Not a name", string().required()),
    ];
    for (name, attribute) in table {
        assert_eq!(
            one(name, attribute.clone()).len(),
            1,
            "{name} {attribute:?}"
        );
    }
    let both = Block::new().attr("a", string().required()).block(
        "a",
        terrane_model::schema::NestedBlock::list(Block::new())
            .at_least(2)
            .at_most(1),
    );
    let mut schema = ProviderSchema::default();
    schema
        .data_sources
        .insert("d".into(), Schema::new(0, both).into());
    assert_eq!(schema_faults(&schema).len(), 2);
}

#[test]
fn a_proposal_keeps_what_the_provider_chose() {
    let disk = Block::new()
        .attr("size", Attribute::number().required())
        .attr("device", Attribute::string().computed());
    let block = Block::new()
        .attr("id", Attribute::string().computed())
        .attr("name", Attribute::string().optional())
        .block("disk", terrane_model::schema::NestedBlock::set(disk));
    let disk = |size: i64, device: Option<&str>| {
        let device = device.map_or(Value::null(Type::String), Value::string);
        Value::object([("size", Value::number(size)), ("device", device)])
    };
    let disks = |disks: Vec<Value>| Value::set(disks[0].ty(), disks);
    let object = |id: Option<&str>, name: &str, set: Value| {
        Value::object([
            ("id", id.map_or(Value::null(Type::String), Value::string)),
            ("name", Value::string(name)),
            ("disk", set),
        ])
    };
    let prior = object(
        Some("1"),
        "a",
        disks(vec![disk(1, Some("x")), disk(2, Some("y"))]),
    );
    let config = object(None, "b", disks(vec![disk(2, None), disk(3, None)]));
    let proposed = object(
        Some("1"),
        "b",
        disks(vec![disk(2, Some("y")), disk(3, None)]),
    );
    assert_eq!(conformance::proposed_new(&block, &prior, &config), proposed);
}
