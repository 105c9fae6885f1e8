//! Answers that no emulator gives, from a server that has them in order.

use super::{call, settings};
use serde_json::json;
use std::sync::{Arc, Mutex};
use terrane_aws_client::{Client, ErrorKind};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// Answers, in order, one for each connection; and what was asked.
struct Script {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Script {
    async fn start(answers: &[(&str, &str, &str)]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let answers: Vec<String> = answers
            .iter()
            .map(|(status, headers, body)| {
                let length = body.len();
                format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}")
            })
            .collect();
        let shared = Arc::clone(&asked);
        drop(tokio::spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = Vec::new();
                while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                    let mut buffer = [0; 4096];
                    let count = stream.read(&mut buffer).await.unwrap();
                    head.extend_from_slice(&buffer[..count]);
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                shared.lock().unwrap().push(head);
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }));
        Self { url, asked }
    }

    async fn client(&self) -> Client {
        Client::new(settings(&self.url, "1")).await.unwrap()
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// The region and the service of a request's signature, and its time.
fn signed_for(head: &str) -> (String, String) {
    let line = |name: &str| {
        let found = head.lines().find_map(|line| line.strip_prefix(name));
        found.unwrap_or_default().to_owned()
    };
    let scope = line("authorization: ");
    let scope: Vec<&str> = scope.split('/').collect();
    (scope[2].to_owned(), line("x-amz-date: "))
}

/// A bucket in another region is asked there, and the next time at once.
#[tokio::test]
async fn buckets_are_followed_to_their_region() {
    let moved = "<Error><Code>PermanentRedirect</Code><Message>m</Message></Error>";
    let tags = "<Tagging><TagSet/></Tagging>";
    let script = Script::start(&[
        ("301", "x-amz-bucket-region: eu-west-3\r\n", moved),
        ("200", "", tags),
        ("200", "", tags),
    ])
    .await;
    let client = script.client().await;
    for _ in 0..2 {
        let found = call(
            &client,
            "s3",
            "GetBucketTagging",
            json!({"Bucket": "elsewhere"}),
        )
        .await;
        assert_eq!(found.unwrap()["TagSet"], json!([]));
    }
    let regions: Vec<String> = script
        .asked()
        .iter()
        .map(|head| signed_for(head).0)
        .collect();
    assert_eq!(regions, ["eu-central-1", "eu-west-3", "eu-west-3"]);
}

/// A clock that is wrong is set by the service's.
#[tokio::test]
async fn clocks_are_set_by_the_service() {
    let skewed = "<ErrorResponse><Error><Code>RequestTimeTooSkewed</Code><Message>m</Message></Error></ErrorResponse>";
    let script = Script::start(&[
        ("403", "date: Wed, 01 Jan 2070 00:00:00 GMT\r\n", skewed),
        (
            "200",
            "",
            "<ListUsersResponse><ListUsersResult><Users/></ListUsersResult></ListUsersResponse>",
        ),
    ])
    .await;
    let client = script.client().await;
    call(&client, "iam", "ListUsers", json!({})).await.unwrap();
    let times: Vec<String> = script
        .asked()
        .iter()
        .map(|head| signed_for(head).1)
        .collect();
    assert!(
        !times[0].starts_with("2070") && times[1].starts_with("2070"),
        "{times:?}"
    );
}

/// Copies send their status before they know.
#[tokio::test]
async fn success_with_an_error_in_it_is_none() {
    let failed =
        "<?xml version=\"1.0\"?>\n\n<Error><Code>InternalError</Code><Message>m</Message></Error>";
    let done = "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>";
    let script = Script::start(&[("200", "", failed), ("200", "", done)]).await;
    let client = script.client().await;
    let input = json!({"Bucket": "b", "Key": "k", "CopySource": "a/k"});
    let found = call(&client, "s3", "CopyObject", input).await.unwrap();
    assert_eq!(found["CopyObjectResult"]["ETag"], "e");
    assert_eq!(script.asked().len(), 2);
}

/// What comes back is told as it is.
#[tokio::test]
async fn answers_of_all_kinds_are_told() {
    let json_type = "content-type: application/x-amz-json-1.0\r\n";
    let script = Script::start(&[
        ("501", "", "<html>not implemented</html>"),
        ("200", json_type, "{\"QueueUrl\": "),
        ("429", "retry-after: 7\r\n", "{}"),
        ("429", "retry-after: 7\r\n", "{}"),
        ("429", "retry-after: 7\r\n", "{}"),
        ("429", "retry-after: 7\r\n", "{}"),
        ("302", "location: http://127.0.0.1:9/\r\n", ""),
    ])
    .await;
    let client = script.client().await;
    let mut found = Vec::new();
    for _ in 0..4 {
        let error = call(&client, "sqs", "CreateQueue", json!({"QueueName": "q"})).await;
        let error = error.unwrap_err();
        found.push((error.code.clone(), error.kind, error.may_have_happened()));
        if error.kind == ErrorKind::Throttled {
            assert_eq!(error.retry_after_ms, Some(7_000));
        }
    }
    let expect = [
        ("NotImplemented", ErrorKind::Refused, false),
        ("BadAnswer", ErrorKind::Broken, true),
        ("TooManyRequests", ErrorKind::Throttled, false),
        ("Status302", ErrorKind::Refused, false),
    ];
    let expect = expect.map(|(code, kind, may)| (code.to_owned(), kind, may));
    assert_eq!(found, expect);
}
