//! What a script may rely on.

use crate::harness::with_sandbox;

#[test]
fn a_script_runs() {
    with_sandbox(|house| {
        house.prints("print(1)", "1\n");
        house.prints("import pandas, numpy, requests, openai; print(pandas.DataFrame({'a': [1, 2]}).a.sum())", "3\n");
    });
}
