//! E-mail, to a server on this machine that keeps what it is told.

use super::{Email, Letter};
use crate::drift::notify::Recipients;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, pem::PemObject as _};

/// What a server was told, over all connections.
#[derive(Debug, Default)]
struct Told {
    /// Commands; those under TLS begin with `*`.
    commands: Vec<String>,
    messages: Vec<String>,
}

/// A server.
struct Server {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    /// The certificate of its authority.
    ca: String,
    /// TLS comes before anything else.
    implicit: bool,
    /// It says that it speaks TLS.
    offers: bool,
    /// Answers in place of the usual ones, to commands that begin with something; each is given once.
    refusals: Vec<(&'static str, &'static str)>,
}

impl Server {
    async fn new() -> Self {
        let rcgen::CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let key = PrivateKeyDer::from_pem_slice(signing_key.serialize_pem().as_bytes()).unwrap();
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        Self {
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            acceptor: TlsAcceptor::from(Arc::new(config)),
            ca: cert.pem(),
            implicit: false,
            offers: true,
            refusals: Vec::new(),
        }
    }

    fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }

    /// Serves until the client is done. What it was told, and what the client says.
    async fn serve<T>(mut self, client: impl Future<Output = T>) -> (Told, T) {
        let mut told = Told::default();
        let serve = async {
            loop {
                let (stream, _) = self.listener.accept().await.unwrap();
                if self.implicit {
                    if let Ok(stream) = self.acceptor.accept(stream).await {
                        talk(
                            BufReader::new(stream),
                            true,
                            true,
                            &mut self.refusals,
                            &mut told,
                        )
                        .await;
                    }
                    continue;
                }
                let stream = BufReader::new(stream);
                let tls = talk(stream, false, self.offers, &mut self.refusals, &mut told).await;
                if let Some(stream) = tls
                    && let Ok(stream) = self.acceptor.accept(stream.into_inner()).await
                {
                    talk(
                        BufReader::new(stream),
                        true,
                        true,
                        &mut self.refusals,
                        &mut told,
                    )
                    .await;
                }
            }
        };
        let outcome = tokio::select! {
            () = serve => unreachable!("it serves on"),
            outcome = client => outcome,
        };
        (told, outcome)
    }
}

/// A conversation; the stream, if it goes on under TLS.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: BufReader<S>,
    under_tls: bool,
    offers: bool,
    refusals: &mut Vec<(&'static str, &'static str)>,
    told: &mut Told,
) -> Option<BufReader<S>> {
    if !under_tls || !told.commands.iter().any(|command| command == "STARTTLS") {
        stream.write_all(b"220 here\r\n").await.ok()?;
    }
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_owned();
        let refusal = refusals
            .iter()
            .position(|(start, _)| line.starts_with(start));
        let answer = match refusal {
            Some(at) => refusals.remove(at).1,
            None if line.starts_with("EHLO") && under_tls => "250-here\r\n250 AUTH PLAIN LOGIN",
            None if line.starts_with("EHLO") && offers => "250-here\r\n250 STARTTLS",
            None if line.starts_with("EHLO") => "250-here\r\n250 AUTH PLAIN",
            None if line.starts_with("AUTH") => "235 welcome",
            None if line == "STARTTLS" => "220 go on",
            None if line == "DATA" => "354 go on",
            None if line == "QUIT" => "221 bye",
            None => "250 fine",
        };
        let star = if under_tls { "*" } else { "" };
        told.commands.push(format!("{star}{line}"));
        stream
            .write_all(format!("{answer}\r\n").as_bytes())
            .await
            .ok()?;
        if line == "STARTTLS" && answer.starts_with("220") {
            return Some(stream);
        }
        if line == "DATA" && answer.starts_with("354") {
            let mut message = String::new();
            while !message.ends_with("\r\n.\r\n") {
                stream.read_line(&mut message).await.ok()?;
            }
            told.messages.push(message);
            stream.write_all(b"250 taken\r\n").await.ok()?;
        }
    }
}

/// The recipient of a block with these arguments.
fn email(port: u16, arguments: &str) -> Email {
    let text = format!(
        "email \"team\" {{\n  server = \"127.0.0.1\"\n  port = {port}\n  from = \"Terrane <drift@example.com>\"\n  to = [\"ops@example.com\", \"Zoë <zoe@example.com>\"]\n{arguments}\n}}\n"
    );
    let recipients = Recipients::parse("n.hcl", &text).unwrap();
    recipients.email["team"].clone()
}

async fn send(email: &Email, env: &[(&str, &str)]) -> Result<(), String> {
    let env: BTreeMap<String, String> = env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let letter = Letter {
        text: "Gone: x_thing.über\n.\nend".to_owned(),
        html: "<p>Gone: x_thing.a</p>".to_owned(),
    };
    let at = 1_700_000_000_000;
    let sent = email.send(
        &env,
        "Drift in workspace ü",
        letter,
        at,
        Duration::from_millis(1),
    );
    sent.await
}

const PASSWORD: (&str, &str) = ("MAIL_PASSWORD", "canary-5p4ssw0rd");
const LOGIN: &str = "  username = \"terrane\"\n  password_env = \"MAIL_PASSWORD\"";

/// The lines of a message that a header has, unfolded.
fn header<'m>(message: &'m str, name: &str) -> Option<&'m str> {
    let head = message.split("\r\n\r\n").next()?;
    let mut lines = head.split("\r\n");
    lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[tokio::test]
async fn nothing_is_said_before_it_is_under_tls() {
    for implicit in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Server::new().await;
        server.implicit = implicit;
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, &server.ca).unwrap();
        let tls = if implicit { "implicit" } else { "starttls" };
        let arguments = format!("{LOGIN}\n  tls = \"{tls}\"\n  ca_file = {ca:?}");
        let email = email(server.port(), &arguments);
        let (told, sent) = server.serve(send(&email, &[PASSWORD])).await;
        assert_eq!(sent, Ok(()), "{told:?}");
        let clear: Vec<&String> = told
            .commands
            .iter()
            .filter(|command| !command.starts_with('*'))
            .collect();
        let expected: &[&str] = if implicit {
            &[]
        } else {
            &["EHLO [127.0.0.1]", "STARTTLS"]
        };
        assert_eq!(clear, expected);
        let login = STANDARD.encode(format!("\0terrane\0{}", PASSWORD.1));
        for command in [
            format!("*AUTH PLAIN {login}"),
            "*MAIL FROM:<drift@example.com>".to_owned(),
            "*RCPT TO:<ops@example.com>".to_owned(),
            "*RCPT TO:<zoe@example.com>".to_owned(),
        ] {
            assert!(told.commands.contains(&command), "{command}: {told:?}");
        }
        let [message] = told.messages.as_slice() else {
            panic!("{told:?}");
        };
        for (name, expected) in [
            ("From", "Terrane <drift@example.com>"),
            ("Date", "Tue, 14 Nov 2023 22:13:20 +0000"),
            ("Auto-Submitted", "auto-generated"),
            ("MIME-Version", "1.0"),
        ] {
            assert_eq!(header(message, name), Some(expected), "{message}");
        }
        assert!(
            header(message, "Message-ID")
                .unwrap()
                .ends_with("@example.com>")
        );
        assert!(message.contains("multipart/alternative"), "{message}");
        // A dot alone in a line would have ended it.
        assert!(
            message.contains("Gone: x_thing.=C3=BCber\r\n..\r\nend"),
            "{message}"
        );
        assert!(message.contains("<p>Gone: x_thing.a</p>"), "{message}");
        assert!(message.is_ascii());
    }
}

/// A server that does not speak TLS, or can't prove who it is, gets neither the message nor the password.
#[tokio::test]
async fn who_is_not_trusted_learns_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    for (offers, problem) in [(false, "STARTTLS is not supported"), (true, "certificate")] {
        let other = Server::new().await;
        std::fs::write(&ca, &other.ca).unwrap();
        let mut server = Server::new().await;
        server.offers = offers;
        let email = email(server.port(), &format!("{LOGIN}\n  ca_file = {ca:?}"));
        let (told, sent) = server.serve(send(&email, &[PASSWORD])).await;
        let said = sent.unwrap_err();
        assert!(said.contains(problem), "{said}");
        assert!(told.messages.is_empty());
        // And it is not tried again.
        let spoken = |start: &str| {
            let commands = told.commands.iter();
            commands
                .filter(|command| command.starts_with(start))
                .count()
        };
        assert_eq!(
            (spoken("AUTH"), spoken("MAIL"), spoken("EHLO")),
            (0, 0, 1),
            "{told:?}"
        );
    }
}

#[tokio::test]
async fn what_fails_in_passing_is_sent_again_under_the_same_name() {
    for (refusals, messages, problem) in [
        (
            vec![("MAIL", "451 later"), ("DATA", "421 too busy")],
            1,
            None,
        ),
        (
            vec![("RCPT", "550 nobody of this name")],
            0,
            Some("the server refused it (550)"),
        ),
        (vec![("EHLO", "nonsense")], 1, None),
    ] {
        let mut server = Server::new().await;
        server.refusals = refusals.clone();
        let email = email(server.port(), "  tls = \"none\"");
        let (told, sent) = server.serve(send(&email, &[])).await;
        assert_eq!(sent.err().as_deref(), problem, "{told:?}");
        assert_eq!(told.messages.len(), messages, "{told:?}");
        assert!(
            !told
                .commands
                .iter()
                .any(|command| command.contains("STARTTLS"))
        );
    }
    // Nobody is there.
    let port = Server::new().await.port();
    let said = send(&email(port, "  tls = \"none\""), &[])
        .await
        .unwrap_err();
    assert!(said.contains("refused"), "{said}");
}

/// It is in no message, and nobody can print it.
#[tokio::test]
async fn passwords_are_not_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "canary-5p4ssw0rd\n").unwrap();
    let of_file = format!("  username = \"terrane\"\n  password_file = {file:?}");
    for arguments in [LOGIN, &of_file] {
        let mut server = Server::new().await;
        // It quotes what it got.
        let quoted = "535 AHRlcnJhbmUAY2FuYXJ5LTVwNHNzdzByZA== is wrong";
        server.refusals = vec![("AUTH", quoted)];
        server.offers = false;
        let email = email(server.port(), &format!("{arguments}\n  tls = \"none\""));
        let shown = format!("{email:?}");
        let (told, sent) = server.serve(send(&email, &[PASSWORD])).await;
        let login = STANDARD.encode(format!("\0terrane\0{}", PASSWORD.1));
        assert!(
            told.commands.contains(&format!("AUTH PLAIN {login}")),
            "{told:?}"
        );
        let said = sent.unwrap_err();
        assert!(said.contains("does not accept the username"), "{said}");
        for secret in ["canary", login.as_str()] {
            assert!(
                !said.contains(secret) && !shown.contains(secret),
                "{said} {shown}"
            );
        }
    }
    let email = email(9, LOGIN);
    let said = send(&email, &[]).await.unwrap_err();
    assert!(said.contains("MAIL_PASSWORD is not set"), "{said}");
}
