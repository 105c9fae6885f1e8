//! Random small configurations with a history: one is applied, then changed and applied again, by this engine and by the peer. Plans and states
//! are compared after each step.

mod compare;
mod edit;
mod explained;
mod generate;
mod model;
mod names;
mod normal;
mod render;

pub use compare::{Found, Sides, compare};
pub use generate::history;
pub use model::{Config, History, Step};
