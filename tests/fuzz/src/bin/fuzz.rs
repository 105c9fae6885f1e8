//! One target under libFuzzer: its name is in `TERRANE_FUZZ_TARGET`, everything else on libFuzzer's command line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use terrane_fuzz::{Target, target};

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("TERRANE_FUZZ_TARGET").unwrap_or_default();
    target(&name).unwrap_or_else(|| panic!("TERRANE_FUZZ_TARGET names no target: {name:?}"))
});

fuzz_target!(|data: &[u8]| (TARGET.run)(data));
