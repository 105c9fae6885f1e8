//! Attribute names shared between objects that are made one after the other: elements of a list, or
//! resources of a type, all have the same.

use crate::EcoString;
use std::sync::Arc;

/// The shapes of the objects made last.
#[derive(Default)]
pub(crate) struct Shapes {
    recent: Vec<Arc<[EcoString]>>,
}

/// So many are kept: as many as there may be kinds of objects within one element.
const KEPT: usize = 16;

impl Shapes {
    /// These names (sorted, unique), shared with those of an earlier object where there was one.
    pub(crate) fn names<'a>(
        &mut self,
        names: impl ExactSizeIterator<Item = &'a EcoString> + Clone,
    ) -> Arc<[EcoString]> {
        let known = self
            .recent
            .iter()
            .position(|shape| shape.len() == names.len() && shape.iter().eq(names.clone()));
        if let Some(at) = known {
            // The next object is mostly of the same kind.
            self.recent.swap(0, at);
            return self.recent.first().cloned().unwrap_or_default();
        }
        let shape: Arc<[EcoString]> = names.cloned().collect();
        if self.recent.len() < KEPT {
            self.recent.push(shape.clone());
        } else if let Some(last) = self.recent.last_mut() {
            last.clone_from(&shape);
        }
        shape
    }
}
