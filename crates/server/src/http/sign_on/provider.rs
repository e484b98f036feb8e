//! The provider of single sign-on: what it says of itself, what a code of its is worth, and whether an ID token is one of
//! its own.

use super::fetch::Fetcher;
use super::pending::Started;
use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdToken, CoreJwsSigningAlgorithm,
    CoreProviderMetadata,
};
use openidconnect::url::Url;
use openidconnect::{
    AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, Nonce, PkceCodeChallenge, RedirectUrl,
    RequestTokenError, Scope, TokenResponse,
};
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use tidegate_jobs::configuration::SingleSignOn;
use tidegate_ledger::Identity;

/// How long what a provider says of itself is believed, so that a key that it gave up is not believed for ever.
const BELIEVED: TimeDelta = TimeDelta::hours(1);

/// Signatures by a key of which only the provider has the secret part; a code by the client's secret is none.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// Why a provider does not say who somebody is. The words are for the log; no code, token or secret is in them.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProviderError {
    /// It does not answer, or not as a provider does.
    #[error("the provider of single sign-on cannot be asked: {0}")]
    Unreachable(String),
    /// What it answers does not prove who somebody is.
    #[error("the provider's answer proves nobody: {0}")]
    Unproven(String),
}

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// A provider, and what it knows this installation by.
pub(super) struct Provider {
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: Option<ClientSecret>,
    redirect: RedirectUrl,
    scopes: Vec<Scope>,
    fetcher: Fetcher,
    known: Mutex<Option<(Arc<Client>, DateTime<Utc>)>>,
}

impl Provider {
    /// A provider as it is configured; it is not asked before somebody signs on.
    pub(super) fn new(
        configured: &SingleSignOn,
        client_secret: Option<String>,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        // The library asks for this one by itself.
        let scopes = configured.scopes.iter().filter(|scope| *scope != "openid");
        Ok(Self {
            issuer: IssuerUrl::new(configured.issuer.clone())?,
            client_id: ClientId::new(configured.client_id.clone()),
            client_secret: client_secret.map(ClientSecret::new),
            redirect: RedirectUrl::new(format!("{}/sign-on/callback", configured.public_url))?,
            scopes: scopes.cloned().map(Scope::new).collect(),
            fetcher: Fetcher::new(configured.issuer.starts_with("https://"))?,
            known: Mutex::new(None),
        })
    }

    /// What the provider calls itself.
    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where a browser goes to sign on, and what is kept until it comes back.
    pub(super) async fn begin(&self, now: DateTime<Utc>) -> Result<(Url, Started), ProviderError> {
        let client = self.client(now).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let request = client.authorize_url(flow, CsrfToken::new_random, Nonce::new_random);
        let (url, state, nonce) =
            request.add_scopes(self.scopes.iter().cloned()).set_pkce_challenge(challenge).url();
        Ok((url, Started { state, nonce, verifier, browser: CsrfToken::new_random(), at: now }))
    }

    /// Whose the code is that a browser brought back.
    pub(super) async fn identity(
        &self,
        code: String,
        started: Started,
        now: DateTime<Utc>,
    ) -> Result<Identity, ProviderError> {
        let unproven = |told: &dyn Error| ProviderError::Unproven(causes(told));
        let client = self.client(now).await?;
        let request = client.exchange_code(AuthorizationCode::new(code));
        let request = request.map_err(|error| unproven(&error))?.set_pkce_verifier(started.verifier);
        let answer = request.request_async(&self.fetcher).await.map_err(|error| match error {
            RequestTokenError::Request(error) => ProviderError::Unreachable(causes(&error)),
            // What else an answer says may repeat what it was asked with.
            RequestTokenError::ServerResponse(refusal) => {
                ProviderError::Unproven(refusal.error().to_string())
            }
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
                ProviderError::Unproven("the answer to a code cannot be read".to_owned())
            }
        })?;
        let token = answer.id_token();
        let token = token.ok_or_else(|| ProviderError::Unproven("there is no ID token in it".to_owned()))?;
        match verified(&client, token, &started.nonce, now) {
            // Providers change their keys, and say so by signing with one that was not there.
            Err(ClaimsVerificationError::SignatureVerification(_)) => {
                let client = self.discover(now).await?;
                verified(&client, token, &started.nonce, now).map_err(|error| unproven(&error))
            }
            found => found.map_err(|error| unproven(&error)),
        }
    }

    async fn client(&self, now: DateTime<Utc>) -> Result<Arc<Client>, ProviderError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some((client, since)) if now - since < BELIEVED => Ok(client),
            _ => self.discover(now).await,
        }
    }

    /// Asks the provider for its addresses and keys.
    async fn discover(&self, now: DateTime<Utc>) -> Result<Arc<Client>, ProviderError> {
        let told = CoreProviderMetadata::discover_async(self.issuer.clone(), &self.fetcher).await;
        let told = told.map_err(|error| ProviderError::Unreachable(causes(&error)))?;
        let ways = told.token_endpoint_auth_methods_supported().cloned().unwrap_or_default();
        let client = Client::from_provider_metadata(told, self.client_id.clone(), self.client_secret.clone());
        let client = client.set_redirect_uri(self.redirect.clone());
        // Who says nothing takes the secret in the header, as everybody has to who does not say otherwise.
        let in_body = ways.contains(&CoreClientAuthMethod::ClientSecretPost)
            && !ways.contains(&CoreClientAuthMethod::ClientSecretBasic);
        let client = if in_body { client.set_auth_type(AuthType::RequestBody) } else { client };
        let client = Arc::new(client);
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some((Arc::clone(&client), now));
        Ok(client)
    }
}

/// Whose an ID token is, if the provider signed it for this installation and this sign-on, and it has not ended.
fn verified(
    client: &Client,
    token: &CoreIdToken,
    nonce: &Nonce,
    now: DateTime<Utc>,
) -> Result<Identity, ClaimsVerificationError> {
    let verifier = client.id_token_verifier().set_allowed_algs(ALGORITHMS).set_time_fn(move || now);
    let claims = token.claims(&verifier, nonce)?;
    Ok(Identity { issuer: claims.issuer().to_string(), subject: claims.subject().to_string() })
}

/// An error with what caused it.
fn causes(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", causes(cause)),
        None => error.to_string(),
    }
}
