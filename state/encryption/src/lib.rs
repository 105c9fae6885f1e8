//! Encryption of state and plan files: key providers, methods, and the envelope that OpenTofu writes.
