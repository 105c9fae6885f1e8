//! The embedded models.

use super::files::FILES;
use super::{LoadError, Model};
use std::io::Read as _;
use std::sync::OnceLock;

/// More than any model has: a file that is larger was not made by us.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

type Slot = OnceLock<Result<Model, LoadError>>;

/// The model of a service, decoded at its first use; `None`: there is no such service here.
///
/// # Errors
/// When the embedded model can't be read, which a test rules out.
pub fn model(service: &str) -> Option<Result<&'static Model, &'static LoadError>> {
    static MODELS: [Slot; FILES.len()] = [const { OnceLock::new() }; FILES.len()];
    let at = FILES
        .binary_search_by(|(name, _)| (*name).cmp(service))
        .ok()?;
    let (name, packed) = FILES.get(at)?;
    Some(
        MODELS
            .get(at)?
            .get_or_init(|| decode(name, packed))
            .as_ref(),
    )
}

/// Names of all services that there are models of, ascending.
pub fn services() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}

fn decode(name: &str, packed: &[u8]) -> Result<Model, LoadError> {
    let mut text = Vec::with_capacity(packed.len().saturating_mul(10));
    flate2::read::ZlibDecoder::new(packed)
        .take(MAX_BYTES)
        .read_to_end(&mut text)
        .map_err(|error| LoadError(error.to_string()))?;
    Model::from_json(name, &text)
}

#[cfg(test)]
mod tests {
    use super::{model, services};
    use crate::model::Kind;
    use std::time::Instant;

    #[test]
    fn every_model_is_whole() {
        let mut operations = 0;
        let mut slowest = (std::time::Duration::ZERO, "");
        for service in services() {
            let start = Instant::now();
            let model = model(service).unwrap().unwrap();
            slowest = slowest.max((start.elapsed(), service));
            operations += model.operations().count();
            for shape in &model.shapes {
                let inner = matches!(shape.kind, Kind::List | Kind::Map);
                assert_eq!(inner, shape.element.is_some(), "{service}: {}", shape.name);
            }
        }
        println!("{operations} operations, slowest {slowest:?}");
        assert!(operations > 5_000);
        assert!(model("no-such-service").is_none());
    }

    #[test]
    fn paths_lead_to_shapes() {
        let ec2 = model("ec2").unwrap().unwrap();
        let output = ec2.operation("DescribeVpcs").unwrap().output().unwrap();
        let key = ec2.at(output, "Vpcs[].Tags[].Key").unwrap();
        assert_eq!(ec2.shape(key).kind(), Kind::String);
        assert!(ec2.at(output, "Vpcs[].Nothing").is_none());
        assert!(ec2.at(output, "Vpcs.VpcId").is_none());
    }
}
