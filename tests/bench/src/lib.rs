//! What the speed of the engine is measured with: configurations of many shapes and any size, and pieces of work on them.
//!
//! * [`shapes`]: the configurations.
//! * [`workloads`]: one piece of the engine's work each, without files, processes or a clock: what is timed by `benches/micro.rs` and counted
//!   in instructions by `cargo run -p xtask -- bench instructions`.
//! * [`side_by_side`]: whole commands of one program beside another's.
//! * [`targets`]: what speed is promised, all of it in one run.
//! * [`crashes`]: not speed, but what takes long: applies killed at every event boundary, by the hundred.

mod asked;
pub mod crashes;
mod gated;
pub mod gates;
pub mod policies;
pub mod shapes;
pub mod side_by_side;
pub mod targets;
pub mod workloads;
