//! Where the interpreter's small objects lie, so that a clone is cheap.
//!
//! A clone copies the page table entry of every page, and a child's end takes each apart again: for the data tier that
//! is most of what a run costs. Pages that were made one huge page have one entry. So the objects of a warm interpreter
//! lie side by side in a region that starts at a huge page, and [`join`] joins its pages and those of the heap once,
//! before the first clone. It changes no limit and no wall; where the kernel refuses, clones only cost more.

#![expect(unsafe_code, reason = "reserves memory and hands it to the interpreter")]

use core::{
    ffi::{c_int, c_void},
    ptr,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};
use std::fs;

/// Address space, not memory: a warm data tier takes a tenth of it.
const REGION_BYTES: usize = 1 << 30;
const HUGE_PAGE_BYTES: usize = 2 << 20;
/// `MADV_COLLAPSE`, of Linux 6.1.
const COLLAPSE: c_int = 25;
/// A page that is on its way between the kernel's lists can't be joined at that moment.
const TRIES_MAX: u32 = 3;

/// As the interpreter lays it out (`PyObjectArenaAllocator`).
#[repr(C)]
#[derive(Debug)]
pub struct ArenaAllocator {
    context: *mut c_void,
    allocate: extern "C" fn(*mut c_void, usize) -> *mut c_void,
    free: extern "C" fn(*mut c_void, *mut c_void, usize),
}

/// `PyObject_SetArenaAllocator`, which copies what it is given.
pub type SetArenaAllocator = extern "C" fn(*const ArenaAllocator);

// The interpreter asks under its lock, but a static must be safe for any thread.
static NEXT: AtomicUsize = AtomicUsize::new(0);
static END: AtomicUsize = AtomicUsize::new(0);
/// What is allocated from now on, a script's objects among it, is not joined: its pages come one by one.
static IS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Arenas that are made from now on lie in the region. Nothing changes where there is no address space for it.
pub fn gather(set: SetArenaAllocator) {
    let Some(start) = map(REGION_BYTES, libc::MAP_NORESERVE) else { return };
    NEXT.store(start.next_multiple_of(HUGE_PAGE_BYTES), Ordering::Relaxed);
    END.store(start + REGION_BYTES, Ordering::Relaxed);
    let ours = ArenaAllocator { context: ptr::null_mut(), allocate, free };
    set(&raw const ours);
}

/// Joins the memory that this process wrote, as far as whole huge pages fit in it.
pub fn join() {
    IS_CLOSED.store(true, Ordering::Relaxed);
    let unused = NEXT.load(Ordering::Relaxed).next_multiple_of(HUGE_PAGE_BYTES);
    let region_end = END.load(Ordering::Relaxed);
    for (start, end) in own_memory(&fs::read_to_string("/proc/self/maps").unwrap_or_default()) {
        // A neighbour may have been made one with the region.
        if start < region_end && end > unused {
            collapse(start, unused.min(end));
            collapse(region_end.max(start), end);
        } else {
            collapse(start, end);
        }
    }
}

/// The heap and what is nameless, private and writable; neither files nor the stack.
fn own_memory(maps: &str) -> impl Iterator<Item = (usize, usize)> {
    maps.lines().filter_map(|line| {
        let mut fields = line.split_ascii_whitespace();
        let (range, rights) = (fields.next()?, fields.next()?);
        let is_own = rights == "rw-p" && matches!(fields.nth(3), None | Some("[heap]"));
        let (start, end) = range.split_once('-').filter(|_| is_own)?;
        Some((usize::from_str_radix(start, 16).ok()?, usize::from_str_radix(end, 16).ok()?))
    })
}

fn collapse(start: usize, end: usize) {
    let mut page = start.next_multiple_of(HUGE_PAGE_BYTES);
    while page + HUGE_PAGE_BYTES <= end {
        for _ in 0..TRIES_MAX {
            // SAFETY: changes how the memory is kept, not what is in it.
            let joined = unsafe { libc::madvise(page as *mut c_void, HUGE_PAGE_BYTES, COLLAPSE) };
            if joined == 0 {
                break;
            }
        }
        page += HUGE_PAGE_BYTES;
    }
}

extern "C" fn allocate(_: *mut c_void, bytes: usize) -> *mut c_void {
    if !IS_CLOSED.load(Ordering::Relaxed) {
        let start = NEXT.load(Ordering::Relaxed);
        if start + bytes <= END.load(Ordering::Relaxed) {
            NEXT.store(start + bytes, Ordering::Relaxed);
            return start as *mut c_void;
        }
    }
    map(bytes, 0).map_or(ptr::null_mut(), |start| start as *mut c_void)
}

/// Also of arenas that were made before there was a region. What is freed inside it is not used again.
extern "C" fn free(_: *mut c_void, start: *mut c_void, bytes: usize) {
    // SAFETY: the interpreter gives back a whole arena that it no longer uses.
    unsafe { libc::munmap(start, bytes) };
}

fn map(bytes: usize, flags: c_int) -> Option<usize> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | flags;
    // SAFETY: asks for new memory anywhere.
    let start =
        unsafe { libc::mmap(ptr::null_mut(), bytes, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
    (start != libc::MAP_FAILED).then_some(start as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_memory_is_told_from_files() {
        let check = |line: &str, expect: Option<(usize, usize)>| {
            assert_eq!(own_memory(line).next(), expect, "{line}");
        };
        check(
            "2af2c000-2b4c4000 rw-p 00000000 00:00 0                          [heap]",
            Some((0x2af2_c000, 0x2b4c_4000)),
        );
        check("7f0a3b614000-7f0a3b814000 rw-p 00000000 00:00 0 ", Some((0x7f0a_3b61_4000, 0x7f0a_3b81_4000)));
        check("7f0a3b614000-7f0a3b814000 r--p 00000000 00:00 0 ", None);
        check("7f0a3b614000-7f0a3b814000 rw-s 00000000 00:00 0 ", None);
        check("009f4000-00a85000 rw-p 005f4000 fe:00 1 /usr/bin/python3.13", None);
        check("7ffc0a000000-7ffc0a021000 rw-p 00000000 00:00 0 [stack]", None);
        check("", None);
    }
}
