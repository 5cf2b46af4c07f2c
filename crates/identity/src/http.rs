//! The protocol library's requests, sent by Errand's own client: no redirects, a time limit, a size limit.

use std::{future::Future, pin::Pin, time::Duration};

use bytes::Bytes;
use errand_egress::{Egress, EgressError, OutboundRequest, RequestRules};
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

const TIMEOUT: Duration = Duration::from_secs(10);
/// Of discovery documents, key sets, tokens and user info.
const REPLY_BYTES_MAX: usize = 512 * 1024;

#[derive(Debug)]
pub(crate) struct Http {
    egress: Egress,
}

#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error(transparent)]
    Egress(#[from] EgressError),
    #[error("The provider's answer is longer than {REPLY_BYTES_MAX} bytes.")]
    TooLong,
}

impl Http {
    pub(crate) fn new(egress: Egress) -> Self {
        Self { egress }
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let outbound = OutboundRequest {
            method: parts.method,
            url: parts.uri.to_string(),
            headers: parts.headers,
            body: Bytes::from(body),
        };
        let rules = RequestRules {
            allowed_hosts: Vec::new(),
            timeout: TIMEOUT,
            // A redirect could carry the client's secret or a code to an address that nobody entered.
            redirects_max: 0,
            retries_max: 1,
            response_bytes_max: REPLY_BYTES_MAX,
        };
        let reply = self.egress.send(outbound, &rules).await.result?;
        if reply.truncated {
            return Err(HttpError::TooLong);
        }
        let mut response = HttpResponse::new(reply.body.to_vec());
        *response.status_mut() = reply.status;
        *response.headers_mut() = reply.headers;
        Ok(response)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}
