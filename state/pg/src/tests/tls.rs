//! TLS to a server with a certificate that is made here: each mode of `sslmode` checks what it says, and no more.

use super::store;
use crate::Layout;
use crate::testing::Server;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use terrane_store::conformance::sample::{instance, set};

/// An authority, as text, and a certificate of it for a name, with its key.
fn authority(names: &[&str]) -> (String, Vec<(String, String)>) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // Else all have the same one, and are taken for their own authority.
    let name = |params: &mut CertificateParams, name: &str| {
        params.distinguished_name.push(DnType::CommonName, name);
    };
    name(&mut params, "an authority");
    let cert = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, &key);
    let made = names
        .iter()
        .map(|of| {
            let key = KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(vec![(*of).to_owned()]).unwrap();
            name(&mut params, of);
            let cert = params.signed_by(&key, &issuer).unwrap();
            (cert.pem(), key.serialize_pem())
        })
        .collect();
    (cert.pem(), made)
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of connections")]
fn each_mode_checks_what_it_says() {
    let (ca, made) = authority(&["localhost", "a client"]);
    let [(cert, key), (client_cert, client_key)] = &made[..] else {
        panic!("two");
    };
    let (other_ca, _) = authority(&[]);
    let server = Server::start_with(
        &[
            "fsync=off",
            "ssl=on",
            "ssl_cert_file=../server.crt",
            "ssl_key_file=../server.key",
            "ssl_ca_file=../ca.crt",
            "hba_file=hba.conf",
        ],
        &[
            ("server.crt", cert.as_str()),
            ("server.key", key),
            ("ca.crt", &ca),
            (
                "hba.conf",
                "hostssl all careful 127.0.0.1/32 trust clientcert=verify-ca\nhostssl all all 127.0.0.1/32 trust\n",
            ),
        ],
    )
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        path.display().to_string()
    };
    let (root, other_root) = (file("ca.pem", &ca), file("other.pem", &other_ca));
    let (cert, key) = (file("c.pem", client_cert), file("c.key", client_key));
    drop(server.psql("postgres", "CREATE ROLE careful SUPERUSER LOGIN"));
    let database = server.database();
    let at = |user: &str, host: &str, more: &str| {
        format!(
            "postgres://{user}@{host}:{}/{database}?{more}",
            server.port()
        )
    };
    let (by_name, by_number) = ("localhost", "127.0.0.1");
    // localhost may be ::1 first, where nobody listens for it: the address is said beside the name.
    for (conn_str, problem) in [
        (at("terrane", by_number, "sslmode=require"), None),
        (at("terrane", by_number, "sslmode=prefer"), None),
        (
            at(
                "terrane",
                by_name,
                &format!("sslmode=verify-full&sslrootcert={root}"),
            ),
            None,
        ),
        (
            at(
                "terrane",
                by_number,
                &format!("sslmode=verify-ca&sslrootcert={root}"),
            ),
            None,
        ),
        // The certificate says another name.
        (
            at(
                "terrane",
                by_number,
                &format!("sslmode=verify-full&sslrootcert={root}"),
            ),
            Some("certificate"),
        ),
        (
            at(
                "terrane",
                by_name,
                &format!("sslmode=verify-full&sslrootcert={other_root}"),
            ),
            Some("certificate"),
        ),
        (
            at(
                "terrane",
                by_number,
                &format!("sslmode=verify-ca&sslrootcert={other_root}"),
            ),
            Some("certificate"),
        ),
        // The authorities of the system do not know it.
        (
            at("terrane", by_name, "sslmode=verify-full"),
            Some("certificate"),
        ),
        (
            at("terrane", by_number, "sslmode=disable"),
            Some("no encryption"),
        ),
        // The server wants to know who it is.
        (
            at("careful", by_number, "sslmode=require"),
            Some("client certificate"),
        ),
        (
            at(
                "careful",
                by_name,
                &format!("sslmode=verify-full&sslrootcert={root}&sslcert={cert}&sslkey={key}"),
            ),
            None,
        ),
    ] {
        let opened = store(&conn_str, Layout::Rows).open("default");
        match (opened, problem) {
            (Ok(mut workspace), None) => {
                workspace
                    .commit(vec![set(&instance("a", None), "{}")])
                    .unwrap();
                let plain = "SELECT count(*) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE NOT s.ssl AND a.client_addr IS NOT NULL AND a.application_name <> 'psql'";
                assert_eq!(server.psql("postgres", plain), "0", "{conn_str}");
                workspace.close().unwrap();
            }
            (Err(error), Some(problem)) => {
                let text = terrane_model::with_causes(&error);
                assert!(text.contains(problem), "{conn_str}: {text}");
            }
            (Ok(_), Some(problem)) => panic!("{conn_str}: it should say {problem}"),
            (Err(error), None) => panic!("{conn_str}: {error:?}"),
        }
    }
}
