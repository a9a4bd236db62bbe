//! What happens.

use super::samples::{ALICE, BOB, FILM_BYTES, put};
use super::stage::{Stage, failed};
use serde::Serialize;
use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};
use waxwing::ui::{Exit, Failure, Table, bytes};

/// Plays all of it, and shows in a table what held.
pub(super) fn play(stage: &Stage) -> Result<(), Failure> {
    let begun = Instant::now();
    let mut held = Held::default();
    stage.printer.headline("An index and two people, each a program of their own.");
    stage
        .printer
        .result(format!("They live in {} and leave nothing behind.", stage.folder.display()));

    let invitation = begin_index(stage)?;
    join_both(stage, &invitation)?;
    let at = invitation.trim_start_matches("waxwing://").split('#').next().unwrap_or_default();
    held.note(stage, "an index began, and two people joined it", format!("at {at}"));
    let shared = share(stage)?;
    held.note(stage, "alice shares a folder and is online", shared);

    let koala = find_and_get(stage)?;
    held.note(stage, "bob found a file, and has it", compared(&koala, &of_alice(stage, KOALA))?);
    held.note(stage, "whose signature it bears is known", signed(stage, &koala)?);
    held.note(stage, "a copy that was tampered with is refused", tampered(stage, &koala)?);
    held.note(stage, "a transfer killed half-way names no file", killed(stage)?);
    expect(stage.show("bob", &["get", &format!("alice:{FILM}")])?, 0, "bob's second try")?;
    let film = stage.home("bob").join("downloads/film.bin");
    held.note(stage, "asked again, all of it came", compared(&film, &of_alice(stage, FILM))?);

    let mut table = Table::new(&["what", "how"]);
    held.0.iter().for_each(|(what, how)| table.row([*what, how.as_str()]));
    stage.printer.result("");
    stage.printer.table(table);
    let took = begun.elapsed().as_secs_f64();
    stage.printer.result("");
    stage.printer.result(format!("All of it held, in {took:.1} seconds. Now with your own files:"));
    stage.printer.result("    client join INVITATION     and then     client share add FOLDER");
    Ok(())
}

/// What held until now.
#[derive(Default)]
struct Held(Vec<(&'static str, String)>);

#[derive(Serialize)]
struct Step<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    what: &'a str,
    how: &'a str,
}

impl Held {
    fn note(&mut self, stage: &Stage, what: &'static str, how: String) {
        stage.printer.object(&Step { kind: "held", what, how: &how });
        self.0.push((what, how));
    }
}

fn begin_index(stage: &Stage) -> Result<String, Failure> {
    stage.make_home("index")?;
    stage.begin(&mut stage.index())
}

/// Both at once: keys take some seconds to make.
fn join_both(stage: &Stage, invitation: &str) -> Result<(), Failure> {
    for (who, files) in [("alice", ALICE), ("bob", BOB)] {
        put(files, &stage.make_home(who)?.join("share")).map_err(failed)?;
    }
    let join = |who| {
        fs::write(stage.home(who).join("password"), PASSWORD).map_err(failed)?;
        let secret = ["--password-file", "password", "--no-passphrase"];
        let typed = [&["join", invitation, "--user", who][..], &secret].concat();
        succeed(stage.run(&mut stage.command(who, &typed))?, &format!("{who} joins"))
    };
    std::thread::scope(|scope| {
        let alice = scope.spawn(|| join("alice"));
        let bob = join("bob");
        let alice = alice.join().map_err(|_| Failure::new(Exit::Error, "alice fell silent"))?;
        alice.and(bob)
    })
}

fn share(stage: &Stage) -> Result<String, Failure> {
    crate::samples::write(&of_alice(stage, FILM), FILM_BYTES).map_err(failed)?;
    expect(stage.show("alice", &["share", "add", "share"])?, 0, "alice's sharing")?;
    stage.begin(&mut stage.command("alice", &["serve", "--json"]))?;
    Ok(format!("{} files", ALICE.len().saturating_add(1)))
}

fn find_and_get(stage: &Stage) -> Result<PathBuf, Failure> {
    expect(stage.show("bob", &["search", "koala", "ppm"])?, 0, "bob's search")?;
    expect(stage.show("bob", &["get", "1"])?, 0, "bob's fetching")?;
    Ok(stage.home("bob").join("downloads/koala.ppm"))
}

/// Bob compares the words with Alice, who sees the same, and asks who sent the file.
fn signed(stage: &Stage, koala: &Path) -> Result<String, Failure> {
    expect(stage.show("bob", &["verify", "alice", "--yes"])?, 0, "bob's comparing")?;
    expect(stage.show("bob", &["verify", &koala.display().to_string()])?, 0, "the receipt")?;
    Ok("sent and signed by alice, whose words were compared".to_owned())
}

/// One bit of a copy is another one: it is not what Alice signed.
fn tampered(stage: &Stage, koala: &Path) -> Result<String, Failure> {
    let copy = stage.make_home("bob/copy")?.join("koala.ppm");
    let mut content = fs::read(koala).map_err(failed)?;
    if let Some(byte) = content.last_mut() {
        *byte ^= 1;
    }
    fs::write(&copy, content).map_err(failed)?;
    let exit = stage.show("bob", &["verify", &copy.display().to_string()])?;
    fs::remove_file(&copy).map_err(failed)?;
    let refused = Exit::Verification.code();
    expect(exit, refused, "the look at a copy that was tampered with")?;
    Ok(format!("one bit changed, exit code {refused}"))
}

/// Bob's program is killed while a long file comes.
fn killed(stage: &Stage) -> Result<String, Failure> {
    let typed = ["get", &format!("alice:{FILM}")];
    stage.printer.result("");
    stage.printer.headline(format!("bob$ client {}        (killed half-way)", typed.join(" ")));
    let mut command = stage.command("bob", &typed);
    let downloads = stage.home("bob").join("downloads");
    let (begun, came) = (Instant::now(), Cell::new(0));
    stage.kill(&mut command, || {
        came.set(coming(&downloads));
        came.get() >= FILM_BYTES / 8 || begun.elapsed() > PATIENCE
    })?;
    if downloads.join("film.bin").exists() {
        return Ok("it was quicker than the killer".to_owned());
    }
    Ok(format!("after {} of {}: no file of that name", bytes(came.get()), bytes(FILM_BYTES)))
}

/// How many bytes of files without a final name there are.
fn coming(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let hidden = entries.flatten().filter(|entry| {
        entry.file_name().to_str().is_some_and(|name| name.starts_with(".waxwing-"))
    });
    hidden.map(|entry| size_on_disk(&entry.path())).sum()
}

fn size_on_disk(path: &Path) -> u64 {
    let Ok(about) = path.symlink_metadata() else { return 0 };
    if about.is_dir() {
        let inside = fs::read_dir(path).into_iter().flatten().flatten();
        return inside.map(|entry| size_on_disk(&entry.path())).sum();
    }
    #[cfg(unix)]
    return std::os::unix::fs::MetadataExt::blocks(&about).saturating_mul(512);
    #[cfg(not(unix))]
    return about.len();
}

/// Whether two files are the same, byte for byte.
fn compared(one: &Path, other: &Path) -> Result<String, Failure> {
    let read = |path: &Path| {
        fs::read(path).map_err(|error| failed(format!("{}: {error}", path.display())))
    };
    let (one, other) = (read(one)?, read(other)?);
    if one != other {
        return Err(Failure::new(Exit::Verification, "what came is not what was shared"));
    }
    Ok(format!("{}, byte for byte the same", bytes(one.len() as u64)))
}

fn of_alice(stage: &Stage, object: &str) -> PathBuf {
    stage.home("alice").join(object)
}

fn expect(exit: u8, wanted: u8, what: &str) -> Result<(), Failure> {
    match exit == wanted {
        true => Ok(()),
        false => Err(Failure::new(Exit::Error, format!("{what} ended with exit code {exit}"))),
    }
}

fn succeed((status, said): (ExitStatus, String), what: &str) -> Result<(), Failure> {
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(Exit::Error, format!("{what}, and it fails: {}", said.trim())))
}

const KOALA: &str = "share/animals/koala.ppm";
const FILM: &str = "share/films/film.bin";
const PASSWORD: &str = "correct horse battery staple\n";
/// A machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);
