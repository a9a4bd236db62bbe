//! Which tests there are, by reading their files: `target::module::function`, as Cargo names them behind
//! the target. `unit` are the tests inside the library. Where no modules are named, any may be meant.

use crate::page::{files, root, text};
use std::collections::HashMap;

/// The tests of a file by their names, and whether they are long: run only when they are asked for.
pub(crate) type Tests = HashMap<String, bool>;

/// Whether a test is long, if it is there.
pub(crate) fn is_long(test: &str) -> Result<bool, String> {
    let parts: Vec<_> = test.split("::").collect();
    let [target, modules @ .., function] = parts.as_slice() else {
        return Err("it names no function".to_owned());
    };
    let manifest = format!("[[test]]\nname = \"{target}\"\npath = \"test/{target}.rs\"\n");
    if *target != "unit" && !text("Cargo.toml").contains(&manifest) {
        return Err(format!("no target {target}"));
    }
    let code = match (*target, modules) {
        (_, []) => whole(target),
        ("unit", [module]) => unit(module)?,
        _ => module(target, modules)?,
    };
    tests_in(&code).remove(*function).ok_or_else(|| "there is no such test".to_owned())
}

/// The text of all files of a target: its own, and those in the folder of its name.
fn whole(target: &str) -> String {
    let (file, folder) = (format!("test/{target}.rs"), format!("test/{target}/"));
    let all = files("test", ".rs").into_iter().map(|path| path.to_str().unwrap().to_owned());
    all.filter(|path| *path == file || path.starts_with(&folder)).map(|path| text(&path)).collect()
}

/// The text of a file of the library's own tests, if a room takes it in.
fn unit(module: &str) -> Result<String, String> {
    let path = format!("test/unit/{module}.rs");
    let takes_it_in = |room: &str| text(room).contains(&format!("/{path}\"]"));
    let is_taken_in = files("src", ".rs").iter().any(|room| takes_it_in(room.to_str().unwrap()));
    if is_taken_in { Ok(text(&path)) } else { Err(format!("no module {module}")) }
}

/// The text of the file in which the last of these modules of a target is.
fn module(target: &str, modules: &[&str]) -> Result<String, String> {
    let (mut folder, mut file) = (format!("test/{target}"), text(&format!("test/{target}.rs")));
    for module in modules {
        let is_there =
            |with: &str| file.lines().any(|it| it.trim() == format!("mod {module}{with}"));
        if is_there(" {") {
            continue;
        }
        let places = [format!("{folder}/{module}.rs"), format!("{folder}/{module}/mod.rs")];
        let place = places.iter().find(|place| root().join(place).is_file());
        let place = place.filter(|_| is_there(";") || file.contains(&format!(" mod {module};")));
        file = text(place.ok_or_else(|| format!("no module {module}"))?);
        folder = format!("{folder}/{module}");
    }
    Ok(file)
}

/// The functions with an attribute of a test; and the chapters of a story, each of which a macro makes one.
pub(crate) fn tests_in(code: &str) -> Tests {
    let (mut tests, mut attributes) = (Tests::new(), String::new());
    let mut is_story = false;
    for line in code.lines().map(str::trim) {
        is_story = (is_story || line.starts_with("story! {")) && line != "}";
        if let (true, Some((_, chapter))) = (is_story, line.trim_end_matches(',').split_once("::"))
        {
            tests.insert(chapter.to_owned(), false);
        }
        match function(line) {
            _ if line.starts_with("#[") => attributes += line,
            _ if line.starts_with("///") => {}
            Some(name)
                if attributes.contains("#[test]") || attributes.contains("#[tokio::test") =>
            {
                tests.insert(name.to_owned(), attributes.contains("#[ignore"));
                attributes.clear();
            }
            _ => attributes.clear(),
        }
    }
    tests
}

/// The name of the function that this line begins.
fn function(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches("async ").strip_prefix("fn ")?;
    rest.split(['(', '<']).next()
}
