//! The door: what is asked, and who answers.

use crate::ApiError;
use async_trait::async_trait;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

/// One request, by names, as the operation model has them.
#[derive(Clone, PartialEq)]
pub struct Request {
    /// Name of the service as botocore's folder has it: `ec2`, `sqs`, `elbv2`, `logs`, `stepfunctions`.
    pub service: String,
    /// Name of the operation: `CreateQueue`.
    pub operation: String,
    /// Where it goes; `None`: to the region of the client.
    pub region: Option<String>,
    /// The input, an object; see the crate's documentation for the form of values.
    pub input: Value,
}

/// Without the input, which may hold secrets.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("service", &self.service)
            .field("operation", &self.operation)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

impl Request {
    /// A request to the region of the client.
    pub fn new(service: impl Into<String>, operation: impl Into<String>, input: Value) -> Self {
        Self {
            service: service.into(),
            operation: operation.into(),
            region: None,
            input,
        }
    }

    /// The same request to a region; `None` is the one of the client.
    #[must_use = "the request is given back changed"]
    pub fn in_region(mut self, region: Option<impl Into<String>>) -> Self {
        self.region = region.map(Into::into);
        self
    }
}

/// Who answers requests: the [`Client`](crate::Client), or what a test puts in its place.
#[async_trait]
pub trait Api: Send + Sync + fmt::Debug {
    /// Carries out one request: for operations with pages, one page.
    ///
    /// # Errors
    /// Every failure there is; [`ApiError::kind`] says of what kind, and whether it may have happened all the same.
    async fn call(&self, request: Request) -> Result<Value, ApiError>;
}

#[async_trait]
impl<T: Api + ?Sized> Api for Arc<T> {
    async fn call(&self, request: Request) -> Result<Value, ApiError> {
        (**self).call(request).await
    }
}
