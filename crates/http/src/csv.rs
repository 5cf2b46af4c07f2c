//! Tables as comma-separated text, for spreadsheets.

/// One line with its line break, as RFC 4180 has it.
pub fn line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let cells: Vec<String> = cells.into_iter().map(cell).collect();
    cells.join(",") + "\r\n"
}

/// A cell that begins like a formula would be computed by whoever opens the table; an apostrophe keeps it text.
fn cell(text: &str) -> String {
    let is_number = text.parse::<f64>().is_ok();
    let guarded = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if guarded.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", guarded.replace('"', "\"\""))
    } else {
        guarded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_no_formula_gets_through() {
        fn check(cells: &[&str], expect: &str) {
            assert_eq!(line(cells.iter().copied()), expect);
        }
        check(&["a", "b c", ""], "a,b c,\r\n");
        check(&["a,b", "say \"hi\"", "two\nlines"], "\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\"\r\n");
        check(
            &["=HYPERLINK(\"x\")", "+1", "-1.5", "@sum", "-x"],
            "\"'=HYPERLINK(\"\"x\"\")\",+1,-1.5,'@sum,'-x\r\n",
        );
    }
}
