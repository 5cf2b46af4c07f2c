//! Netlink requests, put together in place and sent in one go.

#![expect(unsafe_code, reason = "speaks to the kernel through socket calls")]

use core::ffi::c_int;

/// What the longest request (the `nf_tables` rules) takes, twice.
const REQUEST_BYTES_MAX: usize = 8192;
const HEADER_BYTES: usize = 16;
const NESTED: u16 = 0x8000;

/// The step that failed, and the kernel's error number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    pub step: &'static str,
    pub errno: c_int,
}

impl Failure {
    /// Of the system call that just failed on this thread.
    pub(crate) fn last(step: &'static str) -> Self {
        // SAFETY: the location is this thread's own and always readable.
        Self { step, errno: unsafe { *libc::__errno_location() } }
    }
}

/// One or more messages for one send.
pub(super) struct Request {
    bytes: [u8; REQUEST_BYTES_MAX],
    length: usize,
    message: usize,
    messages: u32,
}

impl Request {
    pub(super) fn new() -> Self {
        Self { bytes: [0; REQUEST_BYTES_MAX], length: 0, message: 0, messages: 0 }
    }

    /// Starts a message; `fixed` is the header of its family.
    pub(super) fn message(&mut self, kind: u16, flags: c_int, fixed: &[u8]) {
        self.message = self.length;
        self.messages += 1;
        let flags = u16::try_from(flags | libc::NLM_F_REQUEST).unwrap_or(0);
        self.put(&[0; 4]);
        self.put(&kind.to_ne_bytes());
        self.put(&flags.to_ne_bytes());
        self.put(&self.messages.to_ne_bytes());
        self.put(&[0; 4]);
        self.put(fixed);
        self.close_message();
    }

    pub(super) fn attribute(&mut self, kind: u16, value: &[u8]) {
        let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
        self.put(&length.to_ne_bytes());
        self.put(&kind.to_ne_bytes());
        self.put(value);
        self.close_message();
    }

    /// A text with the zero byte that the kernel wants at its end.
    pub(super) fn text(&mut self, kind: u16, value: &str) {
        let start = self.open(kind);
        self.put(value.as_bytes());
        self.put(&[0]);
        self.shut(start, 0);
    }

    /// An attribute that holds those which `inside` puts.
    pub(super) fn nest(&mut self, kind: u16, inside: impl FnOnce(&mut Self)) {
        let start = self.open(kind);
        inside(self);
        self.shut(start, NESTED);
    }

    fn open(&mut self, kind: u16) -> usize {
        let start = self.length;
        self.put(&[0, 0]);
        self.put(&kind.to_ne_bytes());
        start
    }

    fn shut(&mut self, start: usize, flag: u16) {
        let length = u16::try_from(self.length - start).unwrap_or(u16::MAX);
        self.patch(start, &length.to_ne_bytes());
        if let Some(&[low, high]) = self.bytes.get(start + 2..start + 4) {
            let kind = u16::from_ne_bytes([low, high]) | flag;
            self.patch(start + 2, &kind.to_ne_bytes());
        }
        self.close_message();
    }

    /// Pads, and writes the length that the message has by now.
    fn close_message(&mut self) {
        self.length = self.length.next_multiple_of(4);
        let length = u32::try_from(self.length - self.message).unwrap_or(u32::MAX);
        self.patch(self.message, &length.to_ne_bytes());
    }

    fn put(&mut self, bytes: &[u8]) {
        self.patch(self.length, bytes);
        self.length += bytes.len();
    }

    /// What does not fit is noticed in [`Netlink::ask`], by the length that is too large then.
    fn patch(&mut self, at: usize, bytes: &[u8]) {
        if let Some(place) = self.bytes.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }
}

/// A netlink socket, closed when dropped.
pub(super) struct Netlink {
    fd: c_int,
}

impl Netlink {
    pub(super) fn open(protocol: c_int, step: &'static str) -> Result<Self, Failure> {
        // SAFETY: takes numbers only.
        let fd = unsafe { libc::socket(libc::AF_NETLINK, libc::SOCK_RAW | libc::SOCK_CLOEXEC, protocol) };
        if fd < 0 { Err(Failure::last(step)) } else { Ok(Self { fd }) }
    }

    /// Sends the request and reads all that the kernel says of it, which is there as soon as the send returns. The first
    /// error counts.
    pub(super) fn ask(&self, request: &Request, step: &'static str) -> Result<(), Failure> {
        let bytes = request.bytes.get(..request.length).ok_or(Failure { step, errno: libc::EMSGSIZE })?;
        // SAFETY: the pointer and length are those of a live slice.
        let sent = unsafe { libc::send(self.fd, bytes.as_ptr().cast(), bytes.len(), 0) };
        if sent < 0 {
            return Err(Failure::last(step));
        }
        let mut outcome = Ok(());
        loop {
            let mut answer = [0_u8; 1024];
            // SAFETY: the pointer and length are those of a live buffer.
            let read =
                unsafe { libc::recv(self.fd, answer.as_mut_ptr().cast(), answer.len(), libc::MSG_DONTWAIT) };
            let Ok(read) = usize::try_from(read) else {
                let failure = Failure::last(step);
                return if failure.errno == libc::EAGAIN { outcome } else { Err(failure) };
            };
            let error = error_in(answer.get(..read).unwrap_or_default());
            outcome = outcome.and(error.map_or(Ok(()), |errno| Err(Failure { step, errno })));
        }
    }

    pub(super) fn into_fd(self) -> c_int {
        let fd = self.fd;
        core::mem::forget(self);
        fd
    }

    pub(super) fn fd(&self) -> c_int {
        self.fd
    }
}

impl Drop for Netlink {
    fn drop(&mut self) {
        // SAFETY: the descriptor is this value's own.
        unsafe { libc::close(self.fd) };
    }
}

/// The first error among the answers; an acknowledgement is an error message with the number zero.
fn error_in(mut answers: &[u8]) -> Option<c_int> {
    while let Some((&header, rest)) = answers.split_first_chunk::<HEADER_BYTES>() {
        let [l0, l1, l2, l3, k0, k1, ..] = header;
        let kind = c_int::from(u16::from_ne_bytes([k0, k1]));
        if kind == libc::NLMSG_ERROR
            && let Some(&number) = rest.first_chunk::<4>()
            && c_int::from_ne_bytes(number) != 0
        {
            return Some(-c_int::from_ne_bytes(number));
        }
        let length = usize::try_from(u32::from_ne_bytes([l0, l1, l2, l3])).unwrap_or(usize::MAX);
        answers = answers.get(length.max(HEADER_BYTES).checked_next_multiple_of(4)?..)?;
    }
    None
}
