//! Where a setting may stand, and what counts when it stands in several places: for times and tries, too.

use crate::stage::Done;
use crate::town::{Home, Town};
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Somebody who takes connections and is nobody.
struct Nobody {
    at: String,
    came: Arc<AtomicUsize>,
}

impl Nobody {
    fn new(mut takes: impl FnMut(TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap().to_string();
        let came = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&came);
        thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                count.fetch_add(1, Ordering::SeqCst);
                takes(socket);
            }
        });
        Self { at, came }
    }

    /// How often one comes whom that is sent to.
    fn is_sent(&self, home: &Home<'_>, flags: &[&str], variable: Option<(&str, &str)>) -> usize {
        let send = ["send", "bob", "letter.txt", "--retry-pause", "0", "--at", &self.at];
        let mut command = home.command(&[&send[..], flags].concat());
        command.envs(variable).current_dir(&home.path);
        Done::of(&mut command).failed(5);
        self.came.swap(0, Ordering::SeqCst)
    }
}

fn set(home: &Home<'_>, line: &str) {
    let file = home.path.join("waxwing.toml");
    let text = fs::read_to_string(&file).unwrap();
    let name = line.split(' ').next().unwrap();
    let others = text.lines().filter(|line| !line.starts_with(&format!("{name} ")));
    let lines: Vec<_> = [line].into_iter().chain(others).collect();
    fs::write(file, lines.join("\n") + "\n").unwrap();
}

#[test]
fn a_flag_counts_more_than_the_environment_and_that_more_than_the_file() {
    let town = Town::new();
    let (_bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    mallory.write("letter.txt", b"dear bob");
    let hangs_up = Nobody::new(drop);
    assert_eq!(hangs_up.is_sent(&mallory, &[], None), 3);
    set(&mallory, "retries = 2");
    assert_eq!(hangs_up.is_sent(&mallory, &[], None), 2);
    let variable = Some(("WAXWING_RETRIES", "4"));
    assert_eq!(hangs_up.is_sent(&mallory, &[], variable), 4);
    assert_eq!(hangs_up.is_sent(&mallory, &["--retries", "1"], variable), 1);

    // Who waits for an hour does not end in a test.
    let (mut sockets, flag) = (Vec::new(), ["--handshake-timeout", "1"]);
    let is_silent = Nobody::new(move |socket| sockets.push(socket));
    set(&mallory, "retries = 1");
    set(&mallory, "handshake-timeout = 1");
    assert_eq!(is_silent.is_sent(&mallory, &[], None), 1);
    set(&mallory, "handshake-timeout = 3600");
    let variable = |seconds| Some(("WAXWING_HANDSHAKE_TIMEOUT", seconds));
    assert_eq!(is_silent.is_sent(&mallory, &[], variable("1")), 1);
    assert_eq!(is_silent.is_sent(&mallory, &flag, variable("3600")), 1);
    for (flag, wrong, most) in [
        ("--handshake-timeout", "0", 3600),
        ("--answer-timeout", "3601", 3600),
        ("--decide-minutes", "1441", 1440),
    ] {
        let err = mallory.run(&["people", flag, wrong]).failed(2);
        let told = format!("{flag}: {wrong} must be a number from 1 to {most}");
        assert!(err.contains(&told), "{err}");
    }
}
