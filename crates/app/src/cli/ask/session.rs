//! The last conversation, kept for `--continue` beside the data, for its own server and guru alone.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::PathBuf,
};

use serde::{Deserialize, Serialize};

use crate::cli::{
    context::{Context, Door},
    failure::Failure,
};

const FILE_NAME: &str = "last-session";

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct LastSession {
    server: String,
    guru: String,
    session_id: String,
}

pub fn last(context: &Context, door: &Door) -> Result<String, Failure> {
    let kept = fs::read_to_string(file(context))
        .ok()
        .and_then(|text| serde_json::from_str::<LastSession>(&text).ok());
    let here = kept.filter(|kept| kept.server == door.client.server() && kept.guru == door.guru);
    here.map(|kept| kept.session_id).ok_or_else(|| {
        Failure::usage(
            format!(
                "There is no conversation with `{}` at {} to go on with.",
                door.guru,
                door.client.server()
            ),
            "Ask without `--continue`, or name one with `--session conv_…`.",
        )
    })
}

/// Not being able to keep it spoils nothing but the next `--continue`.
pub fn keep(context: &Context, door: &Door, session_id: &str) {
    let session = LastSession {
        server: door.client.server().to_owned(),
        guru: door.guru.clone(),
        session_id: session_id.to_owned(),
    };
    if let Err(error) = write(context, &session) {
        context.output.hint(&format!(
            "`--continue` will not find this conversation: `{}` could not be written: {error}.",
            file(context).display()
        ));
    }
}

fn write(context: &Context, session: &LastSession) -> std::io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&context.config.data_dir)?;
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file(context))?;
    file.write_all(serde_json::to_string(session)?.as_bytes())
}

fn file(context: &Context) -> PathBuf {
    context.config.data_dir.join(FILE_NAME)
}
