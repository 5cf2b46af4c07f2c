//! What the image's interpreter may do while it warms up, before there is a child to wall in: its modules run then.

use std::{
    fs,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use errand_sandbox::Tier;

use crate::{
    harness::with_sandbox,
    processes::{Standing, standing_of},
};

/// `CAP_SETGID`, `CAP_SETUID` and `CAP_SETFCAP`: an ordinary user's zygotes have these, over the namespace of that user.
const OF_AN_ORDINARY_USER: u64 = 1 << 6 | 1 << 7 | 1 << 31;

#[test]
fn an_interpreter_has_no_rights_from_its_start_on() {
    let own_network = fs::read_link("/proc/self/ns/net").expect("a network");
    let user = rustix::process::geteuid().as_raw();
    for standing in standings_while_warming_up() {
        assert_ne!(
            standing.network.as_ref(),
            Some(&own_network),
            "it is in the machine's network: {standing:?}"
        );
        if user == 0 {
            assert_eq!(standing.capabilities, 0, "{standing:?}");
            let ids = [standing.users.as_slice(), &standing.groups].concat();
            assert!(!ids.contains(&0), "it is root: {standing:?}");
        } else {
            assert_eq!(standing.capabilities & !OF_AN_ORDINARY_USER, 0, "{standing:?}");
        }
    }
}

/// Each that was seen, from the interpreter's first moments to its first child.
fn standings_while_warming_up() -> Vec<Standing> {
    let mut seen = Vec::new();
    with_sandbox(|house| {
        let is_warm = AtomicBool::new(false);
        thread::scope(|scope| {
            let watching = scope.spawn(|| {
                let mut seen = Vec::new();
                while !is_warm.load(Ordering::Relaxed) {
                    seen.extend(standing_of("zygote.py"));
                }
                seen
            });
            let child = house.runtime.block_on(house.sandbox.ready_child(Tier::Data));
            is_warm.store(true, Ordering::Relaxed);
            child.expect("a child");
            seen = watching.join().expect("what was seen");
        });
    });
    assert!(seen.len() > 10, "it was hardly seen: {seen:?}");
    seen.dedup();
    seen
}
