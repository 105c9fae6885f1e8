//! A small engine against a world on a bad day: how a simulation uses the world, and a check that the world keeps its own promises.

use std::collections::BTreeMap;
use terrane_model::provider::{Answer, Call, Resolution};
use terrane_provider::{args, conformance};
use terrane_sim::{FaultPlan, World, network_config, provider_schema};
use terrane_value::Value;

/// Virtual time and a queue of answers, in the order of their arrival.
struct Driver {
    world: World,
    now_ms: u64,
    retries: u32,
}

impl Driver {
    fn call(&mut self, call: Call) -> Option<Answer> {
        let handled = self.world.handle(call);
        self.now_ms += handled.took_ms;
        match handled.result {
            Ok(reply) if !reply.has_errors() => reply.answer,
            Ok(_) => None,
            Err(failure) => {
                self.now_ms += failure.retry_after_ms.unwrap_or_default();
                None
            }
        }
    }

    /// Makes a change however often it takes, always under one token; after each failed creation asks what became
    /// of it.
    fn settle(&mut self, type_name: &str, prior: &Value, config: &Value, token: &str) -> Value {
        let schema = provider_schema();
        let block = &schema.resources[type_name].block;
        for _ in 0..200 {
            let call = Call::Plan {
                type_name: type_name.into(),
                prior: prior.clone(),
                proposed: conformance::proposed_new(block, prior, config),
                config: config.clone(),
                private: Default::default(),
                meta: Value::NULL,
                identity: Value::NULL,
            };
            let Some(Answer::Plan { planned, .. }) = self.call(call) else {
                panic!("plans do not fail");
            };
            let call = Call::Apply {
                type_name: type_name.into(),
                prior: prior.clone(),
                planned: planned.clone(),
                config: config.clone(),
                private: Default::default(),
                meta: Value::NULL,
                identity: Value::NULL,
                token: token.into(),
            };
            if let Some(Answer::Apply { state, .. }) = self.call(call) {
                return state;
            }
            self.retries += 1;
            if planned.is_null() {
                // Who deletes knows the id and need not ask: the same again, under the same token.
                continue;
            }
            let call = Call::Resolve {
                type_name: type_name.into(),
                token: token.into(),
                planned,
            };
            match self.call(call) {
                Some(Answer::Resolved(Resolution::Happened(object))) => return object.state,
                Some(Answer::Resolved(Resolution::NeverHappened)) => {}
                other => panic!("{other:?}"),
            }
        }
        panic!("the world never let it through");
    }
}

#[test]
fn one_token_one_object_whatever_goes_wrong() {
    let mut retries = 0;
    for seed in 0..300 {
        let world = World::new(seed);
        world.set_faults(FaultPlan::stormy());
        let mut driver = Driver {
            world: world.clone(),
            now_ms: 0,
            retries: 0,
        };
        let mut known = BTreeMap::new();
        for at in 0..4 {
            let config = network_config(&format!("n{at}"), "10.0.0.0/16");
            let network = driver.settle("sim_network", &Value::NULL, &config, &format!("{at}"));
            let id = args::string(&network, "id")
                .expect("it has an id")
                .to_owned();
            let schema = provider_schema();
            let subnet = schema.resources["sim_subnet"].block.empty_value();
            let set = [
                ("cidr", Value::string("10.0.1.0/24")),
                ("network_id", Value::string(id.as_str())),
            ];
            let config = args::with_all(&subnet, set);
            let subnet =
                driver.settle("sim_subnet", &Value::NULL, &config, &format!("{at} subnet"));
            known.insert(id, (network, subnet));
        }
        // What is known is what exists: nothing lost, nothing twice.
        assert_eq!(world.objects().len(), 2 * known.len(), "seed {seed}");
        for (id, (network, subnet)) in &known {
            assert_eq!(
                &world.object(id).expect("it exists").state,
                network,
                "seed {seed}"
            );
            let id = args::string(subnet, "id").expect("it has an id");
            assert_eq!(
                &world.object(id).expect("it exists").state,
                subnet,
                "seed {seed}"
            );
        }
        assert_eq!(world.flaws(), Vec::<String>::new(), "seed {seed}");
        for (id, (network, subnet)) in &known {
            let gone = |state: &Value| assert!(state.is_null(), "seed {seed}");
            gone(&driver.settle("sim_subnet", subnet, &Value::NULL, &format!("{id} 1")));
            gone(&driver.settle("sim_network", network, &Value::NULL, &format!("{id} 2")));
        }
        assert!(world.objects().is_empty(), "seed {seed}");
        assert!(driver.now_ms > 0);
        retries += driver.retries;
    }
    assert!(retries > 1000, "a bad day has faults: {retries}");
}
