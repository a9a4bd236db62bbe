//! What the index's owner sees of what people share, and of their keys.

use crate::stage::is_recent;
use crate::town::Town;
use serde_json::{Value, json};

#[test]
fn the_owner_sees_shares_and_the_key_directory_with_a_server_and_without() {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    let nothing = town.machine.verb(&["shares"]);
    assert!(nothing.err.contains("Nothing is shared."), "{nothing:?}");
    let zoo = bob.write("zoo/koala.txt", b"a koala");
    bob.write("zoo/young/joey.txt", b"a joey");
    let letter = bob.write("letter.txt", b"dear mallory");
    let notes = mallory.write("notes.txt", b"notes");
    bob.run(&["share", "add", zoo.parent().unwrap().to_str().unwrap()]).ok();
    bob.run(&["share", "add", letter.to_str().unwrap(), "--to", "mallory"]).ok();
    mallory.run(&["share", "add", notes.to_str().unwrap()]).ok();
    let serving = bob.serve();

    let list = |arguments: &[&str]| {
        let rows = town.machine.verb(&[arguments, &["--json"]].concat()).objects();
        let without_version = |mut row: Value| {
            let version = row.as_object_mut().unwrap().remove("version");
            assert!(version.is_none_or(|version| version.as_u64() > Some(0)), "{row}");
            row
        };
        rows.into_iter().map(without_version).collect::<Vec<_>>()
    };
    let share = |owner: &str, name: &str, to: &str, entries: u64, bytes: u64| {
        json!({"type": "share", "owner": owner, "name": name, "to": to, "entries": entries,
            "bytes": bytes})
    };
    let all = [
        share("bob", "letter.txt", "mallory", 1, 12),
        share("bob", "zoo", "everyone", 2, 13),
        share("mallory", "notes.txt", "everyone", 1, 5),
    ];
    assert_eq!(list(&["shares"]), all);
    assert_eq!(list(&["shares", "--of", "bob"]), all[..2]);
    assert_eq!(
        list(&["shares", "--limit", "2"]),
        [all[0].clone(), all[1].clone(), json!({"type": "more", "told": 2})]
    );
    let table = town.machine.verb(&["shares"]).ok();
    assert!(table.starts_with("owner") && table.contains("13 bytes"), "{table}");
    let err = town.machine.verb(&["shares", "--of", "nobody"]).failed(3);
    assert!(err.contains("nobody is called nobody"), "{err}");

    // Who is online is so now, and not never.
    let users = town.machine.verb(&["users", "--json"]).objects();
    assert_eq!((&users[0]["online"], &users[1]["online"]), (&true.into(), &false.into()));
    let table = town.machine.verb(&["users"]).ok();
    let line = |name: &str| table.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert!(line("bob").contains("  now ") && !line("mallory").contains("  now "), "{table}");
    drop(serving);

    mallory.run(&["keys", "rotate", "--password-file", "password"]).ok();
    town.machine.verb(&["users", "--close", "bob"]).ok();
    let Town { machine, index } = town;
    let mut index = Some(index);
    for _ in 0..2 {
        let rows = machine.verb(&["directory", "--json"]).objects();
        let told = |row: &Value| {
            assert_eq!(row["type"], "entry");
            assert!(is_recent(&row["time"]), "{row}");
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            format!("{} {} {}", row["number"], text("name"), text("what"))
        };
        let told: Vec<_> = rows.iter().map(told).collect();
        assert_eq!(told, ["0 bob joined", "1 mallory joined", "2 mallory rotated", "3 bob closed"]);
        assert_eq!(rows[0]["identity"], rows[3]["identity"]);
        assert_ne!(rows[1]["identity"], rows[2]["identity"]);
        let of_bob = machine.verb(&["directory", "--of", "bob", "--json"]).objects();
        assert_eq!(of_bob, [rows[0].clone(), rows[3].clone()]);
        let two = ["directory", "--from", "1", "--limit", "2", "--json"];
        let more = json!({"type": "more", "told": 2});
        assert_eq!(machine.verb(&two).objects(), [rows[1].clone(), rows[2].clone(), more]);
        let err = machine.verb(&["directory", "--of", "nobody"]).failed(3);
        assert!(err.contains("the key directory has nothing of nobody"), "{err}");
        // With bob's account went his shares.
        assert_eq!(machine.verb(&["shares", "--json"]).objects().len(), 1);
        // And once more on the data alone.
        if let Some(index) = index.take() {
            index.stop();
        }
    }
}
