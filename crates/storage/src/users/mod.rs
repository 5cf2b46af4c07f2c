//! Who may come in: people here, their sessions and one-time links in [`sessions`], who they are at an identity provider
//! in [`identities`], programs in [`api_keys`].

pub mod api_keys;
pub mod identities;
pub mod sessions;

use errand_domain::{GuruId, GuruSlug, Role, UnixMillis, UserId};

use crate::{
    Read, Result, Transaction,
    row::{Row, Value, to_json, values},
};

const COLUMNS: &str = "id, email, name, role, user_groups, created_at, updated_at";

/// A person who can sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    /// As written; unique without regard to case.
    pub email: String,
    pub name: String,
    /// What the person may do everywhere; a membership may raise it for one guru.
    pub role: Role,
    pub groups: Vec<String>,
    pub created_at: UnixMillis,
    pub updated_at: UnixMillis,
}

/// Fails with `Conflict` when the e-mail is taken. The user has no password yet.
pub async fn insert(tx: &mut Transaction, user: &User) -> Result<()> {
    tx.execute(
        "insert a user",
        "INSERT INTO users (id, email, email_key, name, role, user_groups, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        values![
            Value::shown(user.id),
            user.email.as_str(),
            email_key(&user.email),
            user.name.as_str(),
            user.role.as_str(),
            to_json("user groups", &user.groups)?,
            user.created_at,
            user.updated_at,
        ],
    )
    .await
    .map_err(|error| error.conflicting_with("a user with this e-mail"))?;
    Ok(())
}

/// Writes everything of the user but its password and birth. False when there is no such user.
pub async fn update(tx: &mut Transaction, user: &User) -> Result<bool> {
    let changed = tx
        .execute(
            "update a user",
            "UPDATE users SET email = $2, email_key = $3, name = $4, role = $5, user_groups = $6, updated_at = $7
             WHERE id = $1",
            values![
                Value::shown(user.id),
                user.email.as_str(),
                email_key(&user.email),
                user.name.as_str(),
                user.role.as_str(),
                to_json("user groups", &user.groups)?,
                user.updated_at,
            ],
        )
        .await
        .map_err(|error| error.conflicting_with("a user with this e-mail"))?;
    Ok(changed > 0)
}

/// Sets the password's hash (a PHC string), or takes the password away. False when there is no such user.
pub async fn set_password_hash(
    tx: &mut Transaction,
    user: UserId,
    hash: Option<&str>,
    at: UnixMillis,
) -> Result<bool> {
    let sql = "UPDATE users SET password_hash = $2, updated_at = $3 WHERE id = $1";
    Ok(tx.execute("set a password", sql, values![Value::shown(user), hash, at]).await? > 0)
}

pub async fn by_id(mut db: impl Read, user: UserId) -> Result<Option<User>> {
    let sql = format!("SELECT {COLUMNS} FROM users WHERE id = $1");
    db.row("find a user", sql, values![Value::shown(user)]).await?.as_ref().map(read).transpose()
}

/// The user of this e-mail in any case, with the password's hash if there is one: for signing in only.
pub async fn credentials(mut db: impl Read, email: &str) -> Result<Option<(User, Option<String>)>> {
    let sql = format!("SELECT {COLUMNS}, password_hash FROM users WHERE email_key = $1");
    let row = db.row("find a user", sql, values![email_key(email)]).await?;
    row.map(|row| Ok((read(&row)?, row.get("password_hash")?))).transpose()
}

/// All users by e-mail.
pub async fn list(mut db: impl Read) -> Result<Vec<User>> {
    let sql = format!("SELECT {COLUMNS} FROM users ORDER BY email_key");
    db.rows("list users", sql, vec![]).await?.iter().map(read).collect()
}

pub async fn count(mut db: impl Read) -> Result<u32> {
    let row = db.row("count users", "SELECT count(*) AS users FROM users", vec![]).await?;
    row.map_or(Ok(0), |row| row.u32("users"))
}

/// How many users have this role in the installation.
pub async fn count_of_role(mut db: impl Read, role: Role) -> Result<u32> {
    let sql = "SELECT count(*) AS users FROM users WHERE role = $1";
    let row = db.row("count users of a role", sql, values![role.as_str()]).await?;
    row.map_or(Ok(0), |row| row.u32("users"))
}

/// Deletes the user with sessions, one-time links and memberships. False when there was none.
pub async fn delete(tx: &mut Transaction, user: UserId) -> Result<bool> {
    let sql = "DELETE FROM users WHERE id = $1";
    Ok(tx.execute("delete a user", sql, values![Value::shown(user)]).await? > 0)
}

/// What a user is in one guru.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    pub role: Role,
    /// The user's groups in that guru.
    pub groups: Vec<String>,
}

/// Gives the user this role and these groups in the guru, in place of any other there.
pub async fn set_membership(
    tx: &mut Transaction,
    guru: GuruId,
    user: UserId,
    membership: &Membership,
) -> Result<()> {
    let sql = "INSERT INTO memberships (guru_id, user_id, role, member_groups) VALUES ($1, $2, $3, $4)
         ON CONFLICT (guru_id, user_id)
         DO UPDATE SET role = excluded.role, member_groups = excluded.member_groups";
    let values = values![
        Value::shown(guru),
        Value::shown(user),
        membership.role.as_str(),
        to_json("member groups", &membership.groups)?,
    ];
    tx.execute("set a membership", sql, values).await?;
    Ok(())
}

/// False when the user was no member.
pub async fn remove_membership(tx: &mut Transaction, guru: GuruId, user: UserId) -> Result<bool> {
    let sql = "DELETE FROM memberships WHERE guru_id = $1 AND user_id = $2";
    Ok(tx.execute("remove a membership", sql, values![Value::shown(guru), Value::shown(user)]).await? > 0)
}

/// What the user is in the guru, if a member.
pub async fn membership(mut db: impl Read, guru: GuruId, user: UserId) -> Result<Option<Membership>> {
    let sql = "SELECT role AS guru_role, member_groups FROM memberships WHERE guru_id = $1 AND user_id = $2";
    let row = db.row("read a membership", sql, values![Value::shown(guru), Value::shown(user)]).await?;
    row.as_ref().map(read_membership).transpose()
}

/// The gurus a user is a member of.
pub async fn memberships_of(mut db: impl Read, user: UserId) -> Result<Vec<(GuruId, Membership)>> {
    let sql = "SELECT guru_id, role AS guru_role, member_groups FROM memberships WHERE user_id = $1
         ORDER BY guru_id";
    let rows = db.rows("list memberships", sql, values![Value::shown(user)]).await?;
    rows.iter().map(|row| Ok((row.parse("guru_id")?, read_membership(row)?))).collect()
}

/// Every membership there is, with the guru's slug, by slug.
pub async fn all_memberships(mut db: impl Read) -> Result<Vec<(UserId, GuruSlug, Membership)>> {
    let sql = "SELECT m.user_id, g.slug, m.role AS guru_role, m.member_groups
         FROM memberships m JOIN gurus g ON g.id = m.guru_id ORDER BY g.slug, m.user_id";
    let rows = db.rows("list all memberships", sql, vec![]).await?;
    rows.iter().map(|row| Ok((row.parse("user_id")?, row.parse("slug")?, read_membership(row)?))).collect()
}

fn read_membership(row: &Row) -> Result<Membership> {
    Ok(Membership {
        role: row.word("guru_role", Role::parse)?,
        groups: row.json_option("member_groups")?.unwrap_or_default(),
    })
}

/// The guru's members by e-mail.
pub async fn members(mut db: impl Read, guru: GuruId) -> Result<Vec<(User, Membership)>> {
    let sql = "SELECT u.id, u.email, u.name, u.role, u.user_groups, u.created_at, u.updated_at,
             m.role AS guru_role, m.member_groups
         FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.guru_id = $1 ORDER BY u.email_key";
    let rows = db.rows("list members", sql, values![Value::shown(guru)]).await?;
    rows.iter().map(|row| Ok((read(row)?, read_membership(row)?))).collect()
}

/// What makes two writings of an e-mail the same: trimmed, and in lower case by Unicode's rules, so that it is alike
/// for both databases.
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

fn read(row: &Row) -> Result<User> {
    Ok(User {
        id: row.parse("id")?,
        email: row.get("email")?,
        name: row.get("name")?,
        role: row.word("role", Role::parse)?,
        groups: row.json("user_groups")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}
