//! What the comparisons with the peer share.

pub(crate) mod vary;
