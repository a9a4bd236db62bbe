//! Two machines, as network namespaces with a cable between them.

use crate::keys::skipped;
use crate::stage::{Done, Machine, Running};
use crate::town::{Home, PASSWORD, Serving, Town};
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// Two network namespaces of one user namespace. They are there as long as a process is in each.
struct Machines {
    here: Child,
    there: Child,
}

impl Machines {
    /// None where the system does not let us make them.
    fn new() -> Option<Self> {
        let stays = "ip link set lo up && echo ready && exec cat";
        let mut unshare = Command::new("unshare");
        let here = ready(unshare.args(["--user", "--map-root-user", "--net", "sh", "-c", stays]))?;
        let mut beside = inside(&here, Command::new("unshare"));
        let there = ready(beside.args(["--net", "sh", "-c", stays]))?;
        let cable = format!("ip link add cable type veth peer name cable netns {}", there.id());
        let plug = |address: &str| {
            format!("ip address add {address}/24 dev cable && ip link set cable up")
        };
        let commands = [(&here, cable), (&here, plug(HERE)), (&there, plug(THERE))];
        let is_done = |(machine, command): &(&Child, String)| {
            let mut shell = Command::new("sh");
            shell.args(["-c", command]);
            inside(machine, shell).status().is_ok_and(|status| status.success())
        };
        commands.iter().all(is_done).then_some(Self { here, there })
    }
}

impl Drop for Machines {
    fn drop(&mut self) {
        for machine in [&mut self.there, &mut self.here] {
            let _ = machine.kill();
            let _ = machine.wait();
        }
    }
}

fn ready(command: &mut Command) -> Option<Child> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    let mut line = String::new();
    let read = BufReader::new(child.stdout.as_mut()?).read_line(&mut line);
    (read.is_ok() && line == "ready\n").then_some(child)
}

/// The same command, on this machine.
fn inside(machine: &Child, command: Command) -> Command {
    let mut entering = Command::new("nsenter");
    entering.args([
        "--target",
        &machine.id().to_string(),
        "--user",
        "--preserve-credentials",
        "--net",
    ]);
    entering.arg("--").arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        value.map(|value| entering.env(name, value));
    }
    if let Some(folder) = command.get_current_dir() {
        entering.current_dir(folder);
    }
    entering.stdin(Stdio::null());
    entering
}

#[test]
fn people_on_two_machines_get_from_each_other_also_from_beside_the_index() {
    let Some(machines) = Machines::new() else {
        return skipped("network namespaces cannot be made here");
    };
    let machine = Machine::with_keys();
    fs::write(machine.at("password"), format!("{PASSWORD}\n")).unwrap();
    let listening = ["--data", "data", "--listen", "0.0.0.0:0", "--host", HERE, "--open-joining"];
    let index = Running::of(&mut inside(&machines.here, machine.command(&listening)));
    let town = Town { machine, index };
    let invitation = town.invitation();
    assert!(invitation.contains(HERE), "{invitation}");
    // Beside the index, one may call it as its owner does.
    let beside = invitation.replace(HERE, "127.0.0.1");
    let (bob, mallory) = (town.home("bob"), town.home("mallory"));
    let run = |on: &Child, who: &Home<'_>, words: &[&str]| {
        Done::of(&mut inside(on, who.command(words))).ok()
    };
    for (on, who, name, invitation) in [
        (&machines.here, &bob, "bob", &beside),
        (&machines.there, &mallory, "mallory", &invitation),
    ] {
        who.give_keys(name);
        run(on, who, &["join", invitation, "--user", name, "--password-file", "password"]);
        let file = who.write(&format!("things/of-{name}"), name.as_bytes());
        run(on, who, &["share", "add", file.parent().unwrap().to_str().unwrap()]);
    }
    let serve = |on: &Child, who: &Home<'_>| {
        Serving::of(&mut inside(on, who.command(&["serve", "--json"])))
    };
    let at = |serving: &Serving| serving.first["address"].as_str().unwrap().to_owned();
    let (bobs, mallorys) = (serve(&machines.here, &bob), serve(&machines.there, &mallory));
    assert!(at(&mallorys).starts_with(THERE), "{}", at(&mallorys));
    run(&machines.there, &mallory, &["get", "bob:things/of-bob"]);
    run(&machines.here, &bob, &["get", "mallory:things/of-mallory"]);
    assert_eq!(fs::read(mallory.path.join("downloads/of-bob")).unwrap(), b"bob");
    assert_eq!(fs::read(bob.path.join("downloads/of-mallory")).unwrap(), b"mallory");
    drop(bobs);
}

const HERE: &str = "10.77.0.1";
const THERE: &str = "10.77.0.2";
