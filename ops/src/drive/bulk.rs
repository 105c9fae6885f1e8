//! Refreshing many objects of a type that can be read in bulk: what it costs, and that nothing else is different.

use super::{Pool, drive_plan};
use crate::files::functions_for_plan;
use crate::interrupt::Interrupt;
use crate::providers::Registry;
use crate::ui::Silent;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_config::compile::compile;
use terrane_config::config::Config;
use terrane_config::load::{Loader, ModuleFile, ModuleFolder};
use terrane_model::addr::{
    InstanceKey, Mode, ModuleInstance, ModulePath, ProviderConfigAddr, ResourceAddr,
};
use terrane_model::provider::{Places, Private};
use terrane_model::snapshot::{InstanceState, ObjectState, ResourceState, Snapshot, Status};
use terrane_plan::file::{SavedPlan, encode};
use terrane_plan::machine::{PlanInput, PlanOptions, Planned, Planner};
use terrane_plan::stored;
use terrane_provider::{Providers, args};
use terrane_sim::{Fault, Operation, Script, SimFactory, World, addr, network_config};
use terrane_value::Value;

pub(crate) const COUNT: u32 = 10_000;

pub(crate) fn config(count: u32, factory: &SimFactory) -> Arc<Config> {
    let content = format!(
        "terraform {{\n  required_providers {{\n    sim = {{ source = \"{}\" }}\n  }}\n}}\nresource \"sim_network\" \"n\" {{\n  count = {count}\n  name = \"n${{count.index}}\"\n  cidr = \"10.0.0.0/16\"\n}}\n",
        addr()
    );
    let mut loader = Loader::new(ModuleFolder {
        dir: ".".into(),
        files: vec![ModuleFile {
            name: "main.tf".to_owned(),
            content: content.into_bytes(),
        }],
    });
    assert!(loader.poll().is_none());
    let (tree, sources, diagnostics) = loader.finish();
    assert!(!diagnostics.has_errors(), "{diagnostics:?}");
    let schemas = BTreeMap::from([(addr(), factory.describe().schema)]);
    let (config, diagnostics) = compile(&tree, &sources, &schemas);
    assert!(!diagnostics.has_errors(), "{diagnostics:?}");
    Arc::new(config)
}

/// A world with so many networks, and a state that knows them as they are.
pub(crate) fn cloud(count: u32) -> (World, Arc<Snapshot>) {
    let world = World::new(7);
    let schema = SimFactory::new(world.clone()).describe().schema;
    let schema = &schema.resources["sim_network"];
    let mut instances = BTreeMap::new();
    for index in 0..count {
        let state = network_config(&format!("n{index}"), "10.0.0.0/16");
        let id = world.add("sim_network", &state).unwrap();
        let state = world.object(&id).unwrap().state;
        let object = ObjectState {
            status: Status::Ready,
            schema_version: schema.version,
            attributes: stored::encode(&state, schema.block.implied_type()).unwrap(),
            sensitive: Vec::new(),
            private: Private::default(),
            dependencies: Arc::new([]),
            create_before_destroy: false,
            skip_destroy: false,
            identity: None,
            provider_key: None,
            created_in_ms: None,
        };
        let instance = InstanceState {
            current: Some(Arc::new(object)),
            ..InstanceState::default()
        };
        instances.insert(Some(InstanceKey::Int(index.into())), instance);
    }
    let resource = ResourceAddr {
        module: ModuleInstance::root(),
        mode: Mode::Managed,
        type_name: "sim_network".into(),
        name: "n".into(),
    };
    let provider = ProviderConfigAddr {
        module: ModulePath::root(),
        provider: addr(),
        alias: None,
    };
    let snapshot = Snapshot {
        lineage: "l".into(),
        serial: 1,
        resources: BTreeMap::from([(
            resource,
            ResourceState {
                provider,
                instances,
            },
        )]),
        ..Snapshot::default()
    };
    (world, Arc::new(snapshot))
}

/// The plan, as bytes of a file.
async fn plan(factory: SimFactory, snapshot: &Arc<Snapshot>) -> Vec<u8> {
    let config = config(u32::try_from(snapshot.instance_count()).unwrap(), &factory);
    let infos = BTreeMap::from([(addr(), factory.describe())]);
    let registry = Arc::new(Registry::of(
        Providers::new().with(Arc::new(factory)),
        infos.clone(),
    ));
    let interrupt = Arc::new(Interrupt::default());
    let planner = Planner::new(PlanInput {
        config: config.clone(),
        snapshot: snapshot.clone(),
        providers: infos,
        variables: Vec::new(),
        functions: functions_for_plan(0),
        options: PlanOptions {
            refresh: true,
            ..PlanOptions::default()
        },
    });
    let mut pool = Pool::new(config, registry, interrupt.clone(), Places::default());
    let Planned {
        plan, diagnostics, ..
    } = drive_plan(planner, &mut pool, &interrupt, &mut Silent)
        .await
        .unwrap();
    assert!(!diagnostics.has_errors(), "{diagnostics:?}");
    let saved = SavedPlan {
        version: String::new(),
        plan: plan.unwrap(),
        sources: Vec::new(),
        extra: BTreeMap::new(),
    };
    encode(&saved).unwrap()
}

/// Somebody changes every hundredth object, and deletes another.
fn drift(world: &World) {
    for (at, object) in world.objects().into_iter().enumerate() {
        match at % 100 {
            3 => assert!(world.mutate(&object.id, |state| {
                args::with(state, "cidr", Value::string("10.9.0.0/16"))
            })),
            57 => assert!(world.remove(&object.id)),
            _ => {}
        }
    }
}

#[tokio::test]
async fn ten_thousand_objects_take_the_requests_of_a_listing() {
    let (world, snapshot) = cloud(COUNT);
    drift(&world);
    let one_by_one = plan(SimFactory::new(world.clone()).reads_many(None), &snapshot).await;
    let singly = world.requests();
    assert!(singly >= u64::from(COUNT), "{singly}");
    let together = plan(SimFactory::new(world.clone()), &snapshot).await;
    // Of 9,900 objects that there are, a hundred on each page; and no more than planning takes in either case.
    let planning = singly - u64::from(COUNT);
    assert_eq!(world.requests() - singly - planning, 99);
    assert!(together == one_by_one, "another plan");
    // In calls of two hundred each, it is asked for by ids.
    let before = world.requests();
    let in_parts = plan(
        SimFactory::new(world.clone()).reads_many(Some(200)),
        &snapshot,
    )
    .await;
    assert_eq!(world.requests() - before - planning, 100);
    assert!(in_parts == one_by_one, "another plan");
}

#[tokio::test]
async fn what_goes_wrong_in_bulk_is_mended_singly() {
    for (fault, requests) in [
        // It is asked again, and gets it.
        (Fault::Throttled(1), 2 * 3),
        // Nobody knows what it was: each of them is read.
        (Fault::LostRequest, 3 + 250),
        (Fault::ErrorBefore, 3 + 250),
    ] {
        let (world, snapshot) = cloud(250);
        let expected = plan(SimFactory::new(world.clone()).reads_many(None), &snapshot).await;
        let before = world.requests();
        world.script(Script::next(Operation::Read, "sim_network", fault));
        let found = plan(SimFactory::new(world.clone()), &snapshot).await;
        assert_eq!(world.requests() - before, requests, "{fault:?}");
        assert!(found == expected, "{fault:?}");
    }
}
