//! The key providers, the methods and the payload, from outside.

mod azure;
mod double;
mod gcp;
mod kms;
mod openbao;
mod opentofu;
mod payload;
mod programs;
mod settings;
mod support;
