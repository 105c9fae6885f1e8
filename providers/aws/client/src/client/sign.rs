//! Signatures.

use super::address::Outgoing;
use super::prepare::Prepared;
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign as signature,
};
use aws_sigv4::sign::v4::SigningParams;
use std::time::SystemTime;
use terrane_aws_access::chain;

/// Adds the headers of a signature.
///
/// # Errors
/// When the request can't be signed: a header that is no text.
pub(super) fn sign(
    outgoing: &mut Outgoing,
    prepared: &Prepared,
    keys: Credentials,
    now: SystemTime,
) -> Result<(), String> {
    let mut settings = SigningSettings::default();
    let unsigned = prepared.operation.unsigned_payload;
    if outgoing.signing_name.starts_with("s3") || unsigned {
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    if matches!(prepared.service(), "s3" | "s3control") {
        // Keys of objects may look like paths that lead up.
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    let identity = keys.into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(&outgoing.signing_region)
        .name(&outgoing.signing_name)
        .time(now)
        .settings(settings)
        .build()
        .map_err(|error| error.to_string())?
        .into();
    let headers = outgoing
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let body = if unsigned {
        SignableBody::UnsignedPayload
    } else {
        SignableBody::Bytes(&outgoing.body)
    };
    let signable = SignableRequest::new(&outgoing.method, outgoing.url.as_str(), headers, body)
        .map_err(|error| chain(&error))?;
    let (instructions, _) = signature(signable, &params)
        .map_err(|error| chain(&error))?
        .into_parts();
    let added: Vec<_> = instructions
        .headers()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    outgoing.headers.extend(added);
    Ok(())
}
