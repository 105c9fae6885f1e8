use super::*;
use std::time::Duration;

/// What GnuPG 2.2 made: keys of several kinds, and signatures of each over `SHA256SUMS`.
const DOCUMENT: &[u8] = include_bytes!("samples/SHA256SUMS");

macro_rules! sample {
    ($name:literal) => {
        (
            include_str!(concat!("samples/", $name, ".asc")),
            include_bytes!(concat!("samples/", $name, ".sig")).as_slice(),
        )
    };
}

fn policy() -> Policy {
    Policy {
        enforce_validation: false,
        enforce_expiration: false,
        now: SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000),
    }
}

#[test]
fn signatures_that_count() {
    for ((key, signature), name, expired) in [
        (sample!("good"), "9434BD0FF78F559D", false),
        (sample!("other"), "FB78DB5368540C82", false),
        (sample!("sub"), "3B30C047E96094E4", false),
        (sample!("expired"), "7274D30F14EAEB7F", true),
    ] {
        let signed = verify(&[key], DOCUMENT, signature, &policy()).unwrap();
        assert_eq!(signed.key, name);
        assert_eq!(signed.expired, expired, "{name}");
        // The right key among others.
        let keys = [sample!("good").0, key, sample!("other").0];
        assert_eq!(
            verify(&keys, DOCUMENT, signature, &policy()).unwrap(),
            signed
        );
    }
    let armoured = include_bytes!("samples/good.sig.asc");
    verify(&[sample!("good").0], DOCUMENT, armoured, &policy()).unwrap();
}

#[test]
fn signatures_that_do_not_count() {
    let (good, by_good) = sample!("good");
    let (other, by_other) = sample!("other");
    let (revoked, by_revoked) = sample!("revoked");
    let (expired, by_expired) = sample!("expired");
    let strict = Policy {
        enforce_expiration: true,
        ..policy()
    };
    let changed = [DOCUMENT, b"\n"].concat();
    let mut broken = by_good.to_vec();
    let last = broken.len() - 1;
    broken[last] ^= 1;
    let sha1 = include_bytes!("samples/sha1.sig").as_slice();
    let cut = &by_good[..by_good.len() / 2];
    for (keys, document, signature, policy, problem) in [
        (
            vec![other],
            DOCUMENT,
            by_good,
            policy(),
            "not made by any of the keys",
        ),
        (
            vec![good],
            changed.as_slice(),
            by_good,
            policy(),
            "changed after they were signed",
        ),
        (
            vec![good],
            DOCUMENT,
            broken.as_slice(),
            policy(),
            "changed after they were signed",
        ),
        (
            vec![revoked],
            DOCUMENT,
            by_revoked,
            policy(),
            "it was revoked",
        ),
        (
            vec![expired],
            DOCUMENT,
            by_expired,
            strict,
            "it has expired",
        ),
        (vec![good], DOCUMENT, sha1, policy(), "not safe any more"),
        (
            vec![good],
            DOCUMENT,
            b"".as_slice(),
            policy(),
            "can't be read",
        ),
        (
            vec![good],
            DOCUMENT,
            b"junk".as_slice(),
            policy(),
            "can't be read",
        ),
        (vec![good], DOCUMENT, cut, policy(), ""),
        (
            vec!["junk"],
            DOCUMENT,
            by_good,
            policy(),
            "a key of the registry can't be read",
        ),
        (vec![], DOCUMENT, by_good, policy(), "names no key"),
        (vec![good], DOCUMENT, by_other, policy(), "9434BD0FF78F559D"),
    ] {
        let error = verify(&keys, document, signature, &policy).unwrap_err();
        assert!(error.to_string().contains(problem), "{problem}: {error}");
    }
}

#[test]
fn what_the_environment_says() {
    let env = |value: &str| {
        Policy::of(&BTreeMap::from([
            (
                "OPENTOFU_ENFORCE_GPG_VALIDATION".to_owned(),
                value.to_owned(),
            ),
            (
                "OPENTOFU_ENFORCE_GPG_EXPIRATION".to_owned(),
                value.to_owned(),
            ),
        ]))
    };
    assert!(env("true").enforce_validation && env("1").enforce_expiration);
    assert!(!env("false").enforce_validation && !env("").enforce_expiration);
    assert!(env("true").unsigned().is_err() && env("false").unsigned().is_ok());
}
