//! smoke
mod inside;
#[path = "../../native/src/net/mod.rs"]
mod net;

#[test]
fn smoke() {
    for way in [inside::Way::Root, inside::Way::User] {
        let inside = inside::start(way, net::Means::Gate, &["sh", "-c", "nft list ruleset; ip route show table local; ip -6 route show table local; ip addr; ss -lntu; cat /etc/resolv.conf"]);
        println!("{:?}", inside.sockets);
        let out = inside.child.wait_with_output().unwrap();
        println!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    }
}
