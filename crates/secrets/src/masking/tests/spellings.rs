//! How a value is spelled, against what the common tools write.

use base64::{Engine, engine::general_purpose};

use crate::masking::spellings::{ENCODED_BYTES_MIN, spellings};

/// Every expected text is among the spellings of `value`.
fn check(value: &str, expect: &[&str]) {
    let found = spellings(value);
    for text in expect {
        assert!(found.iter().any(|spelling| spelling.as_str() == *text), "`{value}` is not spelled `{text}`");
    }
}

fn check_not(value: &str, absent: &[&str]) {
    let found = spellings(value);
    for text in absent {
        assert!(found.iter().all(|spelling| spelling.as_str() != *text), "`{value}` is spelled `{text}`");
    }
}

#[test]
fn encodings_as_the_common_tools_write_them() {
    check(
        "p@ss w/ö&<\"'>",
        &[
            "cEBzcyB3L8O2JjwiJz4=",
            "cEBzcyB3L8O2JjwiJz4",
            "cEBzcyB3L8O2JjwiJz4%3D",
            "7040737320772fc3b6263c22273e",
            "7040737320772FC3B6263C22273E",
            "p%40ss%20w%2F%C3%B6%26%3C%22%27%3E",
            "p%40ss%20w/%C3%B6%26%3C%22%27%3E",
            "p%40ss+w%2f%c3%b6%26%3c%22%27%3e",
            "p@ss%20w/%C3%B6&%3C%22'%3E",
            "p@ss w/ö&<\\\"'>",
            "p@ss w/\\u00f6&<\\\"'>",
            "p@ss w\\/\\u00f6&<\\\"'>",
            "p@ss w/ö\\u0026\\u003c\\\"'\\u003e",
            "p@ss w/ö&<\\\\\\\"'>",
            "p@ss w/ö&<\"\\'>",
            "p@ss w/ö&amp;&lt;&quot;&#39;&gt;",
        ],
    );
}

#[test]
fn a_value_with_a_trailing_line_break_is_known_without_it() {
    check("hunter22\n", &["hunter22\n", "hunter22", "aHVudGVyMjI=", "aHVudGVyMjIK"]);
}

#[test]
fn lines_and_leaves_count_when_they_are_long_enough() {
    let pem = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\r\nAQEF\n-----END PRIVATE KEY-----\n";
    check(pem, &["MIIEvQIBADANBgkqhkiG9w0B"]);
    check_not(pem, &["AQEF", "-----BEGIN PRIVATE KEY-----"]);
    let json = r#"{"type": "svc", "key": {"private": ["line one\nline two!"]}, "token": "abcd1234"}"#;
    check(
        json,
        &["line one\nline two!", "line one\\nline two!", "line one", "line two!", "abcd1234", "YWJjZDEyMzQ="],
    );
    check_not(json, &["svc", "type", "token"]);
}

#[test]
fn short_values_have_no_encodings_that_ordinary_text_meets() {
    let found = spellings("1234");
    let shortest = found.iter().map(|text| text.len()).min();
    assert_eq!(shortest, Some(4));
    check("1234", &["1234", "31323334"]);
    assert!(found.iter().all(|text| text.as_str() == "1234" || text.len() >= ENCODED_BYTES_MIN));
    assert!(spellings("abc").is_empty());
}

#[test]
fn long_base64_is_known_by_its_lines() {
    let value = "0123456789".repeat(10);
    let encoded = general_purpose::STANDARD.encode(&value);
    check(&value, &[&encoded, &encoded[..76], &encoded[76..], &encoded[64..128]]);
}
