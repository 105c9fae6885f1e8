//! Material of keys that comes from outside: packed for KMS alone, and handed in.

use crate::json;
use crate::run::Run;
use crate::table::Phase;
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_value::Value;

/// Imports the material that is written, and until when it counts; waits until the key has it. Where none is written there is nothing to do.
pub(super) async fn import_material(run: &Run<'_>, object: &Value) -> Answered<()> {
    let Some(material) =
        args::string(object, "key_material_base64").filter(|text| !text.is_empty())
    else {
        return Ok(());
    };
    let id = run.text("{id}", object);
    let wrapping = json!({
        "KeyId": id,
        "WrappingAlgorithm": "RSAES_OAEP_SHA_256",
        "WrappingKeySpec": "RSA_2048",
    });
    let parameters = run.ask("GetParametersForImport", wrapping).await?;
    let key = json::text_at(&parameters, "PublicKey").unwrap_or_default();
    let packed = packed(&key, material)
        .map_err(|why| Refusal::error("Key material cannot be imported", why))?;
    let mut input = json!({
        "KeyId": id,
        "EncryptedKeyMaterial": packed,
        "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
        "ImportToken": parameters["ImportToken"],
    });
    if let Some(until) = args::string(object, "valid_to").filter(|text| !text.is_empty()) {
        json::put(&mut input, "ExpirationModel", "KEY_MATERIAL_EXPIRES".into());
        json::put(&mut input, "ValidTo", until.into());
    }
    run.ask("ImportKeyMaterial", input).await?;
    run.wait_for(Phase::Read, object).await
}

/// Material (base64) encrypted for the key that KMS gives for this one import (base64 of DER), as base64.
fn packed(key: &str, material: &str) -> Result<String, &'static str> {
    let material = STANDARD
        .decode(material)
        .map_err(|_| "`key_material_base64` is not base64")?;
    let unfit = |_| "KMS gave a wrapping key that is none";
    let key = STANDARD
        .decode(key)
        .map_err(|_| "KMS gave a wrapping key that is none")?;
    let key = PublicEncryptingKey::from_der(&key).map_err(unfit)?;
    let key =
        OaepPublicEncryptingKey::new(key).map_err(|_| "KMS gave a wrapping key that is none")?;
    let mut packed = vec![0; key.ciphertext_size()];
    let packed = key
        .encrypt(&OAEP_SHA256_MGF1SHA256, &material, &mut packed, None)
        .map_err(|_| "`key_material_base64` is longer than what can be wrapped")?;
    Ok(STANDARD.encode(packed))
}

#[cfg(test)]
mod tests {
    use super::packed;
    use aws_lc_rs::encoding::AsDer as _;
    use aws_lc_rs::rsa::{
        KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey,
    };
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    #[test]
    fn only_the_owner_of_the_key_can_unpack() {
        let private = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
        let der = private.public_key().as_der().unwrap();
        let text = packed(&STANDARD.encode(der.as_ref()), &STANDARD.encode([7; 32])).unwrap();
        let sealed = STANDARD.decode(text).unwrap();
        let private = OaepPrivateDecryptingKey::new(private).unwrap();
        let mut opened = vec![0; private.min_output_size()];
        let opened = private
            .decrypt(&OAEP_SHA256_MGF1SHA256, &sealed, &mut opened, None)
            .unwrap();
        assert_eq!(opened, [7; 32]);
        assert!(packed("bm8=", "AAAA").is_err() && packed("", "?").is_err());
    }
}
