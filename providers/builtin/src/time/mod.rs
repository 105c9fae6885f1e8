//! `hashicorp/time`.

mod duration;
mod fields;
mod functions;
mod offset;
mod rotating;
mod sleep;
mod stamp;
mod static_time;

use crate::Options;
use terrane_model::addr::ProviderAddr;
use terrane_provider::native::NativeProvider;

/// The provider.
pub(crate) fn provider(options: &Options) -> NativeProvider {
    let addr = ProviderAddr::default_host("hashicorp", "time");
    let clock = || options.clock.clone();
    NativeProvider::builder(addr, "0.14.0")
        .resource("time_offset", offset::TimeOffset(clock()))
        .resource("time_rotating", rotating::TimeRotating(clock()))
        .resource("time_sleep", sleep::TimeSleep(clock()))
        .resource("time_static", static_time::TimeStatic(clock()))
        .function("duration_parse", functions::DurationParse)
        .function("rfc3339_parse", functions::Rfc3339Parse)
        .function("unix_timestamp_parse", functions::UnixTimestampParse)
        .resolves_tokens()
        .build()
}
