//! What the README and the other pages tell people to type is typed here, page by page, in a temporary
//! folder, with the real programs, and shows what the page says. What cannot be run is on a short list
//! (`docs/unrun.rs`), each with the reason, and with what is looked at instead.

#![cfg(target_os = "linux")]

#[path = "docs/blocks.rs"]
mod blocks;
#[path = "docs/cargo.rs"]
mod cargo;
#[path = "common/mod.rs"]
mod common;
#[allow(dead_code, reason = "the specification's tests use the rest")]
#[path = "spec/help.rs"]
mod help;
#[allow(dead_code, reason = "the specification's tests use the rest")]
#[path = "spec/page.rs"]
mod page;
#[path = "docs/stage.rs"]
mod stage;
#[allow(dead_code, reason = "the client's tests use the rest")]
#[path = "client/terminal.rs"]
mod terminal;
#[path = "docs/unrun.rs"]
mod unrun;

use blocks::{steps, stray_prompts};
use common::skipped;
use page::{files, root, rows, text};
use stage::Stage;

/// Pages on which something is to be typed.
const STORIES: [&str; 4] = ["README.md", "CONTRIBUTING.md", "docs/using.md", "docs/operating.md"];

/// All pages for people, by their path in the project.
fn pages() -> Vec<String> {
    let pages = files("docs", ".md").into_iter().map(|page| page.to_str().unwrap().to_owned());
    let others = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "benches/README.md"];
    others.map(ToOwned::to_owned).into_iter().chain(pages).collect()
}

/// Types all that the page says, from its first line to its last.
#[track_caller]
fn is_true(page: &str) {
    let steps = steps(page, &text(page));
    assert!(!steps.is_empty(), "{page} says nothing to type");
    let mut stage = Stage::new(page, &steps);
    for step in &steps {
        let done = match unrun::check(step) {
            Some(checked) => checked,
            None => stage.play(step),
        };
        done.unwrap_or_else(|why| panic!("{page}:{}: {}: {why}", step.line, step.command));
    }
}

#[test]
fn the_commands_of_the_readme_do_what_it_says() {
    is_true("README.md");
}

#[test]
fn the_commands_of_the_page_for_contributors_can_be_typed() {
    is_true("CONTRIBUTING.md");
}

#[test]
fn the_story_of_the_page_for_people_happens() {
    is_true("docs/using.md");
}

#[test]
fn the_story_of_the_page_for_the_owner_of_an_index_happens() {
    is_true("docs/operating.md");
}

#[test]
fn no_page_has_a_command_that_is_not_looked_at() {
    for page in pages() {
        let text = text(&page);
        let typed = steps(&page, &text).len();
        assert!(typed == 0 || STORIES.contains(&page.as_str()), "nobody types what {page} says");
        // The windows of the story are held line by line by `test/client/story.rs`.
        let allowed =
            ["cd test/user1 && cargo run --bin client", "cd test/user2 && cargo run --bin client"];
        let stray = stray_prompts(&text);
        let strange =
            stray.iter().find(|it| page != "README.md" || !allowed.contains(&it.as_str()));
        assert_eq!(strange, None, "{page}");
    }
}

#[test]
fn what_is_not_run_is_looked_at() {
    let wrong = [
        "cargo test --test nothing",
        "ROUNDS=200 cargo test --test client -- --ignored killed_at_noon",
        "cargo test --test seal -- --ignored killed_many_times",
        "cargo bench --bench transfer -- nothing",
        "cargo bench --bench nothing",
        "cargo run --example nothing",
        "cargo fuzz run nothing",
        "sudo rm -r /",
        "sudo -u waxwing waxwing-server --nonsense users",
    ];
    for line in wrong {
        let step = &steps("a page", &format!("```sh\n{line}\n```\n"))[0];
        assert!(unrun::check(step).is_some_and(|it| it.is_err()), "{line}");
    }
}

#[test]
fn a_story_that_is_not_true_is_seen() {
    for story in [
        "```sh\nserver users\n```\n",
        "```console\n$ client paths\nhome  /nowhere\n```\n",
        "```console\n$ client serch koala\n```\n",
        "```sh\nmake install\n```\n",
    ] {
        let steps = steps("a page", story);
        assert!(Stage::new("a page", &steps).play(&steps[0]).is_err(), "{story}");
    }
}

/// What a page names of the project is in the project.
#[test]
fn every_path_on_the_pages_is_there() {
    const BEGINNINGS: [&str; 7] =
        ["src/", "test/", "docs/", "benches/", "examples/", "fuzz/", ".ci/"];
    let mut found = 0;
    for page in pages() {
        for line in text(&page).lines() {
            let words = line.split(|c: char| c.is_whitespace() || "`(),;|".contains(c));
            for word in words.filter(|word| BEGINNINGS.iter().any(|it| word.starts_with(it))) {
                let path = word.trim_end_matches(['.', ':', '*', '/']).split('#').next().unwrap();
                // What is made at the first run.
                let is_made = path.starts_with("fuzz/artifacts");
                assert!(is_made || root().join(path).exists(), "{page}: {word}: {line}");
                found += 1;
            }
        }
    }
    assert!(found >= 100, "only {found} paths");
}

/// The settings and events that the owner of an index is told of are there.
#[test]
fn what_the_owner_is_told_to_know_is_there() {
    let page = text("docs/operating.md");
    let named = |heading: &str| {
        let rows = rows(&page, heading);
        let cells = rows.iter().flat_map(|row| row[0].split('`').skip(1).step_by(2));
        cells.map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    let (settings, events) = (text("docs/settings.md"), text("docs/json.md"));
    let of_server = settings.split_once("## The server").unwrap().1;
    let told = named("| setting | when to change it |");
    assert!(told.len() >= 8, "{told:?}");
    for name in told {
        assert!(of_server.contains(&format!("| `--{name}")), "there is no setting {name}");
    }
    let of_server = events.split_once("## From the server").unwrap().1;
    let told = named("| look at | what it means | what to do |");
    assert!(told.len() >= 6, "{told:?}");
    for name in told {
        let mut headings = of_server.lines().filter(|line| line.starts_with("### "));
        let is_there = headings.any(|line| line.contains(&format!("`{name}`")));
        assert!(is_there, "there is no event {name}");
    }
}

/// The unit for systemd is one that systemd takes, and starts the server with what it takes.
#[test]
fn the_unit_of_the_server_is_sound() {
    let page = text("docs/operating.md");
    let (_, rest) = page.split_once("```ini\n").expect("a unit");
    let unit = rest.split("```").next().unwrap();
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("a start");
    let (program, arguments) = start.split_once(' ').unwrap();
    let told = unrun::refused(help::Program::Server, &arguments.split(' ').collect::<Vec<_>>());
    assert_eq!(told, None, "{start}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("waxwing.service");
    let unit = unit.replace(program, env!("CARGO_BIN_EXE_server"));
    std::fs::write(&file, unit).unwrap();
    let mut verify = std::process::Command::new("systemd-analyze");
    match verify.args(["verify", "--man=no"]).arg(&file).output() {
        Ok(done) => assert!(done.status.success() && done.stderr.is_empty(), "{done:?}"),
        Err(_) => skipped("there is no systemd-analyze here"),
    }
}
