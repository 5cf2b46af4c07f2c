use errand_secrets::SecretText;

use super::{post::signature, *};

fn message() -> Message {
    Message {
        purpose: Purpose::Result,
        id: "dlv_1".to_owned(),
        guru: "g".to_owned(),
        guru_name: "Support & more".to_owned(),
        action: "report".to_owned(),
        execution_id: Some("run_1".to_owned()),
        status: ExecutionStatus::Failed,
        due_at: "2026-11-30T09:00:00Z".to_owned(),
        finished_at: None,
        duration_ms: Some(12.4),
        output: Some("out".to_owned()),
        output_truncated: false,
        error: Some("it <broke>".to_owned()),
        link: None,
    }
}

/// The specification's own example of a signature.
#[test]
fn a_webhook_is_signed_as_the_standard_says() {
    let key = SecretText::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
    let signed = signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
    assert_eq!(signed.as_deref(), Ok("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
}

#[test]
fn a_message_for_people_says_what_ran_and_how_it_ended() {
    let text = message().to_string();
    for line in ["report failed", "Guru: Support & more (g)", "Took: 12 ms", "Run: run_1", "it <broke>"] {
        assert!(text.lines().any(|one| one == line), "`{line}` is not in:\n{text}");
    }
    let long = Message { error: Some("x".repeat(OUTPUT_CHARS_SHOWN + 1)), ..message() };
    assert!(long.to_string().ends_with("… (cut)\n"));
    let trial = Message { purpose: Purpose::Test, execution_id: None, error: None, ..message() }.to_string();
    for line in ["Test: results of report arrive here", "Sent: 2026-11-30T09:00:00Z", "out"] {
        assert!(trial.lines().any(|one| one == line), "`{line}` is not in:\n{trial}");
    }
    assert!(!trial.contains("Run:"), "{trial}");
    let silent = Message { error: None, output: Some(" ".to_owned()), ..message() };
    assert!(silent.to_string().ends_with("Run: run_1\n"));
}
