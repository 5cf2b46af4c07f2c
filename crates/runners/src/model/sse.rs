//! Server-sent events, read from bytes that come in any pieces.

/// Bytes of one line; a longer one is not an event of a model's.
const LINE_BYTES_MAX: usize = 1024 * 1024;

/// Gives the `data` of each event; the other fields say nothing that the data of all three providers lacks.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    line: Vec<u8>,
    data: String,
}

impl Reader {
    pub(crate) fn push(&mut self, bytes: &[u8], mut event: impl FnMut(&str)) {
        for &byte in bytes {
            if byte != b'\n' {
                if self.line.len() < LINE_BYTES_MAX {
                    self.line.push(byte);
                }
                continue;
            }
            if self.line.last() == Some(&b'\r') {
                self.line.pop();
            }
            let line = std::mem::take(&mut self.line);
            self.end_line(&line, &mut event);
        }
    }

    fn end_line(&mut self, line: &[u8], event: &mut impl FnMut(&str)) {
        if line.is_empty() {
            if !self.data.is_empty() {
                event(&std::mem::take(&mut self.data));
            }
            return;
        }
        let Some(data) = line.strip_prefix(b"data:") else { return };
        let data = data.strip_prefix(b" ").unwrap_or(data);
        if !self.data.is_empty() {
            self.data.push('\n');
        }
        self.data.push_str(&String::from_utf8_lossy(data));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pieces: &[&str], expect: &[&str]) {
        let mut reader = Reader::default();
        let mut got = Vec::new();
        for piece in pieces {
            reader.push(piece.as_bytes(), |data| got.push(data.to_owned()));
        }
        assert_eq!(got, expect, "{pieces:?}");
    }

    #[test]
    fn events_are_found_whatever_the_pieces() {
        check(&["data: a\n\ndata: b\n\n"], &["a", "b"]);
        check(&["da", "ta: a", "\r\n", "\r\nevent: x\nda", "ta:b\n\n"], &["a", "b"]);
        check(&[": keep-alive\n\ndata: a\ndata: b\n\n"], &["a\nb"]);
        check(&["data: cut off"], &[]);
    }

    #[test]
    fn a_character_may_be_split() {
        let mut reader = Reader::default();
        let mut got = String::new();
        for byte in "data: größer\n\n".bytes() {
            reader.push(&[byte], |data| got.push_str(data));
        }
        assert_eq!(got, "größer");
    }
}
