//! AWS KMS, as moto's server plays it. See `tests/support/moto_server.py`: without Python, or where moto can't be installed, this says so and tests
//! nothing.

use crate::support::{aes, block, build, settings};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use terrane_value::Value;

struct Moto {
    /// Ends when its input is closed.
    _child: Child,
    port: u16,
}

fn start() -> Option<Moto> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/support/moto_server.py");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../moto");
    let child = Command::new("python3")
        .arg(script)
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        drop(writeln!(
            std::io::stderr(),
            "LEFT OUT: there is no python3, so nothing was tested with KMS"
        ));
        return None;
    };
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let port = lines
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("port ")?.parse().ok());
    let Some(port) = port else {
        let status = child.wait().expect("a child");
        assert_eq!(status.code(), Some(3), "moto is there, but does not start");
        drop(writeln!(
            std::io::stderr(),
            "LEFT OUT: moto can't be installed here, so nothing was tested with KMS"
        ));
        return None;
    };
    Some(Moto {
        _child: child,
        port,
    })
}

impl Moto {
    fn make_key(&self) -> String {
        let body = "{}";
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("a server");
        let request = format!(
            "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: {}\r\nContent-Type: application/x-amz-json-1.1\r\nX-Amz-Target: TrentService.CreateKey\r\nAuthorization: AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/kms/aws4_request, SignedHeaders=host, Signature=x\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).expect("written");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let json: serde_json::Value =
            serde_json::from_str(answer.split("\r\n\r\n").nth(1).expect("a body")).expect("json");
        json["KeyMetadata"]["KeyId"]
            .as_str()
            .expect("an id")
            .to_owned()
    }

    fn encryption(&self, key: &str) -> terrane_encryption::Encryption {
        let endpoints = Value::object([(
            "kms",
            Value::string(format!("http://127.0.0.1:{}", self.port)),
        )]);
        let provider = block(
            "aws_kms",
            &[
                ("kms_key_id", Value::string(key)),
                ("key_spec", Value::string("AES_256")),
                ("region", Value::string("us-east-1")),
                ("access_key", Value::string("x")),
                ("secret_key", Value::string("canary")),
                ("max_retries", Value::number(0_u64)),
                ("endpoints", Value::tuple(vec![endpoints])),
            ],
            None,
        );
        build(&settings(vec![provider], vec![aes(0)], &[0]))
    }
}

#[test]
fn a_data_key_is_made_and_decrypted_by_the_service() {
    let Some(moto) = start() else { return };
    let key = moto.make_key();
    let sealed = moto
        .encryption(&key)
        .state()
        .seal(b"x", None)
        .expect("sealed");
    let opened = moto.encryption(&key).state().unseal(sealed.clone());
    assert_eq!(opened.expect("opened"), b"x");
    let other = moto.make_key();
    assert!(moto.encryption(&other).state().unseal(sealed).is_err());
    let error = moto
        .encryption("11111111-2222-3333-4444-555555555555")
        .state()
        .seal(b"x", None)
        .expect_err("no such key")
        .to_string();
    assert!(error.contains("NotFoundException"), "{error}");
    assert!(!error.contains("canary"), "{error}");
}

#[test]
fn a_service_that_does_not_answer_is_told() {
    let moto = Moto {
        _child: Command::new("true").spawn().expect("a program"),
        port: 9,
    };
    let error = moto
        .encryption("k")
        .state()
        .seal(b"x", None)
        .expect_err("nobody there");
    let error = error.to_string();
    assert!(error.contains("key_provider.aws_kms.main"), "{error}");
    assert!(!error.contains("canary"), "{error}");
}
