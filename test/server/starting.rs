//! Starting: what is made, what is said, and what stays.

use crate::stage::{Machine, identity};
use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use waxwing::crypto::key_folder::KeyFolder;

#[test]
fn the_first_start_makes_all_that_it_needs_and_the_second_finds_it() {
    let machine = Machine::new();
    let arguments = ["--listen", "127.0.0.1:0"];
    let first = machine.start_with(&arguments);
    let data = machine.at("home/.local/share/waxwing/server");
    let mode = |path: &str| fs::metadata(data.join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(""), mode("keys")), (0o700, 0o700));
    assert_eq!((mode("lock"), mode("control"), mode("index.db")), (0o600, 0o600, 0o600));
    let fingerprint = KeyFolder::at(data.join("keys")).fingerprint().unwrap();
    assert_eq!(first.fingerprint(), fingerprint);
    assert!(first.stop().contains("Making the keys"));

    let second = machine.start_with(&arguments);
    assert_eq!(second.fingerprint(), fingerprint, "the same index to everybody who knows it");
    assert!(!second.stop().contains("Making the keys"));
}

#[test]
fn the_first_event_is_where_it_listens_in_just_these_bytes() {
    let machine = Machine::with_keys();
    let server = machine.start();
    let (address, fingerprint) = (server.address(), identity().fingerprint());
    let expected = format!(
        "{{\"type\":\"listening\",\"address\":\"{address}\",\
         \"invitation\":\"waxwing://{address}#{fingerprint}\"}}\n"
    );
    assert_eq!(server.first_line, expected);
    assert!(server.invitation().token.is_none());
    TcpStream::connect(address).unwrap();
}

#[test]
fn what_happens_is_an_event_and_a_line_of_the_log() {
    let machine = Machine::with_keys();
    let arguments = ["--data", "data", "--listen", "127.0.0.1:0", "--log", "server.log"];
    let mut server = machine.start_with(&arguments);
    let mut stranger = TcpStream::connect(server.address()).unwrap();
    std::io::Write::write_all(&mut stranger, b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let from = stranger.local_addr().unwrap().to_string();
    let event = server.event();
    assert_eq!((&event["type"], &event["from"]), (&"refused".into(), &from.as_str().into()));
    let err = server.stop();
    let line = format!(" warn  refused a conversation from {from} ");
    assert!(err.contains(&line), "{err}");
    let log = fs::read_to_string(machine.at("server.log")).unwrap();
    assert!(err.ends_with(&log), "{err}\nand\n{log}");
    assert!(log.contains("listening on") && log.contains(&line) && log.ends_with("stopped\n"));
    let mode = fs::metadata(machine.at("server.log")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn the_host_of_the_invitation_is_the_one_that_was_named() {
    let machine = Machine::with_keys();
    let host = |host: &str, listen: &str| {
        let server = machine.start_with(&["--data", "data", "--listen", listen, "--host", host]);
        let at = server.invitation().at;
        assert_eq!(at.port(), server.address().port());
        at.host()
    };
    assert_eq!(host("files.example", "127.0.0.1:0"), "files.example");
    assert_eq!(host("::1", "127.0.0.1:0"), "::1");
    assert_eq!(host("[::1]", "127.0.0.1:0"), "::1");

    let any = machine.start_with(&["--data", "data", "--listen", "0.0.0.0:0"]);
    assert!(any.address().ip().is_unspecified());
    let told: std::net::IpAddr = any.invitation().at.host().parse().unwrap();
    assert!(!told.is_unspecified(), "nobody can dial {told}");
}

#[test]
fn a_second_server_on_the_same_data_says_who_has_it() {
    let machine = Machine::with_keys();
    let server = machine.start();
    let second = ["--data", "data", "--listen", "127.0.0.1:0"];
    let err = machine.run(&second).failed(7);
    assert!(
        err.contains(&format!("another program works on this data, process {}", server.number())),
        "{err}"
    );
    assert!(err.contains("--data DIR"), "{err}");
    server.stop();
    machine.start_with(&second).stop();
}

#[test]
fn a_server_waits_for_a_verb_that_is_at_work_on_the_data() {
    let machine = Machine::with_keys();
    let lock = fs::File::create(machine.data().join("lock")).unwrap();
    lock.lock().unwrap();
    let verb = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(500));
        drop(lock);
    });
    machine.start().stop();
    verb.join().unwrap();
}

#[test]
fn who_meets_a_server_that_starts_is_told_so() {
    let machine = Machine::with_keys();
    let mut lock = fs::File::create(machine.data().join("lock")).unwrap();
    lock.lock().unwrap();
    let number = std::process::id();
    std::io::Write::write_all(&mut lock, format!("{number}\n").as_bytes()).unwrap();
    // A restore waits for nobody.
    let met = |starting: u32| {
        fs::write(machine.data().join("starting"), format!("{starting}\n")).unwrap();
        machine.verb(&["restore", "monday.db"]).failed(7)
    };
    let err = met(number);
    let told = format!("data: the server of this data is still starting, process {number}");
    assert!(err.contains(&told), "{err}");
    // One that was killed while it started is not the one that has it now.
    let err = met(number + 1);
    assert!(err.contains("data: another program works on this data, process"), "{err}");
    drop(lock);
    let server = machine.start();
    assert!(!machine.data().join("starting").exists(), "it has started");
    server.stop();
}

#[test]
fn a_port_that_is_taken_is_told_with_a_way_out() {
    let machine = Machine::with_keys();
    let server = machine.start();
    machine.give_keys(&machine.at("other"));
    let taken = server.address().to_string();
    let err = machine.run(&["--data", "other", "--listen", &taken]).failed(7);
    assert!(err.contains(&format!("{taken} is taken by another program")), "{err}");
    assert!(err.contains("--listen 127.0.0.1:"), "{err}");
    let event = machine.run(&["--data", "other", "--listen", &taken, "--json"]);
    let event: serde_json::Value = serde_json::from_str(event.out.trim_end()).unwrap();
    assert_eq!((&event["type"], &event["exit"]), (&"failed".into(), &7.into()));
}

#[test]
fn what_a_person_reads_first_says_what_to_type_next() {
    let machine = Machine::with_keys();
    let read = |arguments: &[&str]| {
        let mut command = machine.command(&[&["--data", "data"], arguments].concat());
        let mut child = command
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // Its last line comes before it waits; then it may go.
        let out = std::io::BufReader::new(child.stdout.take().unwrap());
        let lines = std::io::BufRead::lines(out).map(Result::unwrap);
        let text: String = lines.take_while(|line| !line.contains("--help")).collect();
        child.kill().unwrap();
        child.wait().unwrap();
        text
    };
    let program = env!("CARGO_BIN_EXE_server");
    let alone = read(&["--listen", "127.0.0.1:0"]);
    assert!(alone.contains("    waxwing://127.0.0.1:"), "{alone}");
    assert!(alone.contains("Everybody on this machine can join"), "{alone}");
    assert!(alone.contains(&format!("{program} --data data users")), "{alone}");
    assert!(!alone.contains('\u{1b}'), "no colours in a pipe");

    let reached = read(&["--listen", "0.0.0.0:0"]);
    assert!(reached.contains("each person needs an invitation of their own"), "{reached}");
    assert!(reached.contains(&format!("{program} --data data invite --for NAME")), "{reached}");
    let open = read(&["--listen", "0.0.0.0:0", "--open-joining"]);
    assert!(open.contains("Everybody who reaches this machine can join"), "{open}");

    // On loopback, too, it is as the owner says; and a forwarder brings others there.
    let closed = "each person needs an invitation of their own";
    let shut = read(&["--listen", "127.0.0.1:0", "--open-joining=false"]);
    assert!(shut.contains(closed), "{shut}");
    let forwarded = read(&["--listen", "127.0.0.1:0", "--host", "public.example"]);
    assert!(forwarded.contains(closed), "{forwarded}");
    let local = read(&["--listen", "127.0.0.1:0", "--host", "localhost"]);
    assert!(local.contains("Everybody on this machine can join"), "{local}");
}

#[cfg(target_os = "linux")]
#[test]
fn it_takes_the_descriptors_that_it_may_have_and_leaves_no_core() {
    let machine = Machine::with_keys();
    let mut command = std::process::Command::new("sh");
    let call = "ulimit -S -n 256; exec \"$0\" --data data --listen 127.0.0.1:0 \"$1\"";
    command.args(["-c", call, env!("CARGO_BIN_EXE_server")]).current_dir(machine.at(""));
    let server = crate::stage::Running::of(&mut command);
    let limits = fs::read_to_string(format!("/proc/{}/limits", server.number())).unwrap();
    let limit = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        let columns: Vec<_> = line[name.len()..].split_whitespace().collect();
        (columns[0].to_owned(), columns[1].to_owned())
    };
    let (soft, hard) = limit("Max open files");
    assert_eq!(soft, hard);
    assert_eq!(limit("Max core file size").0, "0");
    server.stop();
}
