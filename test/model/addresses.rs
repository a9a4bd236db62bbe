//! Where an index or a peer may be.

use super::*;

#[test]
fn hosts_by_name_and_by_number_are_accepted() {
    let longest = host_of_bytes(253);
    assert_eq!(longest.len(), 253);
    let longest = format!("{longest}:80");
    let table = [
        ("10.0.0.7:7311", "10.0.0.7:7311"),
        ("0.0.0.0:1", "0.0.0.0:1"),
        ("[::1]:7311", "[::1]:7311"),
        ("[2001:DB8:0:0::1]:65535", "[2001:db8::1]:65535"),
        ("index.example:7311", "index.example:7311"),
        ("INDEX.Example:7311", "index.example:7311"),
        ("localhost:80", "localhost:80"),
        ("a_b.c-d.e1:80", "a_b.c-d.e1:80"),
        ("xn--bcher-kva.example:80", "xn--bcher-kva.example:80"),
        ("1.2.3.example:80", "1.2.3.example:80"),
        ("0xyz:80", "0xyz:80"),
        ("a:007", "a:7"),
        (&longest, &longest),
    ];
    for (text, expected) in table {
        let parsed: HostPort = text.parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(parsed.to_string(), expected);
        assert_eq!(parsed.to_string().parse(), Ok(parsed));
    }
}

#[test]
fn a_number_needs_no_resolver_and_a_name_does() {
    let number: HostPort = "[::1]:80".parse().unwrap();
    assert_eq!((number.host().as_str(), number.port()), ("::1", 80));
    assert_eq!(number.to_socket_addr(), Some("[::1]:80".parse().unwrap()));
    let name: HostPort = "Index.example:80".parse().unwrap();
    assert_eq!((name.host().as_str(), name.to_socket_addr()), ("index.example", None));
    let mapped = HostPort::from("[::ffff:10.0.0.7]:80".parse::<SocketAddr>().unwrap());
    assert_eq!(mapped, "10.0.0.7:80".parse().unwrap());
}

#[test]
fn bad_ports_are_refused() {
    for port in [
        "0", "00", "65536", "99999", "100000", "+80", "-1", "", " 80", "80 ", "8_0", "0x50", "８０",
    ] {
        let error = refused(format!("a:{port}").parse::<HostPort>());
        assert!(error.contains("a port is a number from 1 to 65535"), "{port}: {error}");
    }
    for text in ["", "a", "10.0.0.7", "index.example"] {
        assert!(refused(text.parse::<HostPort>()).contains("the port is missing"), "{text}");
    }
}

#[test]
fn bad_hosts_are_refused() {
    let too_long = host_of_bytes(254);
    assert_eq!(too_long.len(), 254);
    let long_label = "a".repeat(64);
    #[rustfmt::skip]
    let hosts = [
        "", " ", "a b", " a", "a ", "1.2.3", "1.2.3.4.5", "1", "127.1", "256.1.1.1",
        "01.2.3.4", "a.1", "0x7f000001", "0x7f.1", "1.0x7f", "0X7F", "a.0x1", "0x", ".", "a.",
        ".a", "a..b", "-a", "a-", "a.-b", "ä", "日本", "a/b", "a@b", "a#b", "a?b", "a\\b", "a\0",
        "a\n", "::1", "[::1", "::1]", "[]", "[1.2.3.4]", "[::1%eth0]", "[[::1]]", "[a]",
        "a:80", &long_label, &too_long,
    ];
    for host in hosts {
        let error = refused(format!("{host}:80").parse::<HostPort>());
        assert!(error.contains("neither a name nor a number"), "{host}: {error}");
    }
}

#[test]
fn a_refused_address_is_shown_without_steering() {
    let error = refused("\u{1b}[2J\u{202e}:80".parse::<HostPort>());
    assert!(error.starts_with("\\u{1b}[2J\\u{202e}:80 is not an address"), "{error}");
}

#[test]
fn a_peer_is_one_machine_on_an_unprivileged_port() {
    for good in ["10.0.0.7:1024", "127.0.0.1:65535", "[::1]:7311", "[fe80::1]:7311", "1.0.0.0:1024"]
    {
        assert_eq!(peer(good).map(|p| p.to_string()), Ok(good.to_owned()));
    }
    for port in [0, 1, 22, 1023] {
        let error = refused(peer(&format!("10.0.0.7:{port}")));
        assert!(error.contains("from 1024 to 65535"), "{error}");
    }
    #[rustfmt::skip]
    let nobody = [
        "0.0.0.0", "0.1.2.3", "255.255.255.255", "224.0.0.1", "239.255.255.255", "[::]",
        "[ff02::1]", "[::ffff:0.0.0.0]", "[::ffff:224.0.0.1]", "[::ffff:255.255.255.255]",
    ];
    for host in nobody {
        let error = refused(peer(&format!("{host}:7311")));
        assert!(error.contains("not the address of one machine"), "{host}: {error}");
    }
}

#[test]
fn a_mapped_address_is_the_address_that_it_maps() {
    let mapped = peer("[::ffff:127.0.0.1]:7311").unwrap();
    assert_eq!(mapped, peer("127.0.0.1:7311").unwrap());
    assert!(mapped.is_loopback());
    assert_eq!(mapped.socket_addr(), "127.0.0.1:7311".parse().unwrap());
    assert!(!peer("10.0.0.7:7311").unwrap().is_loopback());
}

/// Three labels of the greatest length, and one for the rest.
fn host_of_bytes(bytes: usize) -> String {
    let label = "a".repeat(63);
    [&label, &label, &label, &"b".repeat(bytes - 3 * 64)].map(String::as_str).join(".")
}

fn peer(text: &str) -> Result<PeerAddress, Error> {
    PeerAddress::new(text.parse().unwrap())
}
