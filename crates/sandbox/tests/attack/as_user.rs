//! The whole suite once more as an ordinary user, whose sandbox lives in a user namespace. When it isn't root who runs the
//! tests, the suite is that already.

use crate::shared::repeat_as_ordinary_user;

#[test]
fn files() {
    repeat_as_ordinary_user(&["files::"]);
}

#[test]
fn processes() {
    repeat_as_ordinary_user(&["processes::", "--skip", "as_user::"]);
}

#[test]
fn network() {
    repeat_as_ordinary_user(&["network::", "--skip", "as_user::"]);
}

#[test]
fn resources() {
    repeat_as_ordinary_user(&["resources::"]);
}

#[test]
fn channel() {
    repeat_as_ordinary_user(&["channel::"]);
}

#[test]
fn between_runs() {
    repeat_as_ordinary_user(&["between_runs::"]);
}
