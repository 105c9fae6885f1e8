//! Ephemeral resources.

use super::{Answered, Talk, done, out, unexpected, with};
use ecow::EcoString;
use std::time::{SystemTime, UNIX_EPOCH};
use terrane_model::provider::{Answer, Call, Private};
use terrane_protocol::value::decode;
use terrane_protocol::{Rpc, message as proto};
use terrane_value::Value;

impl Talk {
    pub(super) async fn ephemeral(&self, call: Call) -> Answered {
        match call {
            Call::OpenEphemeral { type_name, config } => {
                let ty = self.ephemeral_type(&type_name)?;
                let request = proto::OpenEphemeralRequest {
                    config: Some(out(&config, ty)?),
                    client_capabilities: Some(self.capabilities()),
                    type_name: type_name.into(),
                };
                let response: proto::OpenEphemeralResponse =
                    self.ask(Rpc::OpenEphemeral, request).await?;
                if let Some(deferred) = self.deferral(response.deferred)? {
                    return Ok(with(Answer::Deferred(deferred), response.diagnostics));
                }
                let answer = Answer::Ephemeral {
                    result: decode(response.result, ty)?,
                    private: response.private.unwrap_or_default().into(),
                    renew_after_ms: response.renew_at.map(milliseconds_until),
                };
                Ok(with(answer, response.diagnostics))
            }
            Call::RenewEphemeral { type_name, private } => {
                let request = ephemeral_request(type_name, &private);
                let response: proto::RenewEphemeralResponse =
                    self.ask(Rpc::RenewEphemeral, request).await?;
                let answer = Answer::Ephemeral {
                    result: Value::NULL,
                    private: response.private.map_or(private, Into::into),
                    renew_after_ms: response.renew_at.map(milliseconds_until),
                };
                Ok(with(answer, response.diagnostics))
            }
            Call::CloseEphemeral { type_name, private } => {
                let request = ephemeral_request(type_name, &private);
                let response: proto::Messages = self.ask(Rpc::CloseEphemeral, request).await?;
                Ok(done(response.diagnostics))
            }
            other => Err(unexpected(&other)),
        }
    }
}

fn ephemeral_request(type_name: EcoString, private: &Private) -> proto::EphemeralRequest {
    proto::EphemeralRequest {
        type_name: type_name.into(),
        private: (!private.is_empty()).then(|| private.to_vec()),
    }
}

/// How long until a moment; zero if it has passed.
fn milliseconds_until(moment: proto::Timestamp) -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| i128::try_from(since.as_millis()).unwrap_or(0));
    let then = i128::from(moment.seconds) * 1000 + i128::from(moment.nanos) / 1_000_000;
    u64::try_from(then - now).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::milliseconds_until;
    use terrane_protocol::message::Timestamp;

    #[test]
    fn a_moment_that_has_passed_is_now() {
        let past = Timestamp {
            seconds: 1,
            nanos: 0,
        };
        assert_eq!(milliseconds_until(past), 0);
        let far = Timestamp {
            seconds: i64::MAX / 2000,
            nanos: 0,
        };
        assert!(milliseconds_until(far) > 1_000_000);
    }
}
