//! A seeded fake cloud, to test the engine against a world that misbehaves.
//!
//! The [`World`] is the cloud: a ledger of what really exists, a log of every call, and a plan of faults. It is shared by reference and lives
//! as long as a test wants, so that an engine can be killed and started again while the world goes on.
//!
//! # Two doors
//! * [`World::handle`] is the whole provider as one synchronous function: a call in, an answer out, with the time that it would have taken.
//!   A simulation with virtual time needs no runtime: it puts the answer into its queue at `now + took_ms`. *When the answer is delivered is the
//!   driver's choice; when the effect happens is the order of calls to `handle`.*
//! * [`SimProvider`] is the same as a [`terrane_provider::Provider`] for tests of the shell. It waits only if it is told to.
//!
//! [`World::recorded`] keeps the ledger in a file, for tests that kill real processes.
//!
//! # Determinism
//! Ids, faults and latencies are functions of the seed and of what is asked (type, token or id, how often it was asked before), not of the order
//! in which different things are asked. Two runs that complete in different orders leave the same world.
//!
//! # What a simulation test looks like
//! ```
//! use terrane_sim::{FaultPlan, World, network_config};
//! use terrane_model::provider::{Answer, Call};
//! let world = World::new(42);
//! world.set_faults(FaultPlan::NONE); // or FaultPlan::stormy(), or World::script for the very next calls
//! let planned = network_config("main", "10.0.0.0/16");
//! let call = Call::Plan {
//!     type_name: "sim_network".into(),
//!     prior: terrane_value::Value::NULL,
//!     proposed: planned.clone(),
//!     config: planned,
//!     private: Default::default(),
//!     meta: terrane_value::Value::NULL,
//!     identity: terrane_value::Value::NULL,
//! };
//! let handled = world.handle(call);
//! assert!(matches!(handled.result.unwrap().answer, Some(Answer::Plan { .. })));
//! assert!(world.objects().is_empty()); // a plan has no effect
//! assert!(world.flaws().is_empty()); // no dangling reference, no two objects of one token
//! ```
//!
//! After a run, the claims to make: [`World::objects`] are those of the snapshot (nothing lost, nothing twice), [`World::flaws`] is empty,
//! [`World::log`] shows the order. The world itself refuses wrong orders: an object cannot be made before what it refers to, nor what is referred to
//! be deleted.

mod call;
mod deferral;
mod fault;
mod provider;
mod record;
mod schema;
mod world;

pub use deferral::Deferral;
pub use fault::{Fault, FaultPlan, Operation, Script};
pub use provider::{SimFactory, SimProvider};
pub use schema::{addr, instance_config, network_config, provider_schema, usual_ms};
pub use world::{Entity, Handled, LogEntry, Traits, World};
