//! The same tests once more as an ordinary user, whose sandbox lives in a user namespace.

#[test]
fn every_test_passes_as_an_ordinary_user() {
    crate::shared::repeat_as_ordinary_user(&["--skip", "as_user::", "--skip", "kills::"]);
}

#[test]
fn kills_are_survived_as_an_ordinary_user() {
    crate::shared::repeat_as_ordinary_user(&["kills::"]);
}
