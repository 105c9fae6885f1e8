//! Drift from end to end, in the room: 10,000 objects of a fake cloud.

use super::report::Report;
use crate::drive::bulk::{COUNT, cloud, config};
use crate::drive::{Budget, Pool, StandIn, drive_survey};
use crate::files::functions_for_plan;
use crate::interrupt::Interrupt;
use crate::providers::Registry;
use crate::ui::Silent;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use terrane_model::addr::InstanceAddr;
use terrane_model::provider::{Answer, Call, Places, ProviderDiagnostic, Reply};
use terrane_model::snapshot::Snapshot;
use terrane_plan::machine::{Listed, PlanInput, PlanOptions, ProviderInstance, Survey, Surveyed};
use terrane_provider::{Providers, args};
use terrane_sim::{SimFactory, World, addr, network_config};
use terrane_value::{EcoString, Type, Value};

/// A machine that looks, with a configuration of nothing but the provider, and who carries out what it asks for.
fn surveyor(
    factory: SimFactory,
    snapshot: &Arc<Snapshot>,
    list: Listed,
    interrupt: &Arc<Interrupt>,
) -> (Survey, Pool) {
    let config = config(0, &factory);
    let infos = BTreeMap::from([(addr(), factory.describe())]);
    let providers = Providers::new().with(Arc::new(factory));
    let registry = Arc::new(Registry::of(providers, infos.clone()));
    let survey = Survey::new(
        PlanInput {
            config: config.clone(),
            snapshot: snapshot.clone(),
            providers: infos,
            variables: Vec::new(),
            functions: functions_for_plan(0),
            options: PlanOptions {
                refresh: true,
                ..PlanOptions::default()
            },
        },
        list,
    );
    let pool = Pool::new(config, registry, interrupt.clone(), Places::default());
    (survey, pool)
}

/// Looks.
async fn look(factory: SimFactory, snapshot: &Arc<Snapshot>, list: Listed) -> (Surveyed, u64) {
    let interrupt = Arc::new(Interrupt::default());
    let (survey, mut pool) = surveyor(factory, snapshot, list, &interrupt);
    let surveyed = drive_survey(survey, &mut pool, &interrupt, &mut Silent)
        .await
        .unwrap();
    assert!(
        !surveyed.diagnostics.has_errors(),
        "{:?}",
        surveyed.diagnostics
    );
    (surveyed, pool.calls())
}

/// Somebody changes 50 objects (10 of them only in what the cloud tags by itself), deletes 5, and makes 20. By id: the class.
fn drift(world: &World) -> (BTreeMap<EcoString, &'static str>, BTreeSet<EcoString>) {
    let tags = |key: &str| {
        Value::map(
            Type::String,
            BTreeMap::from([(key.into(), Value::string("x"))]),
        )
    };
    let mut drifted = BTreeMap::new();
    for (at, object) in world
        .objects()
        .into_iter()
        .step_by(181)
        .take(55)
        .enumerate()
    {
        let class = match at % 11 {
            10 => {
                assert!(world.remove(&object.id));
                "gone"
            }
            0 | 5 => {
                world.mutate(&object.id, |state| {
                    args::with(state, "tags", tags("aws:by"))
                });
                "harmless"
            }
            _ => {
                world.mutate(&object.id, |state| args::with(state, "tags", tags("by")));
                "changed"
            }
        };
        drifted.insert(object.id, class);
    }
    let strange = network_config("strange", "10.1.0.0/16");
    let strangers = (0..20).filter_map(|_| world.add("sim_network", &strange));
    (drifted, strangers.collect())
}

#[tokio::test]
async fn all_drift_of_ten_thousand_objects_is_found_and_none_is_invented() {
    let (world, snapshot) = cloud(COUNT);
    let (drifted, strangers) = drift(&world);
    let began = world.requests();
    let (surveyed, calls) = look(SimFactory::new(world.clone()), &snapshot, Listed::OfState).await;
    let requests = world.requests() - began;
    assert_eq!(surveyed.read, 10_000);
    let found: BTreeMap<EcoString, &str> = surveyed
        .drifted
        .iter()
        .map(|one| (one.id().unwrap().into(), one.class().name()))
        .collect();
    assert_eq!(found, drifted);
    let unmanaged = surveyed.unmanaged.iter();
    let unmanaged: BTreeSet<EcoString> = unmanaged
        .map(|one| args::string(&one.identity, "id").unwrap().into())
        .collect();
    assert_eq!(unmanaged, strangers);
    let report = Report::new(&surveyed, &snapshot, "default");
    let summary = report.summary;
    assert_eq!(
        (
            summary.gone,
            summary.changed,
            summary.harmless,
            summary.unmanaged
        ),
        (5, 40, 10, 20)
    );

    // A hundred pages of reading, and 101 of listing what nobody manages.
    assert_eq!(requests, 201);
    let began = world.requests();
    let factory = SimFactory::new(world.clone()).reads_many(None);
    let (singly, _) = look(factory, &snapshot, Listed::Nothing).await;
    let needed = world.requests() - began;
    assert_eq!(needed, 10_000);
    assert!(needed >= 20 * requests, "{needed} against {requests}");
    assert_eq!(singly.drifted, surveyed.drifted);
    // One call that reads all, one that lists, one for each that differs and is there, two to configure.
    assert_eq!(calls, 1 + 1 + 50 + 2);
}

/// What waits for its turn in a budget is not asked after an interrupt: that would take a quarter of an hour.
#[tokio::test]
async fn an_interrupt_ends_what_waits() {
    let (world, snapshot) = cloud(50);
    for together in [Some(1), None] {
        let interrupt = Arc::new(Interrupt::default());
        let factory = SimFactory::new(world.clone()).reads_many(together);
        let (survey, pool) = surveyor(factory, &snapshot, Listed::OfState, &interrupt);
        // Two of them configure.
        let mut pool = pool.with_budget(Some(Arc::new(Budget::per_minute(4))));
        let began = world.requests();
        let interrupting = async {
            while world.requests() < began + 2 {
                tokio::task::yield_now().await;
            }
            interrupt.raise();
        };
        let mut ui = Silent;
        let looking = drive_survey(survey, &mut pool, &interrupt, &mut ui);
        let both = async { tokio::join!(looking, interrupting) };
        let (surveyed, ()) = tokio::time::timeout(Duration::from_secs(30), both)
            .await
            .expect("it ends at once");
        let surveyed = surveyed.unwrap();
        assert!(surveyed.cancelled);
        assert_eq!((surveyed.read, surveyed.unread.len()), (2, 48));
        assert_eq!(world.requests(), began + 2);
    }
}

/// Says something with each list, which is empty.
#[derive(Debug)]
struct Saying(ProviderDiagnostic);

impl StandIn for Saying {
    fn answer(&self, _: &ProviderInstance, _: Option<&InstanceAddr>, call: &Call) -> Option<Reply> {
        matches!(call, Call::List { .. }).then(|| Reply {
            answer: Some(Answer::Listed(Vec::new())),
            diagnostics: vec![self.0.clone()],
        })
    }
}

/// A warning is shown; with an error, the type was not listed.
#[tokio::test]
async fn what_is_said_of_lists_is_told() {
    let (world, snapshot) = cloud(1);
    for is_error in [false, true] {
        let interrupt = Arc::new(Interrupt::default());
        let factory = SimFactory::new(world.clone());
        let (survey, pool) = surveyor(factory, &snapshot, Listed::OfState, &interrupt);
        let mut said = ProviderDiagnostic::error("Half of it", "Not all regions answered.");
        said.is_error = is_error;
        let mut pool = pool.with_stand_in(Arc::new(Saying(said)));
        let surveyed = drive_survey(survey, &mut pool, &interrupt, &mut Silent)
            .await
            .unwrap();
        let told = format!("{:?}", surveyed.diagnostics);
        assert_eq!(told.contains("Not all regions"), !is_error, "{told}");
        let problems: Vec<&str> = surveyed
            .unlisted
            .iter()
            .map(|one| one.problem.as_str())
            .collect();
        let expected: &[&str] = match is_error {
            true => &["Half of it: Not all regions answered."],
            false => &[],
        };
        assert_eq!(problems, expected);
        assert_eq!(surveyed.listed.len(), usize::from(!is_error));
    }
}
