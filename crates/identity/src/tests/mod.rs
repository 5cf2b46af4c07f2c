//! Attacks on the sign-in from the provider's side: forged, stolen and stale tokens, and providers that lie.

mod forge;

use errand_domain::UnixMillis;
use errand_secrets::SecretText;
use serde_json::{Value, json};
use url::Url;

use super::{Attempt, BrowserToken, Identity, IdentityError, Provider, ProviderSettings};
use forge::{Forge, Signer, encoded, mac, unsigned};

const NOW: UnixMillis = UnixMillis(1_900_000_000_000);
const NOW_S: i64 = NOW.0 / 1_000;
const CLIENT: &str = "errand";
const CLIENT_SECRET: &str = "the-secret-of-the-client";

fn attempt() -> Attempt {
    Attempt::new(BrowserToken::new("token of a browser".to_owned()))
}

fn provider(forge: &Forge, client_secret: Option<&str>) -> Provider {
    let settings = ProviderSettings {
        issuer: forge.issuer(),
        client_id: CLIENT.to_owned(),
        client_secret: client_secret.map(|text| SecretText::new(text.to_owned())),
        redirect_address: "http://127.0.0.1:8029/api/v1/auth/oidc/callback".to_owned(),
        scopes: vec!["email".to_owned()],
        groups_claim: Some("groups".to_owned()),
    };
    Provider::new(settings).expect("settings")
}

/// A token that is right in every way, before a test spoils it.
struct Token {
    header: Value,
    claims: Value,
}

impl Token {
    fn right(forge: &Forge, key: &Signer) -> Self {
        Self {
            header: json!({"alg": "EdDSA", "kid": key.id, "typ": "JWT"}),
            claims: json!({
                "iss": forge.issuer(), "aud": CLIENT, "sub": "ana", "nonce": attempt().nonce(),
                "iat": NOW_S, "exp": NOW_S + 300,
                "email": "ana@acme.test", "email_verified": true, "name": "Ana", "groups": ["support"],
            }),
        }
    }

    fn text(&self) -> String {
        unsigned(&self.header, &self.claims)
    }

    fn signed(&self, key: &Signer) -> String {
        let text = self.text();
        format!("{text}.{}", key.sign(&text))
    }
}

struct World {
    forge: Forge,
    key: Signer,
}

async fn world() -> World {
    let (forge, key) = (Forge::start().await, Signer::new("first"));
    forge.script().keys = vec![key.public()];
    World { forge, key }
}

async fn redeem(world: &World) -> Result<Identity, IdentityError> {
    provider(&world.forge, Some(CLIENT_SECRET)).redeem("a code", &attempt(), NOW).await
}

#[track_caller]
fn assert_refused(outcome: Result<Identity, IdentityError>, words: &str) {
    let error = outcome.expect_err(words).to_string();
    assert!(error.contains(words), "`{words}` is not in: {error}");
    for secret in [CLIENT_SECRET, "an-access-token", "a code", &attempt().nonce(), &attempt().pkce_verifier()]
    {
        assert!(!error.contains(secret), "a secret is in: {error}");
    }
}

/// Signed by the provider, but with other claims; None for taken.
async fn check(change: &Value, expect: Option<&str>) {
    let world = world().await;
    let mut token = Token::right(&world.forge, &world.key);
    for (name, value) in change.as_object().expect("claims") {
        token.claims[name] = value.clone();
    }
    world.forge.gives(&token.signed(&world.key));
    match expect {
        None => drop(redeem(&world).await.expect("a token that is right")),
        Some(words) => assert_refused(redeem(&world).await, words),
    }
}

#[tokio::test]
async fn a_right_token_says_who_it_is() {
    let world = world().await;
    world.forge.gives(&Token::right(&world.forge, &world.key).signed(&world.key));
    let identity = redeem(&world).await.expect("a token that is right");
    let expect = Identity {
        issuer: world.forge.issuer(),
        subject: "ana".to_owned(),
        email: Some("ana@acme.test".to_owned()),
        email_is_verified: true,
        name: Some("Ana".to_owned()),
        groups: Some(vec!["support".to_owned()]),
    };
    assert_eq!(identity, expect);
}

#[tokio::test]
async fn claims_for_others_are_refused() {
    check(&json!({}), None).await;
    check(&json!({"nonce": "of another sign-in"}), Some("nonce")).await;
    check(&json!({"nonce": null}), Some("nonce")).await;
    check(&json!({"iss": "https://evil.test"}), Some("issuer")).await;
    check(&json!({"aud": "another application"}), Some("audience")).await;
    check(&json!({"aud": [CLIENT, "another application"]}), Some("audience")).await;
    check(&json!({"aud": []}), Some("audience")).await;
    check(&json!({"azp": "another application"}), Some("another application")).await;
    check(&json!({"azp": CLIENT}), None).await;
    check(&json!({"at_hash": encoded(b"another token's")}), Some("access token")).await;
}

/// The clocks may differ by a minute.
#[tokio::test]
async fn tokens_out_of_their_time_are_refused() {
    check(&json!({"exp": NOW_S - 61}), Some("expired")).await;
    check(&json!({"exp": NOW_S - 50}), None).await;
    check(&json!({"iat": NOW_S + 61}), Some("issued in the future")).await;
    check(&json!({"iat": NOW_S + 50}), None).await;
    check(&json!({"iat": NOW_S - 700}), Some("issued too long ago")).await;
}

#[tokio::test]
async fn signatures_that_are_not_the_providers_are_refused() {
    let world = world().await;
    let stranger = Signer::new("first");
    let mut token = Token::right(&world.forge, &world.key);
    let right = token.signed(&world.key);

    world.forge.gives(&token.signed(&stranger));
    assert_refused(redeem(&world).await, "ignature");

    // Other claims under a signature that is right.
    token.claims["sub"] = json!("bo");
    let (_, signature) = right.rsplit_once('.').expect("a signature");
    world.forge.gives(&format!("{}.{signature}", token.text()));
    assert_refused(redeem(&world).await, "ignature");

    token.header = json!({"alg": "none"});
    world.forge.gives(&format!("{}.", token.text()));
    assert_refused(redeem(&world).await, "");

    // Signed with what the client, or everybody, knows.
    let x = world.key.public()["x"].as_str().expect("a key").to_owned();
    for known in [CLIENT_SECRET, &x] {
        token.header = json!({"alg": "HS256", "kid": "first"});
        let text = token.text();
        world.forge.gives(&format!("{text}.{}", mac(known.as_bytes(), &text)));
        assert_refused(redeem(&world).await, "HS256");
    }
}

#[tokio::test]
async fn keys_that_changed_are_read_again_and_no_more_often_than_that() {
    let world = world().await;
    let provider = provider(&world.forge, Some(CLIENT_SECRET));
    world.forge.gives(&Token::right(&world.forge, &world.key).signed(&world.key));
    provider.redeem("a code", &attempt(), NOW).await.expect("the first key");
    let second = Signer::new("second");
    world.forge.gives(&Token::right(&world.forge, &second).signed(&second));
    // Just read: a token of an unknown key is no reason to ask again.
    assert_refused(provider.redeem("a code", &attempt(), NOW).await, "none of the provider's keys");
    assert_eq!(world.forge.script().keys_asked, 1);

    world.forge.script().keys = vec![world.key.public(), second.public()];
    let later = NOW.plus_ms(11_000);
    provider.redeem("a code", &attempt(), later).await.expect("the new key");
    assert_eq!(world.forge.script().keys_asked, 2);

    // Withdrawn, a key opens nothing once what was read is old.
    world.forge.script().keys = vec![second.public()];
    let much_later = NOW.plus_ms(2 * 60 * 60_000);
    let mut stale = Token::right(&world.forge, &world.key);
    stale.claims["iat"] = json!(much_later.0 / 1_000);
    stale.claims["exp"] = json!(much_later.0 / 1_000 + 300);
    world.forge.gives(&stale.signed(&world.key));
    assert_refused(provider.redeem("a code", &attempt(), much_later).await, "none of the provider's keys");
}

#[tokio::test]
async fn the_browser_proves_that_it_asked_for_the_code() {
    let world = world().await;
    world.forge.gives(&Token::right(&world.forge, &world.key).signed(&world.key));
    let provider = provider(&world.forge, Some(CLIENT_SECRET));
    let address = provider.sign_in_address(&attempt(), NOW).await.expect("an address");
    let query: std::collections::HashMap<_, _> =
        Url::parse(&address).expect("a URL").query_pairs().into_owned().collect();
    let asked = |name: &str| query.get(name).map(String::as_str);
    assert_eq!((asked("response_type"), asked("client_id")), (Some("code"), Some(CLIENT)));
    assert_eq!((asked("state"), asked("scope")), (Some(attempt().state()), Some("openid email")));
    assert_eq!(asked("code_challenge_method"), Some("S256"));
    assert!(!address.contains(&attempt().pkce_verifier()) && !address.contains(CLIENT_SECRET), "{address}");

    provider.redeem("a code", &attempt(), NOW).await.expect("a token");
    let (form, authorization) = world.forge.script().token_request.clone();
    let sent: std::collections::HashMap<_, _> =
        url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
    let challenge = encoded(&<sha2::Sha256 as sha2::Digest>::digest(sent["code_verifier"].as_bytes()));
    assert_eq!(Some(challenge.as_str()), asked("code_challenge"));
    assert!(authorization.starts_with("Basic ") && !form.contains(CLIENT_SECRET), "{authorization} {form}");
}

#[tokio::test]
async fn a_provider_that_refuses_or_lies_is_told_apart() {
    let world = world().await;
    world.forge.script().token = (400, json!({"error": "invalid_grant", "error_description": "a code"}));
    assert_refused(redeem(&world).await, "invalid_grant");
    world.forge.script().token = (401, json!({"error": "invalid_client"}));
    assert_refused(redeem(&world).await, "client id or secret");
    world.forge.script().token = (200, json!({"access_token": "an-access-token", "token_type": "Bearer"}));
    assert_refused(redeem(&world).await, "there is none");
    world.forge.script().token = (200, json!({"token": "an-access-token"}));
    assert_refused(redeem(&world).await, "can't be read");

    // What the token leaves out is asked for, and must be of the same person.
    let mut bare = Token::right(&world.forge, &world.key);
    bare.claims.as_object_mut().expect("claims").remove("email");
    world.forge.gives(&bare.signed(&world.key));
    world.forge.script().user_info = json!({"sub": "bo", "email": "bo@acme.test", "email_verified": true});
    assert_refused(redeem(&world).await, "ubject");
    world.forge.script().user_info = json!({"sub": "ana", "email": "ana@acme.test"});
    let identity = redeem(&world).await.expect("the rest");
    assert_eq!((identity.email.as_deref(), identity.email_is_verified), (Some("ana@acme.test"), false));

    let discovery = world.forge.script().discovery.clone();
    world.forge.script().discovery["issuer"] = json!("https://evil.test");
    assert_refused(redeem(&world).await, "issuer");
    world.forge.script().discovery = discovery;
    world.forge.script().discovery["token_endpoint"] = json!("http://evil.test/token");
    assert_refused(redeem(&world).await, "not protected by TLS");
}
