//! Asking the provider over HTTP, within a time and a size, and nowhere else than where it was asked to.

use axum::http::Response;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// How long one answer may take.
const SECONDS: u64 = 10;
/// Longest answer: descriptions, keys and tokens are a few thousand bytes.
const MAX_BYTES: usize = 1 << 20;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    /// It cannot be asked, or does not answer.
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    /// It does not come to an end.
    #[error("the answer is longer than {MAX_BYTES} bytes")]
    TooLong,
}

/// What asks the provider.
pub(super) struct Fetcher(reqwest::Client);

impl Fetcher {
    /// One that asks over TLS, or in the clear too, where the provider is on this machine.
    pub(super) fn new(is_tls_only: bool) -> Result<Self, reqwest::Error> {
        // A redirect could lead into the network that the server stands in.
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(SECONDS))
            .https_only(is_tls_only);
        client.build().map(Self)
    }

    async fn fetch(&self, request: HttpRequest) -> Result<HttpResponse, FetchError> {
        let mut answer = self.0.execute(request.try_into()?).await?;
        let mut body = Vec::new();
        while let Some(bytes) = answer.chunk().await? {
            if body.len() + bytes.len() > MAX_BYTES {
                return Err(FetchError::TooLong);
            }
            body.extend_from_slice(&bytes);
        }
        let mut response = Response::new(body);
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }
}

impl<'c> AsyncHttpClient<'c> for Fetcher {
    type Error = FetchError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, FetchError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.fetch(request))
    }
}
