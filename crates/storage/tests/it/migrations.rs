use std::os::unix::fs::MetadataExt as _;

use errand_storage::{SCHEMA_VERSION, StorageError, gurus};

use crate::harness::{a_guru, open};

#[tokio::test]
async fn opening_again_keeps_what_is_there() {
    for database in errand_testkit::databases().await {
        let db = open(&database.url).await.expect("a fresh database opens");
        a_guru(&db, "acme").await.expect("a guru is inserted");
        db.close().await;
        let db = open(&database.url).await.expect("a migrated database opens");
        assert_eq!(gurus::list(&db.reader).await.expect("gurus are listed").len(), 1);
        db.close().await;
    }
}

#[tokio::test]
async fn a_new_file_is_its_owners_alone() {
    let database = errand_testkit::postgres::sqlite();
    let db = open(&database.url).await.expect("a fresh database opens");
    a_guru(&db, "acme").await.expect("a guru is inserted");
    let path = std::path::PathBuf::from(database.url.trim_start_matches("sqlite:"));
    let files = ["errand.db", "errand.db-wal", "errand.db-shm"].map(|name| path.with_file_name(name));
    for file in files {
        let mode = file.metadata().unwrap_or_else(|error| panic!("{}: {error}", file.display())).mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
    db.close().await;
}

#[tokio::test]
async fn nodes_that_start_at_once_migrate_once() {
    for database in errand_testkit::databases().await {
        let opened = tokio::join!(open(&database.url), open(&database.url), open(&database.url));
        for db in [opened.0, opened.1, opened.2] {
            db.expect("each node opens it").close().await;
        }
    }
}

#[tokio::test]
async fn a_newer_or_altered_database_is_refused() {
    for database in errand_testkit::databases().await {
        open(&database.url).await.expect("a fresh database opens").close().await;
        let newer = "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (9999, 'later', '', 0)";
        database.execute(newer).await;
        let Err(error) = open(&database.url).await else {
            panic!("{}: opened a newer database", database.kind)
        };
        let Some(StorageError::NewerDatabase { found, known }) = error.downcast_ref() else {
            panic!("{error}")
        };
        assert_eq!((*found, *known), (9999, SCHEMA_VERSION));

        database.execute("DELETE FROM schema_migrations WHERE version = 9999").await;
        database.execute("UPDATE schema_migrations SET checksum = 'x' WHERE version = 2").await;
        let Err(error) = open(&database.url).await else {
            panic!("{}: opened an altered database", database.kind)
        };
        assert!(
            matches!(error.downcast_ref(), Some(StorageError::ChangedMigration { version: 2 })),
            "{error}"
        );
    }
}
