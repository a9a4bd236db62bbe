//! Where files lie: what is shared, what was got, and what is on its way.

use crate::stage::Done;
use crate::town::{Serving, Town, has_begun, in_the_end};
use std::fs;
use std::process::Stdio;

#[test]
fn what_one_shares_what_one_gets_and_what_is_half_done_lie_where_one_says() {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    bob.write("zoo/large", &vec![7; 40_000_000]);
    bob.write("zoo/koala.txt", b"a koala");
    bob.run(&["share", "add", bob.path.join("zoo").to_str().unwrap()]).ok();
    let _serving = Serving::of(&mut bob.command(&["serve", "--json", "--upload-limit", "4MB"]));
    let settings = mallory.path.join("waxwing.toml");
    let text = fs::read_to_string(&settings).unwrap() + "downloads = \"elsewhere/got\"\n";
    fs::write(settings, text).unwrap();
    let (elsewhere, usual) = (mallory.path.join("elsewhere/got"), mallory.path.join("downloads"));
    for is_open in [false, true] {
        let open = is_open.then(|| mallory.serve());
        let told = mallory.objects(&["paths"]);
        assert_eq!(told[0]["downloads"], *elsewhere.to_str().unwrap());
        drop(open);
    }

    // What is not whole yet lies beside where it will be, in a folder of its own.
    let mut get = mallory.command(&["get", "bob:zoo/large"]);
    let mut getting = get.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    in_the_end(true, || has_begun(&elsewhere));
    assert!(!elsewhere.join("large").exists() && !usual.exists());
    getting.kill().unwrap();
    getting.wait().unwrap();
    mallory.run(&["transfers", "cancel", "1"]).ok();
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);

    let koala = ["get", "bob:zoo/koala.txt"];
    mallory.run(&koala).ok();
    Done::of(mallory.command(&koala).env("WAXWING_DOWNLOADS", mallory.path.join("variable"))).ok();
    let (flag, out) = (mallory.path.join("flag"), mallory.path.join("out"));
    mallory.run(&[&koala[..], &["--downloads", flag.to_str().unwrap()]].concat()).ok();
    mallory.run(&[&koala[..], &["--out", out.to_str().unwrap()]].concat()).ok();
    for folder in ["elsewhere/got", "variable", "flag", "out"] {
        let landed = fs::read(mallory.path.join(folder).join("koala.txt"));
        assert_eq!(landed.unwrap(), b"a koala", "{folder}");
    }
    assert!(!usual.exists());
    // What was got is nobody's to get from here, unless one says so.
    assert!(mallory.objects(&["share", "ls"]).is_empty());
}
