//! Every limit of the product by name, with its default. `Limits` is what an operator may change.

use serde::{Deserialize, Serialize};

pub const ACTIONS_PER_GURU_DEFAULT: u32 = 10;
pub const PARALLEL_ACTIONS_DEFAULT: u32 = 3;
pub const PARALLEL_ACTIONS_MAX: u32 = 16;
/// Ten years.
pub const RETENTION_DAYS_MAX: u32 = 3_660;
pub const PARAMETERS_PER_ACTION_MAX: usize = 30;
pub const EXAMPLES_PER_ACTION_MAX: usize = 50;
pub const ALLOWED_HOSTS_PER_ACTION_MAX: usize = 50;
pub const HOSTS_PER_SECRET_MAX: usize = 20;
pub const HEADERS_PER_CALL_MAX: usize = 50;
pub const SECRETS_PER_GURU_MAX: usize = 200;
pub const NAME_CHARS_MAX: usize = 64;
pub const SLUG_CHARS_MAX: usize = 48;
pub const TITLE_CHARS_MAX: usize = 120;
pub const TRIGGER_CHARS_MAX: usize = 2_000;
pub const EXAMPLE_CHARS_MAX: usize = 500;
pub const DESCRIPTION_CHARS_MAX: usize = 1_000;
pub const USAGE_CHARS_MAX: usize = 5_000;
pub const ANSWER_TEMPLATE_CHARS_MAX: usize = 5_000;
pub const INSTRUCTIONS_CHARS_MAX: usize = 20_000;
pub const URL_CHARS_MAX: usize = 4_000;
pub const HEADER_CHARS_MAX: usize = 4_000;
pub const BODY_CHARS_MAX: usize = 100_000;
pub const SECRET_BYTES_MAX: usize = 32 * 1024;
/// A shorter value would mask half of every text (peers masked single letters); such a secret is refused.
pub const SECRET_BYTES_MIN: usize = 4;
pub const ARGUMENT_CHARS_MAX: usize = 20_000;
pub const QUESTION_CHARS_MAX: usize = 8_000;
pub const PYTHON_CHARS_MAX_DEFAULT: u32 = 10_000;
pub const PYTHON_LINES_MAX_DEFAULT: u32 = 500;
pub const AGENT_TOOL_CALLS_DEFAULT: u32 = 10;
pub const AGENT_TOOL_CALLS_MAX: u32 = 100;
pub const AGENT_DEPTH_DEFAULT: u32 = 5;
pub const AGENT_DEPTH_MAX: u32 = 10;
pub const ACTION_TIMEOUT_MS_DEFAULT: u64 = 30_000;
pub const ACTION_TIMEOUT_MS_MIN: u64 = 100;
pub const ACTION_TIMEOUT_MS_MAX_DEFAULT: u64 = 120_000;
/// Turns of a conversation that the planner sees.
pub const HISTORY_TURNS_MAX: u32 = 12;
/// Output of one execution that is kept and shown; the rest is cut and said so.
pub const OUTPUT_BYTES_MAX: usize = 256 * 1024;

/// Answers of upstreams, after decompression.
pub const RESPONSE_BYTES_MAX: usize = 1024 * 1024;

/// What an operator may set; the rest are constants of the product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Actions per guru when the guru has no limit of its own.
    pub actions_per_guru: u32,
    /// The longest timeout an action may ask for, in milliseconds.
    pub action_timeout_ms_max: u64,
    pub python_chars_max: u32,
    pub python_lines_max: u32,
    /// Days that history is kept in gurus without a setting of their own; 0 for ever.
    pub retention_days: u32,
    /// Bytes of output kept per execution.
    pub output_bytes_max: usize,
    /// Bytes of an upstream's answer that are read, after decompression; a longer one is a failure.
    pub response_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            actions_per_guru: ACTIONS_PER_GURU_DEFAULT,
            action_timeout_ms_max: ACTION_TIMEOUT_MS_MAX_DEFAULT,
            python_chars_max: PYTHON_CHARS_MAX_DEFAULT,
            python_lines_max: PYTHON_LINES_MAX_DEFAULT,
            retention_days: 0,
            output_bytes_max: OUTPUT_BYTES_MAX,
            response_bytes_max: RESPONSE_BYTES_MAX,
        }
    }
}
