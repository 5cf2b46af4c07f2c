//! Reading an answer's body up to a cap.

use std::io::Write;

use bytes::{Bytes, BytesMut};
use flate2::write::MultiGzDecoder;
use http::{
    HeaderMap,
    header::{CONTENT_ENCODING, CONTENT_LENGTH},
};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

/// Compressed bytes that are unpacked between two looks at the cap: deflate grows them a thousandfold at most, so the
/// memory that a bomb gets is the cap and half a megabyte.
const PIECE_BYTES: usize = 512;

/// A body and whether it was cut.
pub(crate) struct Read {
    pub(crate) body: Bytes,
    pub(crate) truncated: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ReadError {
    Broken,
    BadGzip,
}

/// Reads until the end or until more than `bytes_max` have come. Unpacks gzip and then drops the headers that spoke of
/// the packed body.
pub(crate) async fn read(
    body: Incoming,
    headers: &mut HeaderMap,
    bytes_max: usize,
    watch: &mut Watch<'_>,
) -> Result<Read, ReadError> {
    if !is_gzip(headers) {
        return read_plain(body, bytes_max, watch).await;
    }
    headers.remove(CONTENT_ENCODING);
    headers.remove(CONTENT_LENGTH);
    let read = read_gzip(body, bytes_max).await?;
    watch(&read.body);
    Ok(read)
}

/// Is shown the body piece by piece as it comes, each piece within the cap.
pub(crate) type Watch<'w> = dyn FnMut(&[u8]) + Send + 'w;

fn is_gzip(headers: &HeaderMap) -> bool {
    let encoding = headers.get(CONTENT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    encoding.eq_ignore_ascii_case("gzip") || encoding.eq_ignore_ascii_case("x-gzip")
}

async fn read_plain(mut body: Incoming, bytes_max: usize, watch: &mut Watch<'_>) -> Result<Read, ReadError> {
    let expected = usize::try_from(body.size_hint().lower()).unwrap_or(bytes_max);
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| ReadError::Broken)?.into_data() else {
            continue;
        };
        let seen = first.len() + all.len();
        watch(&data[..data.len().min(bytes_max - seen)]);
        // Most answers come in one piece and need no copy.
        if first.is_empty() && all.is_empty() && data.len() <= bytes_max {
            first = data;
            continue;
        }
        if all.is_empty() {
            all.reserve(expected.min(bytes_max));
            all.extend_from_slice(&std::mem::take(&mut first));
        }
        let room = bytes_max - all.len();
        all.extend_from_slice(&data[..data.len().min(room)]);
        if data.len() > room {
            return Ok(Read { body: all.freeze(), truncated: true });
        }
    }
    Ok(Read { body: if all.is_empty() { first } else { all.freeze() }, truncated: false })
}

async fn read_gzip(mut body: Incoming, bytes_max: usize) -> Result<Read, ReadError> {
    let mut unpacker = MultiGzDecoder::new(Vec::new());
    let mut is_empty = true;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| ReadError::Broken)?.into_data() else {
            continue;
        };
        is_empty &= data.is_empty();
        for piece in data.chunks(PIECE_BYTES) {
            unpacker.write_all(piece).and_then(|()| unpacker.flush()).map_err(|_| ReadError::BadGzip)?;
            if unpacker.get_ref().len() > bytes_max {
                return Ok(cut(std::mem::take(unpacker.get_mut()), bytes_max));
            }
        }
    }
    if is_empty {
        return Ok(Read { body: Bytes::new(), truncated: false });
    }
    let whole = unpacker.finish().map_err(|_| ReadError::BadGzip)?;
    Ok(cut(whole, bytes_max))
}

fn cut(mut bytes: Vec<u8>, bytes_max: usize) -> Read {
    let truncated = bytes.len() > bytes_max;
    bytes.truncate(bytes_max);
    Read { body: bytes.into(), truncated }
}
