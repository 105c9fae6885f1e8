//! Whether two states are the same: as snapshots, and as the state files that would be written of them.

use sha2::{Digest as _, Sha256};
use std::io::Write;
use terrane_model::snapshot::{InstanceState, ResourceState, Snapshot};
use terrane_store::StoreError;
use terrane_store::statefile::{WriteOptions, to_writer};

/// Whether both hold the same objects, outputs, results of checks and open changes. Serials, and when an instance changed, do not count.
pub(crate) fn same_content(left: &Snapshot, right: &Snapshot) -> bool {
    left.outputs == right.outputs
        && left.checks == right.checks
        && left.open == right.open
        && left.resources.len() == right.resources.len()
        && left.resources.iter().zip(&right.resources).all(
            |((left_addr, left), (right_addr, right))| {
                left_addr == right_addr && same_resource(left, right)
            },
        )
}

fn same_resource(left: &ResourceState, right: &ResourceState) -> bool {
    left.provider == right.provider
        && left.instances.len() == right.instances.len()
        && left.instances.iter().zip(&right.instances).all(
            |((left_key, left), (right_key, right))| {
                left_key == right_key && same_instance(left, right)
            },
        )
}

fn same_instance(left: &InstanceState, right: &InstanceState) -> bool {
    let InstanceState {
        current,
        deposed,
        changed_at: _,
    } = left;
    *current == right.current && *deposed == right.deposed
}

/// Holds a copy, as it was read back, against what was written. `Err`: a sentence that says what differs.
///
/// Two questions, of which the second has to be answered with yes: is it the same snapshot; is the state file that would be written of it
/// the same, byte for byte? A store of the peers keeps no more than such a file has room for (it does not know how long a creation took).
pub(crate) fn check(written: &Snapshot, copy: &Snapshot) -> Result<(), Difference> {
    let fail = |what: String| Err(Difference::Content(what));
    if copy.lineage != written.lineage {
        return fail(format!(
            "the lineage is {:?} instead of {:?}",
            copy.lineage, written.lineage
        ));
    }
    if copy.serial < written.serial {
        return fail(format!(
            "the serial is {} instead of {}",
            copy.serial, written.serial
        ));
    }
    if let Some(missing) = written
        .open
        .values()
        .find(|intent| !copy.open.values().any(|known| known == *intent))
    {
        return Err(Difference::OpenChange(missing.object.instance.to_string()));
    }
    if same_content(written, copy) {
        return Ok(());
    }
    let difference =
        |problem: &StoreError| fail(format!("it can't be written as a state file: {problem}"));
    let (left, right) = match (digest(written, copy.serial), digest(copy, copy.serial)) {
        (Ok(left), Ok(right)) => (left, right),
        (Err(problem), _) | (_, Err(problem)) => return difference(&problem),
    };
    if left == right {
        return Ok(());
    }
    fail(first_difference(written, copy))
}

/// Why a copy is not a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Difference {
    /// Something is another.
    Content(String),
    /// The store does not keep changes that are open. Of which instance.
    OpenChange(String),
}

/// Names the state file that would be written, with this serial.
fn digest(snapshot: &Snapshot, serial: u64) -> Result<[u8; 32], StoreError> {
    struct Hashing(Sha256);
    impl Write for Hashing {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut hashing = Hashing(Sha256::new());
    let mut snapshot = snapshot.clone();
    snapshot.serial = serial;
    to_writer(&snapshot, &WriteOptions::default(), &mut hashing)?;
    Ok(hashing.0.finalize().into())
}

fn first_difference(written: &Snapshot, copy: &Snapshot) -> String {
    for (addr, resource) in &written.resources {
        match copy.resources.get(addr) {
            None => return format!("{addr} is missing"),
            Some(found) if !same_resource(resource, found) => {
                return format!("{addr} is another one");
            }
            Some(_) => {}
        }
    }
    if let Some(extra) = copy
        .resources
        .keys()
        .find(|addr| !written.resources.contains_key(*addr))
    {
        return format!("{extra} is there, and was not written");
    }
    if written.outputs != copy.outputs {
        return String::from("the outputs are others");
    }
    String::from("the results of checks are others")
}

#[cfg(test)]
mod tests {
    use super::{Difference, check};
    use terrane_model::snapshot::{OutputState, Snapshot};
    use terrane_value::Value;

    fn state(serial: u64, output: &str) -> Snapshot {
        let mut snapshot = Snapshot {
            lineage: "l".into(),
            serial,
            ..Snapshot::default()
        };
        let output = OutputState {
            value: Value::string(output),
            sensitive: false,
            deprecated: None,
        };
        snapshot.outputs.insert("o".into(), output);
        snapshot
    }

    #[test]
    fn a_copy_is_the_same_or_the_difference_is_named() {
        let written = state(4, "x");
        assert_eq!(check(&written, &state(4, "x")), Ok(()));
        assert_eq!(check(&written, &state(5, "x")), Ok(()));
        let said = |copy: &Snapshot| match check(&written, copy) {
            Err(Difference::Content(what)) => what,
            other => format!("{other:?}"),
        };
        assert_eq!(said(&state(3, "x")), "the serial is 3 instead of 4");
        assert_eq!(said(&state(4, "y")), "the outputs are others");
        let other = Snapshot {
            lineage: "m".into(),
            ..state(4, "x")
        };
        assert_eq!(said(&other), "the lineage is \"m\" instead of \"l\"");
    }
}
