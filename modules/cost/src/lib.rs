//! What a plan costs per month, without asking anybody.
//!
//! Three things make a price: *rules* say which products a resource of a type uses, and how much of them ([`Rules`], shipped for AWS and open
//! to more); a *price book* says what these products cost ([`Book`], imported from the price lists that a cloud publishes, [`import`]);
//! *usage* says what no configuration does: requests, gigabytes, hours ([`Usage`]). [`estimate()`] puts them together for a plan in JSON, of
//! terrane or of the peers.
//!
//! What has no price is named, and never counts as zero.

mod book;
mod error;
pub mod estimate;
pub mod import;
mod plan;
mod rules;
#[cfg(test)]
mod tests;
mod usage;

pub use book::{Book, Price, Tier};
pub use error::CostError;
pub use estimate::{Estimate, Line, Part, estimate};
pub use plan::{Item, Object, Plan};
pub use rules::Rules;
pub use usage::Usage;
