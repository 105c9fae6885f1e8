//! Types that no emulator has, or not whole: their lives against a service that keeps what it is given.

use serde_json::Value as Json;

mod batch;
mod caches;
mod closed;
mod databases;
mod edge;
mod jobs;
mod kafka;
mod keys;
mod rows;
mod sites;
mod streams;

/// What was put, without what only requests have, and with what the service says of itself.
fn with(put: &Json, without: &[&str], told: &Json) -> Json {
    let mut shown = put.clone();
    let members = shown.as_object_mut().unwrap();
    members.retain(|name, _| !without.contains(&name.as_str()));
    members.extend(told.as_object().unwrap().clone());
    shown
}
