//! Who waits for whom, as stories.

use super::{Claim, Fence, Holder, LeaseTable, Terms};
use crate::lease::Part;

fn holder(name: &str) -> Holder {
    Holder {
        id: name.into(),
        who: name.into(),
        ..Holder::default()
    }
}

/// `a b` writes the outputs a and b, `-a` reads it, `*` is everything.
fn claim(text: &str) -> Claim {
    let mut claim = Claim::nothing();
    for word in text.split_whitespace() {
        claim = match word.strip_prefix('-') {
            _ if word == "*" => Claim::whole(),
            Some(name) => claim.read(Part::Output(name.into())),
            None => claim.write(Part::Output(word.into())),
        };
    }
    claim
}

struct Story {
    table: LeaseTable,
    now_ms: u64,
    dead: Vec<&'static str>,
}

impl Story {
    fn new() -> Self {
        Self {
            table: LeaseTable::default(),
            now_ms: 1000,
            dead: Vec::new(),
        }
    }

    fn ask(&mut self, name: &str, wants: &str) -> Result<u64, String> {
        let dead = self.dead.clone();
        let terms = Terms {
            now_ms: self.now_ms,
            lease_ms: 100,
            queue_ms: 50,
            alive: &|id| !dead.contains(&id),
        };
        self.table
            .attempt(&holder(name), &claim(wants), Fence(1), &terms)
            .map(|Fence(fence)| fence)
            .map_err(|waiting| {
                let holders: Vec<_> = waiting.holders.iter().map(|one| &*one.who).collect();
                format!("{} behind {}", waiting.position, holders.join(" "))
            })
    }

    fn waits(&mut self, name: &str, wants: &str, expect: &str) {
        assert_eq!(self.ask(name, wants), Err(expect.to_owned()), "{name}");
    }

    fn gets(&mut self, name: &str, wants: &str, fence: u64) {
        assert_eq!(self.ask(name, wants), Ok(fence), "{name}");
    }
}

#[test]
fn those_who_want_the_same_take_their_turns() {
    let mut story = Story::new();
    story.gets("a", "x", 1);
    story.waits("b", "x", "1 behind a");
    story.waits("c", "x", "2 behind a");
    story.gets("d", "y", 2);
    story.waits("c", "x", "2 behind a");
    story.table.break_lock("a").unwrap();
    // The order of asking does not matter, the order of coming does.
    story.waits("c", "x", "2 behind b");
    story.gets("b", "x", 3);
    story.waits("c", "x", "1 behind b");
}

#[test]
fn nobody_overtakes_a_writer_by_reading() {
    let mut story = Story::new();
    story.gets("a", "-x", 1);
    story.gets("b", "-x", 2);
    story.waits("w", "x", "1 behind a b");
    story.waits("c", "-x", "2 behind w");
    story.gets("d", "-y", 3);
    story.waits("all", "*", "3 behind a b d");
    story.waits("e", "-z", "2 behind all");
}

#[test]
fn who_gives_up_is_waited_for_no_more() {
    let mut story = Story::new();
    story.gets("a", "x", 1);
    story.waits("b", "x y", "1 behind a");
    story.waits("c", "y", "2 behind b");
    story.table.withdraw("b");
    story.table.withdraw("a");
    story.gets("c", "y", 2);
    story.waits("d", "x", "1 behind a");
    // Who does not ask again has given up.
    story.waits("e", "x", "2 behind a");
    story.now_ms += 50;
    story.waits("e", "x", "1 behind a");
}

#[test]
fn the_dead_hold_nothing() {
    let mut story = Story::new();
    story.gets("a", "x", 1);
    story.waits("b", "x", "1 behind a");
    story.waits("c", "x", "2 behind a");
    story.dead = vec!["a", "b"];
    story.gets("c", "x", 2);
    assert!(!story.table.is_held("a", Fence(1)));
}

#[test]
fn a_lease_that_ran_out_is_lost_when_it_is_taken() {
    let mut story = Story::new();
    story.gets("a", "x", 1);
    story.gets("b", "y", 2);
    story.now_ms += 100;
    assert!(story.table.is_held("a", Fence(1)), "nobody wanted it");
    story.gets("c", "x", 3);
    assert!(!story.table.is_held("a", Fence(1)));
    assert!(story.table.is_held("b", Fence(2)), "nobody wanted that");
    let terms = Terms {
        now_ms: story.now_ms,
        lease_ms: 100,
        queue_ms: 50,
        alive: &|_| true,
    };
    assert!(!story.table.renew("a", Fence(1), &terms));
    assert!(story.table.renew("b", Fence(2), &terms));
    story.now_ms += 99;
    story.waits("d", "y", "1 behind b");
    story.now_ms += 1;
    story.gets("d", "y", 4);
}

#[test]
fn a_lease_is_renewed_by_its_holder_only() {
    let mut story = Story::new();
    story.gets("a", "x", 1);
    story.now_ms += 100;
    story.gets("b", "x", 2);
    story.table.break_lock("b").unwrap();
    story.gets("a", "x", 3);
    assert!(
        !story.table.is_held("a", Fence(1)),
        "the old one stays lost"
    );
    assert!(story.table.is_held("a", Fence(3)));
}

#[test]
fn who_wants_something_else_goes_to_the_end() {
    let mut story = Story::new();
    story.gets("a", "x y", 1);
    story.waits("b", "x", "1 behind a");
    story.waits("c", "x", "2 behind a");
    story.waits("b", "y", "1 behind a");
    story.waits("c", "x", "1 behind a");
    story.waits("b", "x", "2 behind a");
    assert_eq!(
        story.ask("a", "x y"),
        Err("1 behind a".to_owned()),
        "an id stands for one lease"
    );
}

#[test]
fn breaking_an_unknown_lock_names_those_that_are_there() {
    let mut story = Story::new();
    let error = story.table.break_lock("nope").unwrap_err().to_string();
    assert!(error.contains("not locked"), "{error}");
    story.gets("a", "x", 1);
    let error = story.table.break_lock("nope").unwrap_err().to_string();
    assert!(error.contains("there is a of a"), "{error}");
}

#[test]
fn fences_grow_and_stay_above_the_operations_so_far() {
    let mut table = LeaseTable::default();
    let terms = Terms {
        now_ms: 0,
        lease_ms: 1,
        queue_ms: 1,
        alive: &|_| true,
    };
    let mut last = Fence(0);
    for (at, op) in [(0, 0), (1, 77), (2, (9 << 24) + 5), (3, 0)] {
        let id = holder(&at.to_string());
        let fence = table
            .attempt(&id, &claim(""), Fence::above(op), &terms)
            .unwrap();
        assert!(fence > last && fence.first_op() > op.min(fence.first_op() - 1));
        assert!(fence.first_op() > op || op == 0);
        assert_eq!(Fence::of(fence.first_op() + 1), fence);
        last = fence;
    }
    assert_eq!(last, Fence(11));
}

#[test]
fn a_table_comes_back_from_its_text() {
    let mut story = Story::new();
    story.gets("a", "x -y", 1);
    story.waits("b", "*", "1 behind a");
    let text = story.table.to_json().unwrap();
    assert_eq!(LeaseTable::from_json(&text).unwrap(), story.table);
    let later = String::from_utf8(text)
        .unwrap()
        .replace(r#""v":1"#, r#""v":2"#);
    assert!(matches!(
        LeaseTable::from_json(later.as_bytes()),
        Err(crate::wire::WireError::TooNew(2))
    ));
    for text in ["", "{", "[]", r#"{"v":1}"#] {
        assert!(LeaseTable::from_json(text.as_bytes()).is_err(), "{text}");
    }
}
