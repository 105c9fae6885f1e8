//! How the world behaves, and misbehaves.

use terrane_model::provider::{Answer, Call, CallFailure, ImportTarget, Reply, Resolution};
use terrane_provider::{args, conformance};
use terrane_sim::{
    Fault, FaultPlan, Operation, Script, Traits, World, instance_config, network_config,
    provider_schema,
};
use terrane_value::Value;

fn text(text: &str) -> Value {
    Value::string(text)
}

fn config(type_name: &str, settings: &[(&str, &str)]) -> Value {
    let schema = provider_schema();
    let empty = schema.resources[type_name].block.empty_value();
    args::with_all(
        &empty,
        settings.iter().map(|(name, value)| (*name, text(value))),
    )
}

fn disk(name: &str, zone: &str, instance: Option<&Value>) -> Value {
    let config = config("sim_disk", &[("name", name), ("zone", zone)]);
    let config = args::with(&config, "size", Value::number(1));
    match instance {
        Some(instance) => args::with(&config, "instance_id", args::get(instance, "id")),
        None => config,
    }
}

fn answer(world: &World, call: Call) -> Answer {
    let reply = world.handle(call).result.expect("there is an answer");
    reply.answer.expect("it is free of errors")
}

fn planned(world: &World, type_name: &str, prior: &Value, config: &Value) -> Value {
    let schema = provider_schema();
    let block = &schema.resources[type_name].block;
    let call = Call::Plan {
        type_name: type_name.into(),
        prior: prior.clone(),
        proposed: conformance::proposed_new(block, prior, config),
        config: config.clone(),
        private: Default::default(),
        meta: Value::NULL,
        identity: Value::NULL,
    };
    match answer(world, call) {
        Answer::Plan { planned, .. } => planned,
        other => panic!("{other:?}"),
    }
}

fn change(
    world: &World,
    type_name: &str,
    prior: &Value,
    config: &Value,
    token: &str,
) -> Result<Reply, CallFailure> {
    let planned = planned(world, type_name, prior, config);
    let call = Call::Apply {
        type_name: type_name.into(),
        prior: prior.clone(),
        planned,
        config: config.clone(),
        private: Default::default(),
        meta: Value::NULL,
        identity: Value::NULL,
        token: token.into(),
    };
    world.handle(call).result
}

fn state(reply: Result<Reply, CallFailure>) -> Value {
    let reply = reply.expect("there is an answer");
    match reply.answer {
        Some(Answer::Apply { state, .. }) => state,
        _ => panic!("{:?}", reply.diagnostics),
    }
}

fn network(world: &World, token: &str) -> Value {
    let config = network_config("main", "10.0.0.0/16");
    state(change(world, "sim_network", &Value::NULL, &config, token))
}

fn subnet(network: &Value) -> Value {
    let config = config("sim_subnet", &[("cidr", "10.0.1.0/24")]);
    args::with(&config, "network_id", args::get(network, "id"))
}

fn refused(reply: Result<Reply, CallFailure>) -> String {
    let reply = reply.expect("there is an answer");
    assert!(reply.has_errors() && reply.answer.is_none(), "{reply:?}");
    reply.diagnostics[0].detail.clone()
}

fn resolve(world: &World, token: &str) -> Resolution {
    let config = network_config("main", "10.0.0.0/16");
    let call = Call::Resolve {
        type_name: "sim_network".into(),
        token: token.into(),
        planned: planned(world, "sim_network", &Value::NULL, &config),
    };
    match answer(world, call) {
        Answer::Resolved(resolution) => resolution,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_object_cannot_come_before_what_it_refers_to() {
    let world = World::new(1);
    let orphan = args::with(&subnet(&Value::NULL), "network_id", text("net-none"));
    let problem = refused(change(&world, "sim_subnet", &Value::NULL, &orphan, "1"));
    assert!(problem.contains("no such sim_network"), "{problem}");
    assert!(world.objects().is_empty());
    let network = network(&world, "2");
    state(change(
        &world,
        "sim_subnet",
        &Value::NULL,
        &subnet(&network),
        "3",
    ));
    assert_eq!(world.objects().len(), 2);
}

#[test]
fn what_is_referred_to_cannot_be_deleted() {
    let world = World::new(1);
    let network = network(&world, "1");
    let subnet = state(change(
        &world,
        "sim_subnet",
        &Value::NULL,
        &subnet(&network),
        "2",
    ));
    let problem = refused(change(&world, "sim_network", &network, &Value::NULL, "3"));
    assert!(problem.contains("in use"), "{problem}");
    assert!(state(change(&world, "sim_subnet", &subnet, &Value::NULL, "4")).is_null());
    assert!(state(change(&world, "sim_network", &network, &Value::NULL, "5")).is_null());
    assert!(world.objects().is_empty());
}

#[test]
fn a_unique_name_shows_a_replacement_that_creates_first() {
    let world = World::new(1);
    let old = state(change(
        &world,
        "sim_disk",
        &Value::NULL,
        &disk("d", "a", None),
        "1",
    ));
    let again = change(&world, "sim_disk", &Value::NULL, &disk("d", "b", None), "2");
    assert!(refused(again).contains("must be unique"));
    assert!(state(change(&world, "sim_disk", &old, &Value::NULL, "3")).is_null());
    state(change(
        &world,
        "sim_disk",
        &Value::NULL,
        &disk("d", "b", None),
        "4",
    ));
}

#[test]
fn one_token_makes_one_object() {
    let world = World::new(1);
    let first = network(&world, "1");
    assert_eq!(network(&world, "1"), first);
    assert_ne!(network(&world, "2"), first);
    assert_eq!(world.objects().len(), 2);
}

#[test]
fn without_idempotency_a_repeated_call_makes_a_second_object() {
    let traits = Traits {
        idempotent: false,
        resolves_tokens: false,
    };
    let world = World::with_traits(1, traits);
    network(&world, "1");
    network(&world, "1");
    assert_eq!(world.objects().len(), 2);
    assert_eq!(world.flaws().len(), 1, "{:?}", world.flaws());
    assert_eq!(resolve(&world, "1"), Resolution::CannotTell);
}

#[test]
fn the_ledger_says_what_became_of_a_lost_call() {
    let config = network_config("main", "10.0.0.0/16");
    for (fault, happens) in [(Fault::LostAnswer, true), (Fault::LostRequest, false)] {
        let world = World::new(1);
        world.script(Script::next(Operation::Create, "sim_network", fault));
        let failure = change(&world, "sim_network", &Value::NULL, &config, "1").unwrap_err();
        assert!(failure.may_have_happened);
        match resolve(&world, "1") {
            Resolution::Happened(object) => {
                assert!(happens);
                assert_eq!(object.state, world.objects()[0].state);
            }
            other => {
                assert!(!happens);
                assert_eq!(other, Resolution::NeverHappened);
            }
        }
        // Asked again, it is made once at the most.
        network(&world, "1");
        assert_eq!(world.objects().len(), 1);
    }
}

#[test]
fn each_fault_shows_as_it_should() {
    let config = network_config("main", "10.0.0.0/16");
    // Fault; objects that exist afterwards; answer with an object; error among the messages.
    let table = [
        (Fault::ErrorBefore, 0, false, true),
        (Fault::ErrorAfter, 1, false, true),
        (Fault::Partial, 1, true, true),
        (Fault::Stale, 1, true, false),
    ];
    for (fault, objects, answer, error) in table {
        let world = World::new(1);
        world.script(Script::next(Operation::Create, "sim_network", fault));
        let reply = change(&world, "sim_network", &Value::NULL, &config, "1").unwrap();
        assert_eq!(world.objects().len(), objects, "{fault:?}");
        assert_eq!(reply.answer.is_some(), answer, "{fault:?}");
        assert_eq!(reply.has_errors(), error, "{fault:?}");
        let entry = world.log().pop().unwrap();
        assert_eq!((entry.fault, entry.effect), (Some(fault), objects == 1));
    }
    let world = World::new(1);
    world.script(Script::next(
        Operation::Create,
        "sim_network",
        Fault::Throttled(250),
    ));
    let failure = change(&world, "sim_network", &Value::NULL, &config, "1").unwrap_err();
    assert_eq!(
        (failure.retry_after_ms, failure.may_have_happened),
        (Some(250), false)
    );
}

#[test]
fn a_stale_read_shows_the_object_before_its_last_change() {
    let world = World::new(1);
    let before = network(&world, "1");
    let after = state(change(
        &world,
        "sim_network",
        &before,
        &network_config("other", "10.0.0.0/16"),
        "2",
    ));
    assert_ne!(before, after);
    let read = || {
        let call = Call::Read {
            type_name: "sim_network".into(),
            current: after.clone(),
            private: Default::default(),
            meta: Value::NULL,
            identity: Value::NULL,
        };
        match answer(&world, call) {
            Answer::Read { state, .. } => state,
            other => panic!("{other:?}"),
        }
    };
    world.script(Script::next(Operation::Read, "sim_network", Fault::Stale));
    assert_eq!(read(), before);
    assert_eq!(read(), after);
    let id = args::string(&after, "id").unwrap();
    assert!(world.mutate(id, |state| args::with(state, "name", text("drifted"))));
    assert_eq!(args::string(&read(), "name"), Some("drifted"));
    assert!(world.remove(id));
    assert!(read().is_null());
}

#[test]
fn a_recorded_world_outlives_its_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger");
    let world = World::recorded(&path, 1).unwrap();
    let made = network(&world, "1");
    let gone = network(&world, "2");
    state(change(&world, "sim_network", &gone, &Value::NULL, "3"));
    let changed = network_config("other", "10.0.0.0/16");
    let after = state(change(&world, "sim_network", &made, &changed, "4"));
    let config = args::with(&instance_config("web", "debian"), "password", text("p"));
    state(change(&world, "sim_instance", &Value::NULL, &config, "5"));
    let states = |world: &World| -> Vec<_> {
        let entities = world.objects().into_iter();
        entities
            .map(|entity| (entity.id, entity.token, entity.state))
            .collect()
    };
    let kept = states(&world);
    assert_eq!(kept.len(), 2);
    drop(world);
    // A line that was cut off never was.
    let mut text = std::fs::read_to_string(&path).unwrap();
    let whole = text.len();
    text.push_str("{\"type\":\"sim_netw");
    std::fs::write(&path, &text).unwrap();
    let world = World::recorded(&path, 1).unwrap();
    assert_eq!(
        std::fs::metadata(&path).unwrap().len(),
        u64::try_from(whole).unwrap()
    );
    assert_eq!(states(&world), kept);
    assert_eq!(resolve(&world, "9"), Resolution::NeverHappened);
    let Resolution::Happened(object) = resolve(&world, "4") else {
        panic!("it happened");
    };
    assert_eq!(object.state, after);
    let Resolution::Happened(object) = resolve(&world, "3") else {
        panic!("it happened");
    };
    assert!(object.state.is_null());
    network(&world, "6");
    drop(world);
    assert_eq!(World::recorded(&path, 1).unwrap().objects().len(), 3);
    std::fs::write(&path, "nonsense\n").unwrap();
    assert!(World::recorded(&path, 1).is_err());
}

#[test]
fn a_frozen_world_answers_nothing() {
    let world = World::new(1);
    let made = network(&world, "1");
    world.set_frozen(true);
    let call = Call::Import {
        type_name: "sim_network".into(),
        target: ImportTarget::Id(args::string(&made, "id").unwrap().into()),
    };
    assert!(world.handle(call.clone()).result.is_err());
    world.set_frozen(false);
    assert!(world.handle(call).result.is_ok());
}

/// The same changes in two orders, on a bad day, leave the same world.
#[test]
fn the_order_of_independent_calls_does_not_matter() {
    let run = |order: &[usize]| {
        let world = World::new(99);
        world.set_faults(FaultPlan::stormy());
        let mut answers: Vec<(usize, String)> = Vec::new();
        for at in order {
            let config = network_config(&format!("n{at}"), "10.0.0.0/16");
            let reply = change(
                &world,
                "sim_network",
                &Value::NULL,
                &config,
                &at.to_string(),
            );
            answers.push((*at, format!("{reply:?}")));
        }
        answers.sort();
        let ids: Vec<_> = world
            .objects()
            .into_iter()
            .map(|entity| entity.id)
            .collect();
        (answers, ids)
    };
    let forward: Vec<usize> = (0..40).collect();
    let backward: Vec<usize> = (0..40).rev().collect();
    assert_eq!(run(&forward), run(&backward));
    let (answers, ids) = run(&forward);
    let failed = answers
        .iter()
        .filter(|(_, reply)| reply.contains("Cloud error") || reply.contains("Err("))
        .count();
    assert!((3..30).contains(&failed), "{failed} of 40 went wrong");
    assert!(ids.len() < 40);
}

#[test]
fn known_configuration_wins_over_what_the_cloud_would_choose() {
    let world = World::new(1);
    let config = instance_config("web", "debian");
    let mut planned = planned(&world, "sim_instance", &Value::NULL, &config);
    planned = args::with(
        &planned,
        "name",
        Value::unknown(terrane_value::Type::String),
    );
    let call = Call::Apply {
        type_name: "sim_instance".into(),
        prior: Value::NULL,
        planned,
        config,
        private: Default::default(),
        meta: Value::NULL,
        identity: Value::NULL,
        token: "1".into(),
    };
    let made = state(world.handle(call).result);
    assert_eq!(args::string(&made, "name"), Some("web"));
    assert_eq!(args::string(&made, "size"), Some("small"));
    let target = ImportTarget::Id(args::string(&made, "id").unwrap().into());
    let call = Call::Import {
        type_name: "sim_instance".into(),
        target,
    };
    match answer(&world, call) {
        Answer::Objects(objects) => assert_eq!(objects[0].state, made),
        other => panic!("{other:?}"),
    }
}

#[test]
fn listings_lookups_and_sessions() {
    let world = World::new(1);
    let made = network(&world, "1");
    let list = |prefix: &str| Call::List {
        type_name: "sim_network".into(),
        config: Value::object([("name_prefix", text(prefix))]),
        include_objects: true,
        limit: 10,
    };
    for (prefix, found) in [("ma", 1), ("x", 0)] {
        match answer(&world, list(prefix)) {
            Answer::Listed(objects) => assert_eq!(objects.len(), found),
            other => panic!("{other:?}"),
        }
    }
    let schema = provider_schema();
    let empty = schema.data_sources["sim_network"].block.empty_value();
    let call = Call::ReadDataSource {
        type_name: "sim_network".into(),
        config: args::with(&empty, "name", text("main")),
        meta: Value::NULL,
    };
    match answer(&world, call) {
        Answer::Data { state, .. } => assert_eq!(args::get(&state, "id"), args::get(&made, "id")),
        other => panic!("{other:?}"),
    }
    let empty = schema.ephemeral_resources["sim_session"]
        .block
        .empty_value();
    let call = Call::OpenEphemeral {
        type_name: "sim_session".into(),
        config: args::with(&empty, "user", text("me")),
    };
    let Some(Answer::Ephemeral { private, .. }) = world.handle(call).result.unwrap().answer else {
        panic!("no session");
    };
    assert_eq!(world.open_sessions(), 1);
    let call = Call::CloseEphemeral {
        type_name: "sim_session".into(),
        private,
    };
    assert!(world.handle(call).result.is_ok());
    assert_eq!(world.open_sessions(), 0);
}
