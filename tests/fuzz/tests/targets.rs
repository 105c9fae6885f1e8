//! Every target on its corpus, on what once failed, and on a fixed number of mutations.
//!
//! `TERRANE_FUZZ_ITERATIONS` sets another number of mutations.

use std::panic::{AssertUnwindSafe, catch_unwind};
use terrane_fuzz::mutate::{Rng, mutate};
use terrane_fuzz::{TARGETS, corpus, target};

/// Stack of the thread that a target runs on: that of tokio's workers, on which the program does the same.
const STACK: usize = 2 << 20;

fn iterations() -> usize {
    let given = std::env::var("TERRANE_FUZZ_ITERATIONS").ok();
    given.and_then(|given| given.parse().ok()).unwrap_or(300)
}

fn run(name: &'static str) {
    let target = target(name).expect("it is one of the targets");
    let work = move || {
        let inputs = corpus::inputs(name);
        assert!(!inputs.is_empty(), "the corpus of {name} is not there");
        let attempt = |input: &[u8]| {
            if catch_unwind(AssertUnwindSafe(|| (target.run)(input))).is_err() {
                panic!(
                    "add this line to tests/fuzz/regressions/{name}.txt:\n{}",
                    corpus::escape(input)
                );
            }
        };
        inputs.iter().for_each(|input| attempt(input));
        let mut rng = Rng(1);
        for _ in 0..iterations() {
            let input = rng.pick(&inputs).expect("there are some");
            let other = rng.pick(&inputs).expect("there are some");
            attempt(&mutate(&mut rng, input, other));
        }
    };
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(work);
    let outcome = thread.expect("a thread").join();
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            run(stringify!($name));
        })*

        #[test]
        fn every_target_has_a_test() {
            let tested = [$(stringify!($name)),*];
            assert_eq!(TARGETS.iter().map(|target| target.name).collect::<Vec<_>>(), tested);
        }
    };
}

targets! { native json template expression functions format config statefile journal planfile codec aws }
