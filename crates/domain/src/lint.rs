//! Advice on actions that are valid and still not good: each with a better wording proposed.
