//! The attack suite: scripts that try to get out, run where real ones run.
//!
//! Each script states what it tried and what came of it, a line each (`scripts/prelude.py`): `held` when the attempt
//! failed as it must, `ESCAPED` when it worked. A test passes when something was tried, nothing escaped, the run ended
//! as the table says, and the machine is as clean afterwards as it was before. `docs/sandbox.md` links each promise to
//! its test here. `as_user` runs all of it once more as an ordinary user.

mod as_user;
mod between_runs;
mod harness;
mod host;
#[path = "../shared/mod.rs"]
mod shared;

use errand_sandbox::Ending;
use harness::{Attack, attack};

/// One test per attack: `name => how the run must end`.
macro_rules! attacks {
    ($file:ident: $($name:ident => $ending:expr),+ $(,)?) => {
        mod $file {
            #[allow(unused_imports, reason = "not every table names every ending")]
            use super::*;

            const SCRIPT: &str = include_str!(concat!("scripts/", stringify!($file), ".py"));
            const LISTED: &[&str] = &[$(stringify!($name)),+];

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                attack(Attack { script: SCRIPT, name: stringify!($name), ending: $ending }).await;
            })+

            #[test]
            fn every_attack_of_the_script_is_listed() {
                harness::check_listed(SCRIPT, LISTED);
            }
        }
    };
}

/// The script itself goes on to its end.
const DONE: fn(&Ending) -> bool = |ending| matches!(ending, Ending::Exited { code: 0 });
const TIMED_OUT: fn(&Ending) -> bool = |ending| matches!(ending, Ending::TimedOut);
const OUT_OF_MEMORY: fn(&Ending) -> bool = |ending| matches!(ending, Ending::OutOfMemory);
const OUTPUT_LIMIT: fn(&Ending) -> bool = |ending| matches!(ending, Ending::OutputLimit);
const SIGNALLED: fn(&Ending) -> bool = |ending| matches!(ending, Ending::Signalled { .. });
/// It ended in one way or another, and not as a success.
const BADLY: fn(&Ending) -> bool = |ending| !matches!(ending, Ending::Exited { code: 0 });

/// Version 1 of control groups ends the process that takes too much, version 2 the whole run.
fn as_the_groups_have_it(ending: &Ending) -> bool {
    if groups_version() == 1 { DONE(ending) } else { OUT_OF_MEMORY(ending) }
}

/// Version 1 counts what waits in sockets apart, version 2 as any other memory: filling them may then end the run.
fn as_sockets_are_counted(ending: &Ending) -> bool {
    DONE(ending) || groups_version() == 2 && OUT_OF_MEMORY(ending)
}

fn groups_version() -> u8 {
    errand_sandbox::CgroupLayout::find(None).expect("control groups").version()
}

/// The very code that the process ended with, whatever it said before.
const fn exited<const CODE: i32>() -> fn(&Ending) -> bool {
    |ending| matches!(ending, Ending::Exited { code } if *code == CODE)
}

attacks! { files:
    read_host_files => DONE,
    read_what_the_host_is => DONE,
    climb_out_by_dots => DONE,
    climb_out_by_chroot => DONE,
    open_by_handle => DONE,
    write_anywhere => DONE,
    change_existing_files => DONE,
    link_out_of_tmp => DONE,
    swap_tmp_for_a_symlink => DONE,
    execute_from_tmp => DONE,
    execute_from_shared_memory => DONE,
    execute_by_the_loader => DONE,
    load_a_library_from_tmp => DONE,
    execute_from_memory => DONE,
    mount_something => DONE,
    mount_by_the_new_calls => DONE,
    unmount_something => DONE,
    make_device_nodes => DONE,
    set_user_id_programs => DONE,
    inherited_descriptors => DONE,
    kernel_settings => DONE,
    cgroup_files => DONE,
    allocate_more_than_there_is => DONE,
    execute_a_nameless_file => DONE,
    preload_a_library => DONE,
    listen_to_the_file_system => DONE,
}

attacks! { processes:
    see_other_processes => DONE,
    environments_of_others => DONE,
    signal_the_supervisor => DONE,
    trace_others => DONE,
    memory_of_others => DONE,
    descriptors_of_others => DONE,
    enter_other_namespaces => DONE,
    make_namespaces => DONE,
    make_namespaces_by_clone3 => DONE,
    become_root => DONE,
    gain_capabilities => DONE,
    loosen_the_filter => DONE,
    other_abi => DONE,
    old_interrupt_abi => DONE,
    keyrings => DONE,
    programs_in_the_kernel => DONE,
    calls_with_a_history => DONE,
    the_machine_itself => DONE,
    clocks_and_names => DONE,
    personality_of_the_process => DONE,
    raise_limits => DONE,
    dump_core => DONE,
    raise_priority => DONE,
    lock_memory => DONE,
    push_input_into_a_terminal => DONE,
    escape_by_the_oom_score => DONE,
    signal_the_group => DONE,
    reach_the_peer_of_the_line => DONE,
    message_queues => DONE,
    huge_pages_of_the_machine => DONE,
    signals_under_way => DONE,
    own_maps_of_ids => DONE,
    other_schedulers => DONE,
}

attacks! { network:
    raw_sockets => DONE,
    packet_sockets => DONE,
    machine_sockets => DONE,
    netlink_sockets => DONE,
    odd_families => DONE,
    abstract_sockets => DONE,
    named_sockets => DONE,
    loopback_of_the_host => DONE,
    private_ranges => DONE,
    metadata_service => DONE,
    addresses_in_disguise => DONE,
    datagrams => DONE,
    multicast_and_broadcast => DONE,
    listen_for_others => DONE,
    unlisted_hosts => DONE,
    smuggle_by_dns => DONE,
    hostile_dns_packets => DONE,
    take_over_the_resolver => DONE,
    many_connections => DONE,
    change_the_interface => DONE,
    data_in_the_first_packet => DONE,
    routes_in_the_packet => DONE,
    privileged_options => DONE,
    the_ends_that_are_served => DONE,
    many_short_connections => DONE,
    resolvers_of_others => DONE,
    programs_on_sockets => DONE,
}

attacks! { resources:
    fork_bomb => DONE,
    fork_bomb_without_mercy => BADLY,
    thread_bomb => DONE,
    memory_bomb => OUT_OF_MEMORY,
    memory_bomb_by_a_subprocess => as_the_groups_have_it,
    memory_bomb_in_shared_memory => DONE,
    fill_tmp => DONE,
    fill_tmp_with_names => DONE,
    open_everything => DONE,
    flood_stdout => OUTPUT_LIMIT,
    flood_stderr => DONE,
    flood_without_newlines => OUTPUT_LIMIT,
    ignore_every_signal => TIMED_OUT,
    stop_oneself => TIMED_OUT,
    sleep_in_a_thread_that_never_ends => TIMED_OUT,
    daemonise => DONE,
    hold_the_output_open => DONE,
    write_after_the_end => DONE,
    leave_zombies => DONE,
    overflow_the_stack => SIGNALLED,
    catch_the_end => TIMED_OUT,
    a_very_large_sparse_file => DONE,
    fill_sockets => as_sockets_are_counted,
    flood_past_the_end => DONE,
    signal_oneself_without_end => DONE,
    many_arguments => DONE,
}

attacks! { channel:
    forge_success => exited::<3>(),
    forge_success_and_hang => TIMED_OUT,
    forge_a_descriptor_message => exited::<4>(),
    flood_the_channel => exited::<5>(),
    close_everything => exited::<6>(),
    close_even_stdout => exited::<7>(),
    rewrite_the_exit => BADLY,
    forge_a_traceback => exited::<8>(),
    execute_in_place_of_the_script => exited::<9>(),
    exit_past_the_interpreter => exited::<11>(),
    end_the_first_thread_alone => exited::<12>(),
    execute_from_another_thread => exited::<14>(),
    leave_the_session => exited::<13>(),
    hostile_hints => exited::<1>(),
    find_the_runtime => DONE,
    environment_is_exactly_given => DONE,
}
