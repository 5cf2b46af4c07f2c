//! `errand link`: a new one-time sign-in link, for whoever may read the data directory.

use errand_engine::accounts::FIRST_ADMIN_EMAIL;
use serde_json::json;

use super::{
    context::Context,
    failure::{Exit, Failure},
};
use crate::serve;

#[derive(Debug, clap::Args)]
pub struct LinkArgs {
    /// Whom it signs in
    #[arg(default_value = FIRST_ADMIN_EMAIL)]
    email: String,
}

/// Works on the database itself, so that it helps when nobody can sign in any more.
pub async fn run(context: &Context, args: LinkArgs) -> Result<Exit, Failure> {
    let (engine, _) =
        serve::open_ledger(&context.config).await.map_err(|error| Failure::of_report(&error))?;
    engine.ensure_admin().await.map_err(|error| Failure::of_report(&error.into()))?;
    let token = engine.make_claim(&args.email).await.map_err(|error| Failure::of_report(&error.into()))?;
    let link = serve::claim_address(&context.config.public_url, &token);
    context.output.show(&json!({ "email": args.email, "link": link }), || {
        context.output.line(&link)?;
        context.output.hint(
            "It works once, within seven days. Whoever opens it is signed in, so pass it on with care.",
        );
        Ok(())
    })?;
    Ok(Exit::Done)
}
