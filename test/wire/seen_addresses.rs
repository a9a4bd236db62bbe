//! Where people are seen, and where nobody dials.

use crate::by_hand::{bytes, map, number};
use crate::index_samples::seen;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use waxwing::codec::Error;
use waxwing::wire::Message;
use waxwing::wire::index::{OnlineGrant, SeenAddress};

#[test]
fn an_address_has_4_or_16_bytes() {
    for length in 0..40 {
        let read = granted(Some(&vec![10; length]), 7400);
        assert_eq!(read.is_ok(), [4, 16].contains(&length), "{length}");
    }
    assert_eq!(granted(Some(&[10, 0, 0, 7]), 7400).unwrap(), seen("10.0.0.7:7400"));
    assert_eq!(granted(None, 7400).unwrap(), seen("127.0.0.1:7400"));
}

#[test]
fn an_index_tells_the_address_that_it_saw_but_no_loopback() {
    let told = |address: &str| seen(address).resolve(INDEX).unwrap().to_string();
    for far in ["10.0.0.7:7400", "[2001:db8::7]:1024"] {
        assert_eq!(told(far), far);
    }
    assert_eq!(told("[::ffff:10.0.0.7]:7400"), "10.0.0.7:7400", "of a socket for both");
    for near in ["127.0.0.1:7400", "127.9.9.9:7400", "[::1]:7400", "[::ffff:127.0.0.1]:7400"] {
        assert_eq!(told(near), "192.0.2.1:7400", "where the index was reached");
        let read = minicbor::to_vec(seen(near)).unwrap();
        assert_eq!(read, [0xa1, 1, 0x19, 0x1c, 0xe8], "the port alone");
    }
    // Whoever reached the index on this machine finds people of this machine there as well.
    let here = seen("127.0.0.1:7400").resolve(IpAddr::V4(Ipv4Addr::LOCALHOST)).unwrap();
    assert_eq!(here.to_string(), "127.0.0.1:7400");
}

#[test]
fn an_address_that_no_peer_has_is_not_dialled() {
    let mapped = |ip: [u8; 4]| [&[0; 10][..], &[0xff, 0xff], &ip].concat();
    let mut multicast = [0; 16];
    multicast[..2].copy_from_slice(&[0xff, 0x02]);
    let nobody: [&[u8]; 12] = [
        &[0, 0, 0, 0],
        &[0, 1, 2, 3],
        &[224, 0, 0, 1],
        &[255, 255, 255, 255],
        &[127, 0, 0, 1],
        &[127, 9, 9, 9],
        &[0; 16],
        &Ipv6Addr::LOCALHOST.octets(),
        &multicast,
        &mapped([0, 0, 0, 0]),
        &mapped([127, 0, 0, 1]),
        &mapped([224, 0, 0, 1]),
    ];
    for ip in nobody {
        let read = granted(Some(ip), 7400).unwrap();
        assert!(read.resolve(INDEX).is_err(), "{ip:?}");
        assert!(read.resolve(IpAddr::V4(Ipv4Addr::LOCALHOST)).is_err(), "{ip:?}");
    }
    for port in [0, 22, 1023] {
        for ip in [None, Some(&[10, 0, 0, 7][..])] {
            assert!(granted(ip, port).unwrap().resolve(INDEX).is_err(), "{port}");
        }
    }
    let mapped = granted(Some(&mapped([10, 0, 0, 7])), 1024).unwrap();
    assert_eq!(mapped.resolve(INDEX).unwrap().to_string(), "10.0.0.7:1024");
}

/// An address as it comes, whoever made it.
fn granted(ip: Option<&[u8]>, port: u16) -> Result<SeenAddress, Error> {
    let port = [&[1][..], &number(port.into())].concat();
    let ip = ip.map(|ip| [&[0][..], &bytes(ip)].concat());
    let fields: Vec<_> = ip.into_iter().chain([port]).collect();
    let seen = [vec![0xa0 + fields.len() as u8], fields.concat()].concat();
    OnlineGrant::decode(&map(&[number(7), number(90), seen])).map(|grant| grant.seen.unwrap())
}

const INDEX: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
