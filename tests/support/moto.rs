//! moto's server, as S3, DynamoDB and STS. See `tests/support/moto_server.py`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

struct Running {
    /// Ends when its input is closed, which this process does by ending.
    _child: Child,
    port: u16,
}

/// A bucket of its own, and a table.
pub struct Moto {
    pub port: u16,
    pub bucket: String,
}

impl Moto {
    /// `None`: there is no Python, or no moto; that is said loudly.
    pub fn start() -> Option<Self> {
        static RUNNING: OnceLock<Option<Running>> = OnceLock::new();
        static BUCKETS: AtomicU32 = AtomicU32::new(0);
        let running = RUNNING.get_or_init(start).as_ref()?;
        let number = BUCKETS.fetch_add(1, Ordering::Relaxed);
        let moto = Self {
            port: running.port,
            bucket: format!("bucket-{number}"),
        };
        moto.request("PUT", &format!("/{}", moto.bucket), &[], "");
        Some(moto)
    }

    /// One on a server that another process started.
    pub fn at(port: u16, bucket: &str) -> Self {
        Self {
            port,
            bucket: bucket.to_owned(),
        }
    }

    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn make_table(&self, name: &str) {
        let target = ("X-Amz-Target", "DynamoDB_20120810.CreateTable");
        let body = format!(
            r#"{{"TableName":"{name}","BillingMode":"PAY_PER_REQUEST","KeySchema":[{{"AttributeName":"LockID","KeyType":"HASH"}}],"AttributeDefinitions":[{{"AttributeName":"LockID","AttributeType":"S"}}]}}"#
        );
        self.dynamodb(target.1, &body);
    }

    pub fn dynamodb(&self, target: &str, body: &str) -> String {
        let credential = "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=x";
        let headers = [
            ("X-Amz-Target", target),
            ("Content-Type", "application/x-amz-json-1.0"),
            ("Authorization", credential),
        ];
        let (status, body) = self.request("POST", "/", &headers, body);
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
        String::from_utf8(body).unwrap()
    }

    /// An object as it is stored.
    pub fn object(&self, key: &str) -> Option<Vec<u8>> {
        let (status, body) = self.request("GET", &format!("/{}/{key}", self.bucket), &[], "");
        (status == 200).then_some(body)
    }

    pub fn put_object(&self, key: &str, body: &str) {
        let (status, _) = self.request("PUT", &format!("/{}/{key}", self.bucket), &[], body);
        assert_eq!(status, 200);
    }

    pub fn delete_object(&self, key: &str) {
        self.request("DELETE", &format!("/{}/{key}", self.bucket), &[], "");
    }

    pub fn request(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let mut head = format!(
            "{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\nContent-Length: {}\r\n",
            self.port,
            body.len()
        );
        if !headers.iter().any(|(name, _)| *name == "Authorization") {
            // Anybody with a name may read.
            head.push_str("Authorization: AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x\r\n");
        }
        for (name, value) in headers {
            head.extend([*name, ": ", *value, "\r\n"]);
        }
        stream
            .write_all(format!("{head}\r\n{body}").as_bytes())
            .unwrap();
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let status = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if line.trim_end().is_empty() {
                break;
            }
        }
        let mut body = Vec::new();
        reader.read_to_end(&mut body).unwrap();
        (status, body)
    }
}

fn start() -> Option<Running> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join("tests/support/moto_server.py"))
        .find(|path| path.exists())
        .unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../moto");
    let child = Command::new("python3")
        .arg(script)
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => {
            eprintln!("LEFT OUT: there is no python3 ({error}), so nothing was tested with S3");
            return None;
        }
    };
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let port = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("port ")?.parse().ok());
    let Some(port) = port else {
        let status = child.wait().unwrap();
        assert_eq!(
            status.code(),
            Some(3),
            "moto can be installed, but does not start"
        );
        eprintln!("LEFT OUT: moto can't be installed here, so nothing was tested with S3");
        return None;
    };
    Some(Running {
        _child: child,
        port,
    })
}
