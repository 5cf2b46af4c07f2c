use errand_domain::{ApiKeyId, Role, UserId};
use errand_storage::{
    StorageError,
    users::{
        self, Membership, User,
        api_keys::{self, ApiKey},
        identities::{self, NewAttempt, Subject},
        sessions::{self, NewToken},
    },
};

use crate::harness::{a_guru, at, on_both, uuid};

fn ana() -> User {
    User {
        id: UserId::from_uuid(uuid(1)),
        email: "Ana@Acme.test".to_owned(),
        name: "Ana".to_owned(),
        role: Role::Viewer,
        groups: vec!["Support".to_owned()],
        created_at: at(1),
        updated_at: at(1),
    }
}

async fn insert(db: &errand_storage::Db, user: &User) -> Result<(), StorageError> {
    let mut tx = db.writer.begin().await?;
    users::insert(&mut tx, user).await?;
    tx.commit().await
}

#[tokio::test]
async fn a_user_is_found_by_e_mail_in_any_case() {
    on_both(async |db| {
        let mut user = ana();
        insert(db, &user).await?;
        let twin = User { id: UserId::from_uuid(uuid(2)), email: "ANA@acme.TEST".to_owned(), ..ana() };
        let Err(StorageError::Conflict { what }) = insert(db, &twin).await else { panic!("a second Ana") };
        assert_eq!(what, "a user with this e-mail");

        assert_eq!(users::credentials(&db.reader, "ana@ACME.test").await?, Some((user.clone(), None)));
        user.role = Role::SuperAdmin;
        user.updated_at = at(4);
        let mut tx = db.writer.begin().await?;
        assert!(users::set_password_hash(&mut tx, user.id, Some("$argon2id$x"), at(3)).await?);
        assert!(users::update(&mut tx, &user).await?);
        tx.commit().await?;
        let found = users::credentials(&db.reader, "ana@acme.test").await?;
        assert_eq!(found, Some((user.clone(), Some("$argon2id$x".to_owned()))));
        assert_eq!(users::list(&db.reader).await?, vec![user.clone()]);
        assert_eq!(users::count(&db.reader).await?, 1);
        assert_eq!(users::by_id(&db.reader, user.id).await?, Some(user));
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_one_time_link_lets_in_once_and_only_in_time() {
    on_both(async |db| {
        let user = ana();
        insert(db, &user).await?;
        let token =
            |byte| NewToken { hash: [byte; 32], user_id: user.id, created_at: at(1), expires_at: at(10) };
        let mut tx = db.writer.begin().await?;
        sessions::insert_claim(&mut tx, token(1)).await?;
        sessions::insert_claim(&mut tx, token(2)).await?;
        assert_eq!(sessions::claim(&mut tx, [2; 32], at(10)).await?, None);
        assert_eq!(sessions::claim(&mut tx, [9; 32], at(5)).await?, None);
        tx.commit().await?;

        let claim = async || {
            let mut tx = db.writer.begin().await?;
            let claimed = sessions::claim(&mut tx, [1; 32], at(5)).await?;
            tx.commit().await?;
            Ok::<_, StorageError>(claimed)
        };
        let (one, two) = tokio::join!(claim(), claim());
        let mut claimed = [one?, two?];
        claimed.sort();
        assert_eq!(claimed, [None, Some(user.id)]);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_session_lasts_until_its_end_or_the_sign_out() {
    on_both(async |db| {
        let user = ana();
        insert(db, &user).await?;
        let token =
            |byte| NewToken { hash: [byte; 32], user_id: user.id, created_at: at(1), expires_at: at(10) };
        let mut tx = db.writer.begin().await?;
        for byte in [1, 2, 3] {
            sessions::insert(
                &mut tx,
                token(byte),
                sessions::BegunWith::Provider,
                (byte == 1).then_some("Netscape"),
            )
            .await?;
        }
        sessions::touch(&mut tx, [1; 32], at(5), at(20)).await?;
        tx.commit().await?;
        let (found, times) = sessions::user(&db.reader, [1; 32], at(15)).await?.expect("a session in time");
        assert_eq!((found, times.created_at, times.last_seen_at), (user.clone(), at(1), at(5)));
        let list = sessions::list_of_user(&db.reader, user.id, at(9)).await?;
        let shown: Vec<_> =
            list.iter().map(|one| (one.hash[0], one.user_agent.as_deref(), one.times.last_seen_at)).collect();
        assert_eq!(shown, [(1, Some("Netscape"), at(5)), (2, None, at(1)), (3, None, at(1))]);
        assert_eq!(sessions::list_of_user(&db.reader, user.id, at(15)).await?.len(), 1);
        assert_eq!(sessions::user(&db.reader, [2; 32], at(10)).await?, None);

        let mut tx = db.writer.begin().await?;
        assert!(sessions::delete(&mut tx, [2; 32]).await?);
        assert_eq!(sessions::delete_expired(&mut tx, at(10)).await?, 1);
        assert_eq!(sessions::delete_of_user(&mut tx, user.id).await?, 1);
        tx.commit().await?;
        assert_eq!(sessions::user(&db.reader, [1; 32], at(15)).await?, None);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn an_identity_is_one_users_and_a_sign_in_ends_once() {
    on_both(async |db| {
        let user = ana();
        insert(db, &user).await?;
        let [first, second] =
            ["first", "second"].map(|subject| Subject { issuer: "https://id.test", subject });
        let mut tx = db.writer.begin().await?;
        identities::link(&mut tx, first, user.id, at(1)).await?;
        identities::touch(&mut tx, first, at(3)).await?;
        tx.commit().await?;
        let mut tx = db.writer.begin().await?;
        let taken = identities::link(&mut tx, second, user.id, at(2)).await;
        assert!(matches!(taken, Err(StorageError::Conflict { .. })), "{taken:?}");
        drop(tx);
        assert_eq!(identities::user(&db.reader, first).await?, Some(user.id));
        assert_eq!(identities::user(&db.reader, second).await?, None);
        let linked = identities::list_of_user(&db.reader, user.id).await?;
        let shown: Vec<_> =
            linked.iter().map(|one| (&*one.subject, one.created_at, one.last_used_at)).collect();
        assert_eq!(shown, [("first", at(1), at(3))]);

        let mut tx = db.writer.begin().await?;
        for byte in [1, 2] {
            let (state_hash, token_hash) = ([byte; 32], [byte + 10; 32]);
            let attempt = NewAttempt { state_hash, token_hash, return_to: "/g/acme", expires_at: at(10) };
            identities::begin_attempt(&mut tx, attempt).await?;
        }
        tx.commit().await?;
        assert_eq!(identities::count_attempts(&db.reader, at(9)).await?, 2);
        assert_eq!(identities::count_attempts(&db.reader, at(10)).await?, 0);
        let end = async |state: u8, token: u8, now| {
            let mut tx = db.writer.begin().await?;
            let ended = identities::end_attempt(&mut tx, [state; 32], [token; 32], now).await?;
            tx.commit().await?;
            Ok::<_, StorageError>(ended)
        };
        assert_eq!(end(1, 12, at(5)).await?, None, "another browser's");
        assert_eq!(end(2, 12, at(10)).await?, None, "too late");
        let (one, two) = tokio::join!(end(1, 11, at(5)), end(1, 11, at(5)));
        let mut ended = [one?, two?];
        ended.sort();
        assert_eq!(ended, [None, Some("/g/acme".to_owned())]);

        let mut tx = db.writer.begin().await?;
        assert_eq!(sessions::delete_expired(&mut tx, at(10)).await?, 1);
        assert_eq!(identities::unlink(&mut tx, user.id).await?, 1);
        tx.commit().await?;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn memberships_and_keys_belong_to_a_guru() {
    on_both(async |db| {
        let (acme, other) = (a_guru(db, "acme").await?, a_guru(db, "other").await?);
        let user = ana();
        insert(db, &user).await?;
        let everywhere = ApiKey {
            id: ApiKeyId::from_uuid(uuid(1)),
            name: "CI".to_owned(),
            scopes: vec!["ask".to_owned(), "run".to_owned()],
            guru_id: None,
            created_at: at(1),
            last_used_at: None,
        };
        let of_acme = ApiKey { id: ApiKeyId::from_uuid(uuid(2)), guru_id: Some(acme), ..everywhere.clone() };
        let mut tx = db.writer.begin().await?;
        let viewer = Membership { role: Role::Viewer, groups: Vec::new() };
        let admin = Membership { role: Role::GuruAdmin, groups: vec!["Support".to_owned()] };
        users::set_membership(&mut tx, acme, user.id, &viewer).await?;
        users::set_membership(&mut tx, acme, user.id, &admin).await?;
        api_keys::insert(&mut tx, &everywhere, [1; 32]).await?;
        api_keys::insert(&mut tx, &of_acme, [2; 32]).await?;
        api_keys::touch(&mut tx, of_acme.id, at(9)).await?;
        tx.commit().await?;

        let of_acme = ApiKey { last_used_at: Some(at(9)), ..of_acme };
        assert_eq!(users::membership(&db.reader, acme, user.id).await?, Some(admin.clone()));
        assert_eq!(users::membership(&db.reader, other, user.id).await?, None);
        assert_eq!(users::memberships_of(&db.reader, user.id).await?, vec![(acme, admin.clone())]);
        let all = users::all_memberships(&db.reader).await?;
        assert_eq!(all, vec![(user.id, "acme".parse()?, admin.clone())]);
        assert_eq!(users::count_of_role(&db.reader, Role::Viewer).await?, 1);
        assert_eq!(users::count_of_role(&db.reader, Role::SuperAdmin).await?, 0);
        assert_eq!(users::members(&db.reader, acme).await?, vec![(user.clone(), admin)]);
        assert_eq!(api_keys::by_hash(&db.reader, [2; 32]).await?, Some(of_acme.clone()));
        assert_eq!(api_keys::by_hash(&db.reader, [3; 32]).await?, None);
        assert_eq!(api_keys::list_of_guru(&db.reader, acme).await?, vec![of_acme.clone()]);
        assert_eq!(api_keys::list(&db.reader).await?, vec![everywhere, of_acme.clone()]);

        let mut tx = db.writer.begin().await?;
        assert!(api_keys::delete(&mut tx, of_acme.id).await?);
        assert!(users::remove_membership(&mut tx, acme, user.id).await?);
        assert!(users::delete(&mut tx, user.id).await?);
        tx.commit().await?;
        assert_eq!(users::members(&db.reader, acme).await?, vec![]);
        Ok(())
    })
    .await;
}
