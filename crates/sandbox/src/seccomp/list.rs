//! Reads the list of allowed system calls.

use std::collections::BTreeMap;

use serde::Deserialize;
use syscalls::Sysno;

/// What happens to one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    Allow,
    /// Allowed when every condition of any alternative holds; else refused with this error number.
    When {
        alternatives: Vec<Vec<Condition>>,
        refusal: u16,
    },
    Refuse(u16),
}

/// On the low half of an argument, which is all that the kernel reads of a number or a set of flags.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    pub argument: u8,
    /// Only these bits are looked at.
    pub mask: Option<u32>,
    #[serde(rename = "in")]
    pub values: Vec<u32>,
}

#[derive(Debug, thiserror::Error)]
pub enum ListError {
    #[error("seccomp/calls.json can't be read: {0}")]
    Json(#[from] serde_json::Error),
    #[error("seccomp/calls.json: {0}")]
    Entry(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    version: u32,
    #[serde(rename = "about")]
    _about: Vec<String>,
    allow: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    why: String,
    calls: Vec<String>,
    when: Option<Vec<Condition>>,
    #[serde(rename = "else")]
    refusal: Option<String>,
    never: Option<String>,
}

/// By number. Calls that this architecture lacks are left out: the list is of all architectures.
pub fn read(text: &str) -> Result<BTreeMap<u32, Decision>, ListError> {
    let list: List = serde_json::from_str(text)?;
    if list.version != 1 {
        return Err(ListError::Entry(format!(
            "version {} is not known; this build reads version 1",
            list.version
        )));
    }
    let mut decisions = BTreeMap::new();
    for entry in list.allow {
        if entry.why.trim().is_empty() {
            return Err(ListError::Entry(format!("{:?} lacks its reason", entry.calls)));
        }
        for name in &entry.calls {
            if let Ok(call) = name.parse::<Sysno>() {
                add(&mut decisions, call, &entry)?;
            }
        }
    }
    Ok(decisions)
}

fn add(decisions: &mut BTreeMap<u32, Decision>, call: Sysno, entry: &Entry) -> Result<(), ListError> {
    let number = u32::try_from(call.id()).map_err(|_| ListError::Entry(format!("`{call}` has no number")))?;
    let refusal = error_number(entry.refusal.as_deref().unwrap_or("EPERM"))?;
    let new = match (&entry.when, &entry.never) {
        (_, Some(error)) => Decision::Refuse(error_number(error)?),
        (None, None) => Decision::Allow,
        (Some(conditions), None) => Decision::When { alternatives: vec![conditions.clone()], refusal },
    };
    match (decisions.get_mut(&number), new) {
        (None, new) => drop(decisions.insert(number, new)),
        (Some(Decision::When { alternatives, .. }), Decision::When { alternatives: more, .. }) => {
            alternatives.extend(more);
        }
        (Some(_), _) => return Err(ListError::Entry(format!("`{call}` is listed twice"))),
    }
    Ok(())
}

fn error_number(name: &str) -> Result<u16, ListError> {
    let number = match name {
        "EPERM" => libc::EPERM,
        "ENOSYS" => libc::ENOSYS,
        "ENOTTY" => libc::ENOTTY,
        "ENOPROTOOPT" => libc::ENOPROTOOPT,
        _ => return Err(ListError::Entry(format!("the error `{name}` is not known"))),
    };
    u16::try_from(number).map_err(|_| ListError::Entry(format!("the error `{name}` has no number")))
}
