//! One client: who it is and what it may do.

use super::Shared;
use super::channel;
use russh::keys::agent::client::AgentClient;
use russh::keys::{Certificate, HashAlg};
use russh::server::{Auth, ChannelOpenHandle, Handler, Msg, Response, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId, MethodKind, MethodSet};
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

pub(crate) struct Client {
    shared: Arc<Shared>,
}

impl Client {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// What is offered to clients that are not let in yet.
    fn reject(&self) -> Auth {
        let options = &self.shared.options;
        let mut methods = MethodSet::empty();
        if options.key.is_some() || options.authority.is_some() {
            methods.push(MethodKind::PublicKey);
        }
        if options.password.is_some() {
            methods.push(if options.questions {
                MethodKind::KeyboardInteractive
            } else {
                MethodKind::Password
            });
        }
        Auth::Reject {
            proceed_with_methods: Some(methods),
            partial_success: false,
        }
    }

    fn judge(&self, user: &str, fine: bool) -> Auth {
        if user == "me" && fine {
            Auth::Accept
        } else {
            self.reject()
        }
    }

    fn is_password(&self, password: &str) -> bool {
        let options = &self.shared.options;
        let right = options.password.as_deref() == Some(password);
        let before = self.shared.refused.load(Ordering::SeqCst);
        if right && before < options.stubborn {
            self.shared.refused.store(before + 1, Ordering::SeqCst);
            return false;
        }
        right
    }
}

impl Handler for Client {
    type Error = russh::Error;

    async fn auth_none(&mut self, _: &str) -> Result<Auth, russh::Error> {
        Ok(self.reject())
    }

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, russh::Error> {
        self.shared.note("password");
        let fine = self.is_password(password) && !self.shared.options.questions;
        Ok(self.judge(user, fine))
    }

    async fn auth_publickey(
        &mut self,
        user: &str,
        key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, russh::Error> {
        let print = key.public_key.fingerprint(HashAlg::Sha256);
        self.shared.note(format!("key {print}"));
        let options = &self.shared.options;
        let known = options.key.as_ref().map(|known| known.key_data());
        let fine = known == Some(key.public_key.key_data());
        if fine && options.both {
            return Ok(Auth::Reject {
                proceed_with_methods: Some(MethodSet::from(&[MethodKind::Password][..])),
                partial_success: true,
            });
        }
        Ok(self.judge(user, fine))
    }

    async fn auth_openssh_certificate(
        &mut self,
        user: &str,
        certificate: &Certificate,
    ) -> Result<Auth, russh::Error> {
        self.shared.note("certificate");
        let authority = self.shared.options.authority.as_ref();
        let fine = authority.is_some_and(|key| key.key_data() == certificate.signature_key());
        Ok(self.judge(user, fine))
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        user: &str,
        _: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, russh::Error> {
        let Some(response) = response else {
            return Ok(Auth::Partial {
                name: Cow::Borrowed(""),
                instructions: Cow::Borrowed(""),
                prompts: Cow::Borrowed(&[(Cow::Borrowed("Password: "), false)]),
            });
        };
        let answers: Vec<String> = response
            .map(|answer| String::from_utf8_lossy(&answer).into_owned())
            .collect();
        let [answer] = &*answers else {
            return Ok(self.reject());
        };
        let fine = self.is_password(answer);
        Ok(self.judge(user, fine))
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        reply.accept().await;
        tokio::spawn(channel::serve(
            channel,
            session.handle(),
            self.shared.clone(),
        ));
        Ok(())
    }

    async fn pty_request(
        &mut self,
        _: ChannelId,
        term: &str,
        _: u32,
        _: u32,
        _: u32,
        _: u32,
        _: &[(russh::Pty, u32)],
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        self.shared.note(format!("terminal {term}"));
        Ok(())
    }

    /// Asks the agent of the client for its keys.
    async fn agent_request(
        &mut self,
        _: ChannelId,
        session: &mut Session,
    ) -> Result<bool, russh::Error> {
        let (handle, shared) = (session.handle(), self.shared.clone());
        tokio::spawn(async move {
            let Ok(channel) = handle.channel_open_agent().await else {
                return shared.note("agent refused");
            };
            let mut client = AgentClient::connect(channel.into_stream());
            let keys = client.request_identities().await.unwrap_or_default();
            let prints: Vec<String> = keys
                .iter()
                .map(|key| key.public_key().fingerprint(HashAlg::Sha256).to_string())
                .collect();
            shared.note(format!("agent holds {}", prints.join(" ")));
        });
        Ok(true)
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        _: &[u8],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        session.channel_success(channel)
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        channel: Channel<Msg>,
        host: &str,
        port: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        self.shared.note(format!("forward to {host}"));
        if self.shared.options.without_forwarding {
            return Ok(());
        }
        let port = u16::try_from(port).unwrap_or(0);
        let Ok(mut stream) = tokio::net::TcpStream::connect((host, port)).await else {
            reply.reject(russh::ChannelOpenFailure::ConnectFailed).await;
            return Ok(());
        };
        reply.accept().await;
        tokio::spawn(async move {
            let mut through = channel.into_stream();
            drop(tokio::io::copy_bidirectional(&mut through, &mut stream).await);
        });
        Ok(())
    }
}
