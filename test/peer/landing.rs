//! Where proven files get their names: never in the place of anything that nobody said, and never
//! anywhere else.

use crate::keys::{NOW, alice, bob, skipped};
use crate::stage::{MIB, bytes_of, path};
use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};
use tempfile::{TempDir, tempdir};
use waxwing::link::Destination;
use waxwing::model::{Content, Entry, Modified};
use waxwing::peer::{Batch, Error, LandError, Landed, Landing, Look, Rules, Standing, Target};
use waxwing::seal::{Context, EntryProof, Envelope, Expected, open_bytes, seal_bytes};

const OVERWRITE: Rules = Rules { overwrite: true, programs: false };

fn entry(name: &str, bytes: &[u8]) -> Entry {
    let modified = Modified::from_nanos(1_700_000_000_123_456_789);
    Entry::new(path(name), bytes.len() as u64, modified).unwrap()
}

/// Files that Alice sealed for Bob.
fn proven(files: &[(Entry, &[u8])]) -> Vec<EntryProof> {
    let (alice, bob, context) = (alice(), bob(), Context::from_bytes([7; 32]));
    let to = bob.certificate().verify(bob.signing().verifying_key(), NOW).unwrap();
    let envelope = Envelope { to: &to, from: alice.signing(), context, created: NOW };
    let expected = Expected {
        sender: alice.signing().verifying_key(),
        receiver: bob.fingerprint(),
        epoch: bob.epoch(),
        context,
        max_data: 1 << 30,
        max_manifest: 16 << 20,
    };
    let sealed = seal_bytes(files, envelope).unwrap();
    let opened = open_bytes(&sealed, &expected, bob.sealing()).unwrap();
    opened.into_iter().map(|(proof, _)| proof).collect()
}

fn batch_for(landing: &Landing, files: &[(Entry, &[u8])]) -> Batch {
    let target = |(entry, _): &(Entry, &[u8])| Target {
        path: entry.path().clone(),
        size: entry.size(),
        look: None,
    };
    let batch = landing.begin(files.iter().map(target).collect()).unwrap();
    for (number, (_, bytes)) in (0..).zip(files).filter(|(_, (_, bytes))| !bytes.is_empty()) {
        let (one, other) = bytes.split_at(bytes.len() / 2);
        batch.put(number, one.len() as u64, other).unwrap();
        batch.put(number, 0, one).unwrap();
    }
    batch
}

fn land_files(at: &Path, rules: Rules, files: &[(Entry, &[u8])]) -> Vec<Result<Landed, LandError>> {
    let landing = Landing::in_folder(at, rules).unwrap();
    batch_for(&landing, files).land(&proven(files), NOW).unwrap()
}

fn land_one(at: &Path, rules: Rules, name: &str, bytes: &[u8]) -> Result<Landed, LandError> {
    land_files(at, rules, &[(entry(name, bytes), bytes)]).remove(0)
}

fn names(at: &Path) -> Vec<String> {
    let entries = fs::read_dir(at).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_is_there_already_stays_as_it_is() {
    let to = tempdir().unwrap();
    let at = to.path().join("a");
    assert!(matches!(land_one(to.path(), Rules::default(), "a", b"bytes"), Ok(Landed::New)));
    let inode = fs::metadata(&at).unwrap().ino();
    for rules in [Rules::default(), OVERWRITE] {
        assert!(matches!(land_one(to.path(), rules, "a", b"bytes"), Ok(Landed::Already)));
        assert_eq!(fs::metadata(&at).unwrap().ino(), inode);
    }
    for other in [&b"other"[..], b"", b"longer bytes"] {
        let landed = land_one(to.path(), Rules::default(), "a", other);
        assert!(matches!(landed, Err(LandError::Taken)), "{landed:?}");
        assert_eq!(fs::read(&at).unwrap(), b"bytes");
    }
    assert_eq!(names(to.path()), ["a"]);
}

#[test]
fn only_a_regular_file_is_replaced_and_only_when_that_was_said() {
    let (to, outside) = (tempdir().unwrap(), tempdir().unwrap());
    let at = |name: &str| to.path().join(name);
    fs::write(at("file"), b"old").unwrap();
    fs::create_dir(at("folder")).unwrap();
    fs::write(outside.path().join("target"), b"outside").unwrap();
    symlink(outside.path().join("target"), at("link")).unwrap();
    symlink(outside.path().join("nowhere"), at("dangling")).unwrap();
    for name in ["folder", "link", "dangling"] {
        for rules in [Rules::default(), OVERWRITE] {
            let landed = land_one(to.path(), rules, name, b"new");
            assert!(matches!(landed, Err(LandError::InTheWay)), "{name} {landed:?}");
        }
    }
    assert!(matches!(land_one(to.path(), OVERWRITE, "file", b"new"), Ok(Landed::Replaced)));
    assert_eq!(fs::read(at("file")).unwrap(), b"new");
    assert!(at("folder").is_dir() && at("link").is_symlink() && at("dangling").is_symlink());
    assert_eq!(fs::read(outside.path().join("target")).unwrap(), b"outside");
    assert_eq!(names(outside.path()), ["target"]);
    assert_eq!(names(to.path()), ["dangling", "file", "folder", "link"]);
}

#[test]
fn no_link_and_no_file_is_walked_through() {
    let (to, outside) = (tempdir().unwrap(), tempdir().unwrap());
    let at = |name: &str| to.path().join(name);
    fs::create_dir(at("inside")).unwrap();
    fs::write(at("file"), b"file").unwrap();
    symlink(outside.path(), at("out")).unwrap();
    symlink("inside", at("in")).unwrap();
    for name in ["out/a", "in/a", "file/a", "out/new/a"] {
        for rules in [Rules::default(), OVERWRITE] {
            let landed = land_one(to.path(), rules, name, b"bytes");
            assert!(matches!(landed, Err(LandError::InTheWay)), "{name} {landed:?}");
        }
        let landing = Landing::in_folder(to.path(), OVERWRITE).unwrap();
        assert_eq!(landing.standing(&path(name), None).unwrap(), Standing::InTheWay);
    }
    assert_eq!((names(outside.path()).len(), names(&at("inside")).len()), (0, 0));
    assert_eq!(fs::read(at("file")).unwrap(), b"file");
}

#[test]
fn a_link_planted_after_the_first_look_is_not_followed() {
    let (to, outside) = (tempdir().unwrap(), tempdir().unwrap());
    let files = [(entry("sub/a", b"bytes"), &b"bytes"[..])];
    let landing = Landing::in_folder(to.path(), Rules::default()).unwrap();
    let batch = batch_for(&landing, &files);
    symlink(outside.path(), to.path().join("sub")).unwrap();
    let landed = batch.land(&proven(&files), NOW).unwrap();
    assert!(matches!(landed[..], [Err(LandError::InTheWay)]), "{landed:?}");
    assert_eq!(names(outside.path()).len(), 0);
}

#[test]
fn nothing_stays_beside_what_landed_however_long_somebody_still_holds_it() {
    let to = tempdir().unwrap();
    let files = [(entry("a", b"bytes"), &b"bytes"[..])];
    let landing = Landing::in_folder(to.path(), Rules::default()).unwrap();
    let (landed, discarded) = (batch_for(&landing, &files), batch_for(&landing, &files));
    assert_eq!(names(to.path()).len(), 2);
    landed.land(&proven(&files), NOW).unwrap();
    discarded.discard();
    assert_eq!(names(to.path()), ["a"]);
    drop((landed, discarded));
}

#[test]
fn what_stands_in_a_place_is_told_before_anything_comes() {
    let to = tempdir().unwrap();
    let landing = Landing::in_folder(to.path(), Rules::default()).unwrap();
    fs::write(to.path().join("a"), b"bytes").unwrap();
    let standing = |name: &str, content| landing.standing(&path(name), content).unwrap();
    assert_eq!(standing("a", Some(Content::of(b"bytes"))), Standing::Same);
    assert_eq!(standing("a", Some(Content::of(b"other"))), Standing::Other);
    assert_eq!(standing("a", None), Standing::Other);
    assert_eq!(standing("b", None), Standing::Free);
    assert_eq!(standing("c/d", None), Standing::Free);
    assert_eq!(standing("a/b", None), Standing::InTheWay);
}

#[test]
fn times_and_modes_are_believed_as_far_as_they_are_harmless() {
    let day = 24 * 3600;
    let claims = [(0, 315_532_800), (1_234_567_890, 1_234_567_890), (1 << 33, NOW.0 + day)];
    let to = tempdir().unwrap();
    for (at, (seconds, expected)) in claims.into_iter().enumerate() {
        let modified = Modified::from_nanos(seconds * 1_000_000_000);
        for (programs, mode) in [(false, 0o644), (true, 0o755)] {
            let name = format!("{at}-{programs}");
            let entry = Entry::new(path(&name), 1, modified).unwrap().executable(true);
            let rules = Rules { programs, ..Rules::default() };
            land_files(to.path(), rules, &[(entry, b"x")]).remove(0).unwrap();
            let about = fs::metadata(to.path().join(&name)).unwrap();
            assert_eq!(about.mtime() as u64, expected, "{name}");
            assert_eq!(about.permissions().mode() & 0o7777, mode, "{name}");
        }
    }
    // Nothing that is no program becomes one.
    let rules = Rules { programs: true, ..Rules::default() };
    land_one(to.path(), rules, "plain", b"x").unwrap();
    let mode = fs::metadata(to.path().join("plain")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o644);
}

#[test]
fn what_came_in_one_piece_looks_as_it_is_proven_to() {
    let (to, bytes) = (tempdir().unwrap(), b"bytes".as_slice());
    let files = ["as said", "otherwise"].map(|name| (entry(name, bytes), bytes));
    let landing =
        Landing::in_folder(to.path(), Rules { overwrite: false, programs: true }).unwrap();
    let said = Look::of(&files[0].0, NOW);
    let other = Look { is_program: true, modified: Modified::from_nanos(1_000_000_000) };
    let targets = files.iter().zip([said, other]).map(|((entry, _), look)| Target {
        path: entry.path().clone(),
        size: entry.size(),
        look: Some(look),
    });
    let batch = landing.begin(targets.collect()).unwrap();
    (0..2).for_each(|number| batch.put(number, 0, bytes).unwrap());
    assert!(batch.land(&proven(&files), NOW).unwrap().iter().all(Result::is_ok));
    for name in ["as said", "otherwise"] {
        let about = fs::metadata(to.path().join(name)).unwrap();
        assert_eq!(about.mode() & 0o777, 0o644, "{name}");
        assert_eq!((about.mtime(), about.mtime_nsec()), (1_700_000_000, 123_456_789), "{name}");
    }
}

#[test]
fn files_land_in_their_folders_in_whatever_order() {
    let to = tempdir().unwrap();
    let order = ["a/b/1", "a/b/2", "top", "a/b/3", "a/4", "a/c/5", "a/b/6", "b/7", "a/b/c/8"];
    let files: Vec<_> = order.iter().map(|at| (entry(at, at.as_bytes()), at.as_bytes())).collect();
    let landing = Landing::in_folder(to.path(), Rules::default()).unwrap();
    let landed = batch_for(&landing, &files).land(&proven(&files), NOW).unwrap();
    assert!(landed.iter().all(Result::is_ok), "{landed:?}");
    for at in order {
        assert_eq!(fs::read_to_string(to.path().join(at)).unwrap(), at);
    }
}

#[test]
fn the_umask_is_heeded() {
    let script = format!("umask 027; exec \"$0\" {}", child("landing::under_an_umask"));
    assert_passes(&Command::new("sh").args(["-c", &script]).arg(this_program()).output().unwrap());
}

#[test]
#[ignore = "started by another, under an umask"]
fn under_an_umask() {
    let to = tempdir().unwrap();
    land_one(to.path(), Rules::default(), "sub/a", b"x").unwrap();
    let mode =
        |name: &str| fs::metadata(to.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("sub/a"), mode("sub")), (0o640, 0o750));
}

#[test]
fn a_file_without_its_bytes_gets_no_name() {
    let to = tempdir().unwrap();
    let landing = Landing::in_folder(to.path(), Rules::default()).unwrap();
    let files = [(entry("a", b"bytes"), &b"bytes"[..]), (entry("b", b""), b"")];
    let proofs = proven(&files);
    let target = |name: &str, size| Target { path: path(name), size, look: None };
    // Nothing came; another size was expected; more proofs than files.
    let nothing = landing.begin(vec![target("a", 5), target("b", 0)]).unwrap();
    let landed = nothing.land(&proofs, NOW).unwrap();
    assert!(matches!(landed[..], [Err(LandError::Proof), Ok(Landed::New)]), "{landed:?}");
    let other = landing.begin(vec![target("a", 4)]).unwrap();
    other.put(0, 0, b"byte").unwrap();
    let landed = other.land(&proofs, NOW).unwrap();
    assert!(matches!(landed[..], [Err(LandError::Proof), Err(LandError::Proof)]), "{landed:?}");
    for (entry, offset, bytes) in
        [(0, 0, &b"bytes"[..]), (0, 4, b"x"), (1, 0, b""), (0, u64::MAX, b"x")]
    {
        other.put(entry, offset, bytes).unwrap_err();
    }
    drop((nothing, other));
    assert_eq!(names(to.path()), ["b"]);
}

#[test]
fn two_files_with_one_place_are_refused() {
    let to = tempdir().unwrap();
    let landing = Landing::in_folder(to.path(), OVERWRITE).unwrap();
    let target = |name: &str| Target { path: path(name), size: 0, look: None };
    for (one, other) in [("a", "a"), ("a", "A"), ("a", "a/b")] {
        let begun = landing.begin(vec![target(one), target(other)]);
        assert!(matches!(begun, Err(Error::Together(_))), "{one} {other}");
    }
    assert_eq!(names(to.path()).len(), 0);
}

#[test]
fn what_is_dropped_is_gone_and_what_was_killed_is_swept() {
    let to = tempdir().unwrap();
    let landing = Landing::in_folder(to.path(), Rules::default()).unwrap();
    let files = [(entry("a", b"bytes"), &b"bytes"[..])];
    let living = batch_for(&landing, &files);
    let [private] = &names(to.path())[..] else { panic!("one private folder") };
    let mode = fs::metadata(to.path().join(private)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);

    // What others left: with a lock that nobody holds, and before it was made.
    let leave = |name: &str| {
        fs::create_dir(to.path().join(name)).unwrap();
        to.path().join(name)
    };
    let killed = leave(".waxwing-killed");
    fs::write(killed.join("lock"), b"").unwrap();
    fs::write(killed.join("0"), b"part").unwrap();
    leave(".waxwing-early");
    fs::write(to.path().join("mine"), b"").unwrap();
    fs::write(to.path().join(".waxwing-file"), b"").unwrap();
    let outside: TempDir = tempdir().unwrap();
    fs::write(outside.path().join("lock"), b"").unwrap();
    symlink(outside.path(), to.path().join(".waxwing-link")).unwrap();

    Landing::in_folder(to.path(), Rules::default()).unwrap();
    let mut left = [".waxwing-file", ".waxwing-link", private.as_str(), "mine"];
    left.sort_unstable();
    assert_eq!(names(to.path()), left);
    assert_eq!(names(outside.path()), ["lock"]);
    let landed = living.land(&proven(&files), NOW).unwrap();
    assert!(matches!(landed[..], [Ok(Landed::New)]));
    drop(living);
    assert_eq!(names(to.path()), [".waxwing-file", ".waxwing-link", "a", "mine"]);
}

#[test]
fn many_files_in_many_folders_land_as_one_batch() {
    let contents: Vec<_> = (0..400).map(|seed| bytes_of(seed, 1000)).collect();
    let file =
        |(at, bytes): (usize, &'static [u8])| (entry(&format!("{}/{at}", at % 20), bytes), bytes);
    let files: Vec<_> =
        contents.iter().map(|bytes| &*bytes.clone().leak()).enumerate().map(file).collect();
    let to = tempdir().unwrap();
    let landed = land_files(to.path(), Rules::default(), &files);
    assert!(landed.iter().all(|landed| matches!(landed, Ok(Landed::New))));
    for (entry, bytes) in &files {
        assert!(fs::read(to.path().join(entry.path().as_str())).unwrap() == *bytes);
    }
    assert_eq!(names(to.path()).len(), 20);
}

#[test]
fn a_folder_that_is_moved_while_files_land_in_it_takes_along_what_has_landed_and_no_more() {
    let contents: Vec<_> = (0..1000).map(|seed| bytes_of(seed, 100)).collect();
    let files = contents.iter().enumerate();
    let files: Vec<(Entry, &[u8])> =
        files.map(|(at, bytes)| (entry(&format!("zoo/{at:04}"), bytes), &**bytes)).collect();
    let to = tempdir().unwrap();
    let (zoo, moved) = (to.path().join("zoo"), to.path().join("moved"));
    let landing = Landing::in_folder(to.path(), Rules::default()).unwrap();
    let (batch, proofs) = (batch_for(&landing, &files), proven(&files));
    let landed = std::thread::scope(|scope| {
        // As soon as it is there.
        scope.spawn(|| while fs::rename(&zoo, &moved).is_err() {});
        batch.land(&proofs, NOW).unwrap()
    });
    assert!(landed.iter().all(|landed| matches!(landed, Ok(Landed::New))), "{landed:?}");
    let (went, stayed) = (names(&moved), names(&zoo));
    println!("{} went, {} stayed", went.len(), stayed.len());
    assert!(!stayed.is_empty() && stayed.last() > went.last(), "{} went", went.len());
    let mut all = [went, stayed].concat();
    all.sort();
    assert!(all.iter().enumerate().all(|(at, name)| *name == format!("{at:04}")), "{all:?}");
    assert_eq!(all.len(), files.len());
}

#[test]
fn a_full_disk_is_seen_before_and_survived_meanwhile() {
    let to = tempdir().unwrap();
    let mount = format!("mount -t tmpfs -o size=2m none '{}'", to.path().display());
    let can = Command::new("unshare").args(["-rm", "sh", "-c", &mount]).output();
    if !can.is_ok_and(|can| can.status.success()) {
        return skipped("no private mounts here");
    }
    let script = format!("{mount} && exec \"$0\" {}", child("landing::on_a_small_disk"));
    let mut command = Command::new("unshare");
    let command = command.args(["-rm", "sh", "-c", &script]).arg(this_program());
    assert_passes(&command.env("SMALL_DISK", to.path()).output().unwrap());
}

#[test]
#[ignore = "started by another, with a small disk"]
fn on_a_small_disk() {
    let to = std::env::var_os("SMALL_DISK").unwrap();
    let to = Path::new(&to);
    let landing = Landing::in_folder(to, Rules::default()).unwrap();
    let target = |size| vec![Target { path: path("a"), size, look: None }];
    let Err(Error::NoSpace { needed, free }) = landing.begin(target(1 << 40)) else { panic!() };
    assert_eq!(needed, 1 << 40);
    assert!((1 << 20..2 << 20).contains(&free), "{free}");

    let batch = landing.begin(target(MIB as u64)).unwrap();
    File::create(to.join("mine")).unwrap();
    fs::write(to.join("mine"), vec![0; 3 * MIB / 2]).unwrap();
    let written = (0..16).try_for_each(|at| batch.put(0, at << 16, &[7; 1 << 16]));
    assert_eq!(written.unwrap_err().kind(), std::io::ErrorKind::StorageFull);
    drop(batch);
    assert_eq!(names(to), ["mine"]);
    fs::remove_file(to.join("mine")).unwrap();
    land_one(to, Rules::default(), "a", &bytes_of(1, MIB)).unwrap();
}

pub(crate) fn this_program() -> std::path::PathBuf {
    std::env::current_exe().unwrap()
}

/// How this program is told to run one test that waits to be started.
pub(crate) fn child(test: &str) -> String {
    format!("--exact {test} --ignored --nocapture")
}

pub(crate) fn assert_passes(run: &Output) {
    let out = String::from_utf8_lossy(&run.stdout).into_owned();
    let told = format!("{out}{}", String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success() && out.contains("1 passed"), "{told}");
}
