//! Documents point at things that exist.

use super::{File, Tree};

/// Relative links in Markdown files that lead nowhere.
pub fn check(tree: &Tree) -> Vec<String> {
    let documents = tree.files.iter().filter(|file| file.path.rsplit('.').next() == Some("md"));
    documents.flat_map(|file| links(&file.text).filter_map(|link| check_link(tree, file, link))).collect()
}

/// Variables that the settings know and docs/operations.md doesn't.
pub fn check_settings(tree: &Tree) -> Vec<String> {
    let settings = tree.text("crates/app/src/config.rs").unwrap_or_default();
    let explained = tree.text("docs/operations.md").unwrap_or_default();
    let names =
        settings.split('"').filter(|text| text.starts_with("ERRAND_") && !text.contains(char::is_whitespace));
    let unexplained = names.filter(|name| !explained.contains(&format!("`{name}`")));
    unexplained.map(|name| format!("docs/operations.md doesn't explain `{name}`.")).collect()
}

fn check_link(tree: &Tree, file: &File, link: &str) -> Option<String> {
    let target = link.split('#').next().unwrap_or_default();
    if target.is_empty() || target.contains("://") || target.starts_with("mailto:") || target.starts_with('/')
    {
        return None;
    }
    let folder = tree.root.join(&file.path);
    let exists = folder.parent().is_some_and(|folder| folder.join(target).exists());
    (!exists).then(|| format!("{} links to `{link}`, which isn't there.", file.path))
}

/// What stands in the parentheses of `[text](link)`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ', '\n']).next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_followed_from_their_file() {
        let tree = Tree::of_this_repository().expect("a readable repository");
        let check = |link: &str, exists: bool| {
            let file = File { path: "docs/page.md".to_owned(), text: String::new() };
            assert_eq!(check_link(&tree, &file, link).is_none(), exists, "{link}");
        };
        check("../README.md", true);
        check("action-file.md#the-fields", true);
        check("missing.md", false);
        check("https://example.com/missing.md", true);
        assert_eq!(links("a [b](c.md) [d](e \"f\") (g)").collect::<Vec<_>>(), ["c.md", "e"]);
    }
}
