//! Proving who the user is.

use crate::agent;
use crate::error::SshError;
use crate::host_key::Checker;
use crate::key::{Identity, hashes};
use crate::target::Hop;
use russh::client::{AuthResult, Handle, KeyboardInteractiveAuthResponse};
use russh::keys::agent::AgentIdentity;
use russh::keys::signature::Signer as _;
use russh::keys::ssh_encoding::Encode as _;
use russh::keys::ssh_key::Signature;
use russh::keys::ssh_key::private::KeypairData;
use russh::keys::{HashAlg, PrivateKey, PrivateKeyWithHashAlg};
use russh::{MethodKind, MethodSet};
use std::sync::Arc;

/// The most rounds of questions that are answered.
const MAX_ROUNDS: usize = 16;

/// A way to authenticate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Key,
    Password,
    Questions,
    Agent,
}

impl Way {
    fn method(self) -> MethodKind {
        match self {
            Self::Key | Self::Agent => MethodKind::PublicKey,
            Self::Password => MethodKind::Password,
            Self::Questions => MethodKind::KeyboardInteractive,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Key => "the private key",
            Self::Password => "the password",
            Self::Questions => "the password (keyboard-interactive)",
            Self::Agent => "the keys of the agent",
        }
    }
}

/// What a server said to an attempt.
enum Answer {
    Welcome,
    /// Also this was right, but more is wanted.
    More(MethodSet),
    No(MethodSet),
}

impl From<AuthResult> for Answer {
    fn from(result: AuthResult) -> Self {
        match result {
            AuthResult::Success => Self::Welcome,
            AuthResult::Failure {
                remaining_methods,
                partial_success: true,
            } => Self::More(remaining_methods),
            AuthResult::Failure {
                remaining_methods, ..
            } => Self::No(remaining_methods),
        }
    }
}

/// Tries what there is until the server is content. What the user gave comes before what an agent may hold: servers count attempts.
pub(crate) async fn authenticate(handle: &mut Handle<Checker>, hop: &Hop) -> Result<(), SshError> {
    let mut ways = Vec::new();
    if hop.identity.is_some() {
        ways.push(Way::Key);
    }
    if hop.password.is_some() {
        ways.extend([Way::Password, Way::Questions]);
    }
    if hop.agent.is_some() {
        ways.push(Way::Agent);
    }
    // Asking for nothing says what would be accepted.
    let mut accepted = match Answer::from(handle.authenticate_none(hop.user.as_str()).await?) {
        Answer::Welcome => return Ok(()),
        Answer::More(methods) | Answer::No(methods) => methods,
    };
    let mut tried = Vec::new();
    while let Some(at) = ways.iter().position(|way| accepted.contains(&way.method())) {
        let way = ways.remove(at);
        let answer = match way {
            Way::Key => match &hop.identity {
                Some(identity) => by_key(handle, hop, identity).await?,
                None => continue,
            },
            Way::Password => {
                let password = hop.password.clone().unwrap_or_default();
                handle
                    .authenticate_password(hop.user.as_str(), password)
                    .await?
                    .into()
            }
            Way::Questions => by_questions(handle, hop).await?,
            Way::Agent => match by_agent(handle, hop).await? {
                Ok(answer) => answer,
                Err(problem) => {
                    tried.push(problem);
                    continue;
                }
            },
        };
        match answer {
            Answer::Welcome => return Ok(()),
            Answer::More(methods) => accepted = methods,
            Answer::No(methods) => {
                tried.push(String::from(way.name()));
                // A server that has hung up accepts nothing.
                accepted = methods;
            }
        }
    }
    Err(SshError::Authentication {
        address: hop.address(),
        tried: describe(&tried, &ways, &accepted),
    })
}

fn describe(tried: &[String], left: &[Way], accepted: &MethodSet) -> String {
    let mut text = if tried.is_empty() {
        String::from("nothing that it accepts was given")
    } else {
        format!("tried {}", tried.join(", "))
    };
    if !left.is_empty() {
        let names: Vec<_> = left.iter().map(|way| way.name()).collect();
        text.push_str("; not asked for ");
        text.push_str(&names.join(", "));
    }
    let names: Vec<String> = accepted.iter().map(String::from).collect();
    if !names.is_empty() {
        text.push_str("; it accepts ");
        text.push_str(&names.join(", "));
    }
    text
}

async fn by_key(
    handle: &mut Handle<Checker>,
    hop: &Hop,
    identity: &Identity,
) -> Result<Answer, SshError> {
    let is_rsa = identity.key.algorithm().is_rsa();
    let offered = if is_rsa {
        handle.best_supported_rsa_hash().await?
    } else {
        None
    };
    let mut answer = Answer::No(MethodSet::empty());
    for hash in hashes(is_rsa, offered) {
        if let Some(certificate) = &identity.certificate {
            let mut signer = OwnKey(identity.key.clone());
            let result = handle
                .authenticate_certificate_with(
                    hop.user.as_str(),
                    certificate.clone(),
                    hash,
                    &mut signer,
                )
                .await?;
            answer = result.into();
            if !matches!(answer, Answer::No(_)) {
                return Ok(answer);
            }
        }
        let key = PrivateKeyWithHashAlg::new(identity.key.clone(), hash);
        answer = handle
            .authenticate_publickey(hop.user.as_str(), key)
            .await?
            .into();
        if !matches!(answer, Answer::No(_)) {
            return Ok(answer);
        }
    }
    Ok(answer)
}

/// Gives the password to every question, as is the custom.
async fn by_questions(handle: &mut Handle<Checker>, hop: &Hop) -> Result<Answer, SshError> {
    let password = hop.password.clone().unwrap_or_default();
    let mut response = handle
        .authenticate_keyboard_interactive_start(hop.user.as_str(), None)
        .await?;
    for _ in 0..MAX_ROUNDS {
        match response {
            KeyboardInteractiveAuthResponse::Success => return Ok(Answer::Welcome),
            KeyboardInteractiveAuthResponse::Failure {
                remaining_methods,
                partial_success,
            } => {
                return Ok(if partial_success {
                    Answer::More(remaining_methods)
                } else {
                    Answer::No(remaining_methods)
                });
            }
            KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => {
                let answers = prompts.iter().map(|_| password.clone()).collect();
                response = handle
                    .authenticate_keyboard_interactive_respond(answers)
                    .await?;
            }
        }
    }
    Err(SshError::Protocol {
        what: "keyboard-interactive authentication failed",
        problem: String::from("the server does not stop asking"),
    })
}

/// `Ok(Err)`: why the agent is of no use.
async fn by_agent(
    handle: &mut Handle<Checker>,
    hop: &Hop,
) -> Result<Result<Answer, String>, SshError> {
    let Some(agent) = &hop.agent else {
        return Ok(Err(String::from("no agent")));
    };
    let (mut client, identities) = match agent::open(agent).await {
        Ok(opened) => opened,
        Err(problem) => return Ok(Err(problem)),
    };
    if identities.is_empty() {
        return Ok(Err(String::from("the agent (it holds no keys)")));
    }
    let mut answer = Answer::No(MethodSet::empty());
    let mut problem = None;
    for identity in identities {
        let is_rsa = identity.public_key().algorithm().is_rsa();
        let hash = if is_rsa {
            let offered = handle.best_supported_rsa_hash().await?;
            offered.unwrap_or(Some(HashAlg::Sha512))
        } else {
            None
        };
        let user = hop.user.as_str();
        let result = match identity {
            AgentIdentity::PublicKey { key, .. } => {
                handle
                    .authenticate_publickey_with(user, key, hash, &mut client)
                    .await
            }
            AgentIdentity::Certificate { certificate, .. } => {
                handle
                    .authenticate_certificate_with(user, certificate, hash, &mut client)
                    .await
            }
        };
        match result {
            Ok(result) => {
                answer = result.into();
                let hung_up = matches!(&answer, Answer::No(methods) if methods.is_empty());
                if hung_up || !matches!(answer, Answer::No(_)) {
                    return Ok(Ok(answer));
                }
                problem = None;
            }
            // The agent may ask its user, who may say no; the next key may do.
            Err(error) => problem = Some(format!("the agent ({error})")),
        }
    }
    Ok(match problem {
        Some(problem) => Err(problem),
        None => Ok(answer),
    })
}

/// Signs with a key of ours, where a certificate is presented.
struct OwnKey(Arc<PrivateKey>);

impl russh::Signer for OwnKey {
    type Error = SshError;

    async fn auth_sign(
        &mut self,
        _: &AgentIdentity,
        hash: Option<HashAlg>,
        mut to_sign: Vec<u8>,
    ) -> Result<Vec<u8>, SshError> {
        let failed = |error: &dyn std::error::Error| SshError::Protocol {
            what: "signing with the private key failed",
            problem: error.to_string(),
        };
        let signature: Signature = match self.0.key_data() {
            KeypairData::Rsa(pair) => (pair, hash).try_sign(&to_sign),
            other => other.try_sign(&to_sign),
        }
        .map_err(|error| failed(&error))?;
        let bytes = signature.encode_vec().map_err(|error| failed(&error))?;
        bytes.encode(&mut to_sign).map_err(|error| failed(&error))?;
        Ok(to_sign)
    }
}
