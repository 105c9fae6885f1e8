//! The order of a set of paths in documents of the peers, so that theirs and ours can be compared as text: by a checksum (CRC-64 of ISO 3309) of the names in
//! each path, every index as `#`. Observed, and the same for all providers.

use terrane_value::{Path, PathStep};

/// Paths in that order. Those that differ by their indexes only stay as they are.
pub(super) fn ordered(paths: &[Path]) -> Vec<&Path> {
    let mut ordered: Vec<&Path> = paths.iter().collect();
    ordered.sort_by_cached_key(|path| sum(path));
    ordered
}

/// A signed number, as it is compared.
fn sum(path: &Path) -> i64 {
    let bytes = path.0.iter().flat_map(|step| match step {
        PathStep::Attr(name) => name.as_bytes(),
        PathStep::Index(_) => b"#",
    });
    (!bytes.fold(u64::MAX, |sum, byte| shifted(sum ^ u64::from(*byte)))).cast_signed()
}

/// One byte further.
fn shifted(sum: u64) -> u64 {
    const POLYNOMIAL: u64 = 0xd800_0000_0000_0000;
    (0..8).fold(sum, |sum, _| match sum & 1 {
        1 => (sum >> 1) ^ POLYNOMIAL,
        _ => sum >> 1,
    })
}

#[cfg(test)]
mod tests {
    use super::ordered;
    use terrane_value::Path;

    /// As Terraform 1.11.4 lists them for `random_password` and `tls_private_key`.
    #[test]
    fn the_order_is_that_of_the_peer() {
        for expect in [
            &[
                "min_lower",
                "min_upper",
                "keepers",
                "upper",
                "number",
                "numeric",
                "length",
                "special",
                "override_special",
            ][..],
            &["rsa_bits", "algorithm", "ecdsa_curve"],
        ] {
            let expect: Vec<Path> = expect.iter().map(|name| Path::new().attr(*name)).collect();
            let reversed: Vec<Path> = expect.iter().rev().cloned().collect();
            let found: Vec<Path> = ordered(&reversed).into_iter().cloned().collect();
            assert_eq!(found, expect);
        }
    }
}
