//! The rules of the house, applied to this repository.

use xtask::house::{Tree, arrows, documents, migrations, sources};

fn check(rule: fn(&Tree) -> Vec<String>) {
    let tree = Tree::of_this_repository().expect("a readable repository");
    assert!(tree.files.len() > 50, "the repository was not found at {}", tree.root.display());
    let broken = rule(&tree);
    assert!(broken.is_empty(), "{} broken rule(s):\n{}", broken.len(), broken.join("\n"));
}

#[test]
fn rooms_know_only_the_rooms_they_may() {
    check(arrows::check);
}

#[test]
fn the_map_names_every_room() {
    check(arrows::check_map);
}

#[test]
fn sources_keep_to_their_room() {
    check(sources::check);
}

#[test]
fn migrations_are_never_edited() {
    check(migrations::check);
}

#[test]
fn documents_point_at_things_that_exist() {
    check(documents::check);
}

#[test]
fn every_setting_is_explained() {
    check(documents::check_settings);
}
