//! What is shown of a file that others have, by the index and by themselves.

use crate::town::Town;
use rustix::process::Signal;
use serde_json::json;

#[test]
fn a_result_says_which_file_by_which_words_whose_where_and_under_which_key() {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    bob.write("zoo/animals/koala.jpg", b"a koala");
    let zoo = bob.path.join("zoo");
    bob.run(&["share", "add", zoo.to_str().unwrap(), "--keyword", "pictures"]).ok();
    let serving = bob.serve();
    let (at, key) = (&serving.first["address"], &bob.objects(&["whoami"])[0]["fingerprint"]);
    let found = mallory.objects(&["search", "koala", "pictures"]);
    let [result] = &found[..] else { panic!("{found:?}") };
    let source = &result["sources"][0];
    assert_eq!(source["object"], "bob:zoo/animals/koala.jpg");
    assert_eq!(source["keywords"], json!(["pictures", "zoo", "animals"]));
    assert_eq!((&source["owner"], &source["online"]), (&json!("bob"), &json!(true)));
    assert_eq!((&source["addresses"], &source["fingerprint"]), (&json!([at]), key));
    // The same, for people.
    let table = mallory.run(&["search", "koala", "-v"]).ok();
    let (at, key) = (at.as_str().unwrap(), key.as_str().unwrap());
    for told in ["bob:zoo/animals/koala.jpg", "7 bytes", "pictures, zoo, animals", at, key] {
        assert!(table.contains(told), "{told} is not in\n{table}");
    }
}

#[test]
fn a_search_takes_sizes_with_units_and_goes_on_where_it_was_begun() {
    let town = Town::new();
    let bob = town.joined("bob");
    let koala = bob.write("koala.txt", &[7; 2000]);
    bob.run(&["share", "add", koala.to_str().unwrap()]).ok();
    for (size, exit) in [("2kB", 0), ("1.5 KiB", 0), ("2000", 0), ("2KiB", 3), ("1MB", 3)] {
        assert_eq!(bob.run(&["search", "koala", "--min-size", size]).exit, exit, "{size}");
    }
    for size in ["much", "none", "1kB/s", "-1"] {
        let err = bob.run(&["search", "koala", &format!("--max-size={size}")]).failed(2);
        assert!(err.contains("as in 500kB or 1.5MiB"), "{err}");
    }
    let err = bob.run(&["search", "--more"]).failed(2);
    assert!(err.contains("an open prompt, or `serve`"), "{err}");
    let _open = bob.serve();
    bob.run(&["search", "--more"]).failed(2);
    bob.run(&["search", "koala"]).ok();
    bob.run(&["search", "--more"]).failed(9);
    for beside in [&["koala"][..], &["--online"], &["--min-size", "1"], &["--limit", "3"]] {
        let err = bob.run(&[&["search", "--more"][..], beside].concat()).failed(2);
        assert!(err.contains("goes on with the last search as it was"), "{err}");
    }
}

#[test]
fn somebody_says_themselves_what_they_share_and_what_of_it_has_a_keyword() {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    for name in ["animals/emu.txt", "animals/koala.txt", "plants/tree.txt"] {
        bob.write(&format!("zoo/{name}"), name.as_bytes());
    }
    bob.run(&["share", "add", bob.path.join("zoo").to_str().unwrap()]).ok();
    let serving = bob.serve();
    let there = ["browse", "bob", "--at", serving.first["address"].as_str().unwrap()];
    let listed = |more: &[&str]| {
        let files = mallory.objects(&[&there, more, &["--away", "1"]].concat());
        let paths = files.iter().map(|it| it["sources"][0]["path"].as_str().unwrap().to_owned());
        paths.collect::<Vec<_>>()
    };
    let all = ["animals/emu.txt", "animals/koala.txt", "plants/tree.txt"];
    assert_eq!(listed(&[]), all);
    // They have met, and now nobody else can say it.
    town.index.signal(Signal::KILL);
    assert_eq!(listed(&[]), all);
    assert_eq!(listed(&["--keyword", "Animals"]), ["animals/emu.txt", "animals/koala.txt"]);
    let none = [&there[..], &["--keyword", "films", "--away", "1"]].concat();
    assert!(mallory.run(&none).failed(3).contains("has the keyword films"));
}
