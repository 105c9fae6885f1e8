//! Versions of a state that a bucket keeps, where versioning is switched on. Where it is not, there is the present one.

use super::place::Shared;
use crate::whole::kept::{Kept, Note, serial_of};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// Older versions than these are not looked for. Each costs a request.
const MOST: usize = 1000;
/// So many requests are made at a time.
const AT_A_TIME: usize = 16;

impl Shared {
    /// The versions of a state that the bucket keeps.
    pub(super) async fn kept(self: Arc<Self>, key: String) -> io::Result<Vec<Kept>> {
        let clients = self.clients().await?;
        let mut versions = self.objects(clients).versions(&key, MOST).await?;
        versions.drain(..versions.len().saturating_sub(MOST));
        let mut all = Vec::with_capacity(versions.len());
        // Each says its serial by itself: some are asked at a time.
        for some in versions.chunks(AT_A_TIME) {
            let mut asked = tokio::task::JoinSet::new();
            for (place, (id, _)) in some.iter().enumerate() {
                let (shared, key, id) = (Arc::clone(&self), key.clone(), id.clone());
                asked.spawn(async move {
                    let clients = shared.clients().await?;
                    let found = shared.objects(clients).get_version(&key, &id, true).await?;
                    io::Result::Ok((place, found))
                });
            }
            let mut answers = BTreeMap::new();
            while let Some(answer) = asked.join_next().await {
                let (place, found) = answer.map_err(io::Error::other)??;
                answers.insert(place, found);
            }
            for (place, found) in answers {
                // It may have been removed meanwhile, by the rules of the bucket.
                let (Some((bytes, note)), Some((id, at_ms))) = (found, some.get(place)) else {
                    continue;
                };
                let noted = note.as_deref().and_then(Note::decode);
                let known = noted.or_else(|| Some((serial_of(&bytes)?, Vec::new())));
                if let Some((serial, runs)) = known {
                    all.push(Kept {
                        id: id.clone(),
                        at_ms: u64::try_from(*at_ms).unwrap_or(0),
                        serial,
                        runs,
                    });
                }
            }
        }
        Ok(all)
    }
}
