//! The baseline: a file copied over plain connections, each with a thread and a part of the file.
//!
//! Blocking, with a buffer of 256 KiB, positioned reads and writes: the loop of a lane without its
//! cryptography. The receiver answers with a byte when all of a part is written.

use crate::files::{PIECE, create_target, open_source};
use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::thread;
use std::time::Instant;

/// Waits for so many connections and writes what they bring.
pub(crate) fn receive(folder: &Path, connections: usize, tell: impl FnOnce(SocketAddr)) {
    let sockets = TcpListener::bind("127.0.0.1:0").expect("a port");
    let target = create_target(folder);
    tell(sockets.local_addr().expect("bound"));
    thread::scope(|scope| {
        for _ in 0..connections {
            let (socket, _) = sockets.accept().expect("a connection");
            scope.spawn(|| receive_part(socket, &target));
        }
    });
}

fn receive_part(mut socket: TcpStream, target: &File) {
    let mut number = || {
        let mut bytes = [0; 8];
        socket.read_exact(&mut bytes).expect("a number");
        u64::from_be_bytes(bytes)
    };
    let (part, mut buffer) = (number()..number(), vec![0; PIECE]);
    for piece in pieces(part) {
        let data = &mut buffer[..(piece.end - piece.start) as usize];
        socket.read_exact(data).expect("reads");
        target.write_all_at(data, piece.start).expect("writes");
    }
    socket.write_all(&[1]).expect("answers");
}

/// Sends the file in equal parts over so many connections; gives the seconds.
pub(crate) fn send(folder: &Path, connections: usize, to: SocketAddr) -> f64 {
    let source = open_source(folder);
    let size = source.metadata().expect("a file").len();
    let border = |number: usize| size * number as u64 / connections as u64;
    let sockets: Vec<_> =
        (0..connections).map(|number| (connect(to), border(number)..border(number + 1))).collect();
    let start = Instant::now();
    thread::scope(|scope| {
        for (socket, part) in sockets {
            scope.spawn(|| send_part(socket, &source, part));
        }
    });
    start.elapsed().as_secs_f64()
}

fn connect(to: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(to).expect("connects");
    socket.set_nodelay(true).expect("a socket");
    socket
}

fn send_part(mut socket: TcpStream, source: &File, part: Range<u64>) {
    socket.write_all(&part.start.to_be_bytes()).expect("writes");
    socket.write_all(&part.end.to_be_bytes()).expect("writes");
    let mut buffer = vec![0; PIECE];
    for piece in pieces(part) {
        let data = &mut buffer[..(piece.end - piece.start) as usize];
        source.read_exact_at(data, piece.start).expect("reads");
        socket.write_all(data).expect("writes");
    }
    socket.read_exact(&mut [0]).expect("an answer");
}

fn pieces(part: Range<u64>) -> impl Iterator<Item = Range<u64>> {
    let end = part.end;
    part.step_by(PIECE).map(move |start| start..end.min(start + PIECE as u64))
}
