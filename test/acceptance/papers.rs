//! What the project says of itself on its papers, where no other test looks.

use super::page::{files, text};
use std::collections::BTreeMap;
use waxwing::model::limits::{ENTRY_SIZE, PERSON_ENTRIES, PERSON_SHARES, SEARCH_RESULTS};

/// A section of a page, without its heading.
#[track_caller]
fn section(page: &str, heading: &str) -> String {
    let text = text(page);
    let (_, rest) = text.split_once(&format!("\n## {heading}\n")).expect(heading);
    rest.split("\n## ").next().unwrap().trim().to_owned()
}

/// A number as people write it.
fn written(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().collect();
    let groups = groups.iter().map(|group| std::str::from_utf8(group).unwrap());
    groups.collect::<Vec<_>>().join(",")
}

#[test]
fn the_readme_says_what_it_is_for_what_it_does_not_do_and_what_comes_later() {
    let readme = text("README.md");
    let purpose = readme.strip_prefix("# waxwing\n").unwrap().split("\n## ").next().unwrap();
    for word in ["index", "encrypted", "signed", "client", "server"] {
        assert!(purpose.contains(word), "what it is for is said without {word}");
    }
    let limits = section("README.md", "Known limits");
    assert!(limits.lines().filter(|line| line.starts_with("- ")).count() >= 5, "{limits}");
    for limit in [
        format!("first {} results", written(SEARCH_RESULTS as u64)),
        format!("{PERSON_SHARES} shares"),
        format!("{} entries", written(PERSON_ENTRIES)),
        format!("at most {} TiB", ENTRY_SIZE >> 40),
    ] {
        let limits = limits.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(limits.contains(&limit), "{limit} is not in: {limits}");
    }
    assert!(section("README.md", "What comes later").split_whitespace().count() > 20);
}

#[test]
fn what_to_open_in_a_firewall_is_what_is_listened_on() {
    let several = section("docs/using.md", "On several machines");
    let ports = text("src/node/user/online.rs");
    let ports = ports.split("RangeInclusive<u16> = ").nth(1).unwrap().split(';').next().unwrap();
    let (first, last) = ports.split_once("..=").unwrap();
    assert!(several.contains(&format!("{first} to {last} (TCP)")), "{first} to {last}: {several}");
}

#[test]
fn the_licence_is_the_same_everywhere() {
    assert!(text("Cargo.toml").contains("\nlicense = \"MIT OR Apache-2.0\"\n"));
    assert!(section("README.md", "Licence").starts_with("MIT or Apache-2.0"));
    for (file, title) in
        [("LICENSE-MIT", "MIT License"), ("LICENSE-APACHE", "Apache License Version 2.0,")]
    {
        let text = text(file).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.starts_with(title), "{file}");
    }
}

/// The dependencies under a heading of the manifest: the name of each, and the line.
fn dependencies<'m>(manifest: &'m str, heading: &str) -> BTreeMap<&'m str, &'m str> {
    let (_, rest) = manifest.split_once(&format!("\n[{heading}]\n")).unwrap();
    let lines = rest.lines().take_while(|line| !line.starts_with('['));
    let lines = lines.filter(|line| line.contains(" = ") && !line.starts_with('#'));
    lines.map(|line| (line.split(' ').next().unwrap(), line)).collect()
}

#[test]
fn every_dependency_is_locked_and_has_its_reason() {
    let (manifest, lock) = (text("Cargo.toml"), text("Cargo.lock"));
    let both = ["dependencies", "dev-dependencies"].map(|it| dependencies(&manifest, it));
    assert!(both[0].len() >= 30 && both[1].len() >= 5, "{both:?}");
    for (name, line) in both.iter().flatten() {
        let why = line.split_once(" # ").map_or("", |(_, why)| why);
        assert!(why.split(' ').count() >= 2, "it is not said why: {line}");
        assert!(lock.contains(&format!("\nname = \"{name}\"\nversion = ")), "{name} is not locked");
    }
    assert!(!text(".gitignore").contains("Cargo.lock"));
    assert!(text(".ci/run").contains("cargo clippy --all-targets --locked"));
}

/// What is public has a word of documentation, or nothing lands: lints see to it, and the reference is
/// made of it without a remark. Its examples are among the tests of the library.
#[test]
fn the_reference_of_the_crate_is_whole() {
    assert!(text("Cargo.toml").contains("\n[lints.rust]\nmissing_docs = \"warn\"\n"));
    let before_landing = text(".ci/run");
    for step in [
        "export RUSTDOCFLAGS=\"-D warnings\"\n",
        "cargo doc --no-deps --locked\n",
        "cargo clippy --all-targets --locked -- -D warnings\n",
        "cargo test\n",
    ] {
        assert!(before_landing.contains(step), "{step} is no step of it");
    }
    let rooms = files("src", ".rs").into_iter().filter(|it| !it.starts_with("src/bin"));
    let code: String = rooms.map(|it| text(it.to_str().unwrap())).collect();
    let is_fence = |line: &&str| ["/// ```", "//! ```"].contains(&line.trim());
    assert!(code.lines().filter(is_fence).count() >= 40, "few examples");
    assert!(!code.contains("allow(missing_docs"));
}

#[test]
fn every_bench_tells_ratios_with_their_aims() {
    let manifest = text("Cargo.toml");
    let told = text("benches/README.md");
    let names: Vec<_> = manifest.split("[[bench]]\nname = \"").skip(1).collect();
    assert!(names.len() >= 5, "{names:?}");
    for name in names.iter().map(|rest| rest.split('"').next().unwrap()) {
        assert!(told.contains(&format!("`cargo bench --bench {name}`")), "{name} is not told of");
        let own = |file: &&str| {
            *file == format!("benches/{name}.rs") || file.starts_with(&format!("benches/{name}/"))
        };
        let all = files("benches", ".rs");
        let code: String =
            all.iter().map(|it| it.to_str().unwrap()).filter(own).map(text).collect();
        assert!(code.contains(" ratio("), "{name} tells no ratio");
        assert!(code.contains(", \">") || code.contains(", \"<"), "{name} has no aim");
    }
    assert!(
        text("benches/common/mod.rs").contains("println!(\"RATIO {name} {value:.3} {target}\")")
    );
}
