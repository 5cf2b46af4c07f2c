//! As much of a browser as a sign-in by redirects needs: cookies, redirects one at a time, forms.

use std::collections::BTreeMap;

use errand_testkit::upstream::PATIENCE;
use reqwest::{Client, RequestBuilder, Response, Url, header, redirect::Policy};

/// Redirects that one step may take.
const HOPS_MAX: usize = 20;

pub struct Browser {
    client: Client,
    /// By host and name.
    cookies: BTreeMap<(String, String), String>,
}

/// Where one came to.
#[derive(Debug)]
pub struct Landed {
    pub url: Url,
    pub text: String,
}

impl Browser {
    pub fn new() -> Self {
        let client = Client::builder().redirect(Policy::none()).timeout(PATIENCE * 2);
        Self { client: client.build().expect("a client"), cookies: BTreeMap::new() }
    }

    /// One request, without following what it answers.
    pub async fn get(&mut self, url: &Url) -> Response {
        let request = self.client.get(url.clone());
        self.send(url, request).await
    }

    async fn send(&mut self, url: &Url, request: RequestBuilder) -> Response {
        let origin = origin(url);
        let own = self.cookies.iter().filter(|((of, _), _)| *of == origin);
        let pairs: Vec<_> = own.map(|((_, name), value)| format!("{name}={value}")).collect();
        let reply = request.header(header::COOKIE, pairs.join("; ")).send().await.expect("an answer");
        for line in reply.headers().get_all(header::SET_COOKIE) {
            let line = line.to_str().expect("text");
            let (name, value) = line.split(';').next().and_then(|pair| pair.split_once('=')).expect("a pair");
            let key = (origin.clone(), name.to_owned());
            if value.is_empty() {
                self.cookies.remove(&key)
            } else {
                self.cookies.insert(key, value.to_owned())
            };
        }
        reply
    }

    /// Follows redirects until a page comes, or until `stop` says that the next address is far enough.
    pub async fn follow(&mut self, from: Url, stop: impl Fn(&Url) -> bool) -> Landed {
        let mut url = from;
        for _ in 0..HOPS_MAX {
            if stop(&url) {
                return Landed { url, text: String::new() };
            }
            let reply = self.get(&url).await;
            match next(&url, &reply) {
                Some(next) => url = next,
                None => return landed(url, reply).await,
            }
        }
        panic!("too many redirects, at last to {url}");
    }

    /// Sends the page's form with these values, and follows.
    pub async fn submit(
        &mut self,
        page: &Landed,
        values: &[(&str, &str)],
        stop: impl Fn(&Url) -> bool,
    ) -> Landed {
        let action = between(&page.text, "action=\"", "\"").unwrap_or_else(|| panic!("no form in {page:?}"));
        let prompt = between(&page.text, "name=\"prompt\" value=\"", "\"").unwrap_or_default();
        let url = page.url.join(action).expect("the form's address");
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("prompt", prompt)
            .extend_pairs(values)
            .finish();
        let kind = "application/x-www-form-urlencoded";
        let request = self.client.post(url.clone()).header(header::CONTENT_TYPE, kind).body(form);
        let reply = self.send(&url, request).await;
        match next(&url, &reply) {
            Some(next) => self.follow(next, stop).await,
            None => landed(url, reply).await,
        }
    }

    pub fn cookie(&self, url: &Url, name: &str) -> Option<&str> {
        self.cookies.get(&(origin(url), name.to_owned())).map(String::as_str)
    }
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn next(url: &Url, reply: &Response) -> Option<Url> {
    let to = reply.headers().get(header::LOCATION).filter(|_| reply.status().is_redirection())?;
    Some(url.join(to.to_str().expect("text")).expect("an address"))
}

async fn landed(url: Url, reply: Response) -> Landed {
    Landed { url, text: reply.text().await.expect("a page") }
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}
