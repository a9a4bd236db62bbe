//! Whether Cargo knows what it is told: targets that are named are there, and what is named in them.

use super::page::{files, root, text};

/// Why this cannot be typed in the project's folder, if so: what stands behind `cargo`, and before
/// what is for a program.
pub(crate) fn why_not(arguments: &[&str]) -> Option<String> {
    let (own, given) = match arguments.iter().position(|it| *it == "--") {
        Some(at) => (&arguments[..at], &arguments[at + 1..]),
        None => (arguments, &[][..]),
    };
    let verb = *own.first()?;
    if !KNOWN.contains(&verb) {
        return Some(format!("what is cargo {verb}?"));
    }
    let named = |kind: &str| {
        let at = own.iter().position(|it| *it == format!("--{kind}"))?;
        own.get(at + 1).copied()
    };
    let missing = ["bin", "test", "bench", "example"]
        .iter()
        .filter_map(|kind| Some((kind, named(kind)?)))
        .find(|(kind, name)| !is_target(kind, name));
    if let Some((kind, name)) = missing {
        return Some(format!("there is no {kind} {name}"));
    }
    let part = given.iter().find(|it| !it.starts_with('-')).map(|it| it.trim_end_matches("::"));
    let (what, is_there) = match (own, part) {
        (["fuzz", "run", name, ..], _) => {
            (*name, root().join(format!("fuzz/fuzz_targets/{name}.rs")).is_file())
        }
        (["test", ..], Some(part)) => {
            (part, is_in("test", named("test"), &[&format!("fn {part}"), &format!("mod {part}")]))
        }
        (["bench", ..], Some(part)) => {
            (part, is_in("benches", named("bench"), &[&format!("\"{part}\"")]))
        }
        _ => return None,
    };
    (!is_there).then(|| format!("nothing is called {what}"))
}

fn is_target(kind: &str, name: &str) -> bool {
    let folder = if kind == "bench" { "benches" } else { &format!("{kind}s") };
    text("Cargo.toml").contains(&format!("[[{kind}]]\nname = \"{name}\""))
        || root().join(folder).join(format!("{name}.rs")).is_file()
}

/// Whether a target, or any if none is named, has one of these texts in it.
fn is_in(folder: &str, target: Option<&str>, parts: &[&String]) -> bool {
    let mine = |path: &str| match target {
        None => true,
        Some(name) => {
            path == format!("{folder}/{name}.rs") || path.starts_with(&format!("{folder}/{name}/"))
        }
    };
    let all = files(folder, ".rs").into_iter().map(|file| file.to_str().unwrap().to_owned());
    all.filter(|path| mine(path)).any(|path| {
        let code = text(&path);
        parts.iter().any(|part| code.contains(*part))
    })
}

const KNOWN: [&str; 10] =
    ["bench", "build", "clippy", "deny", "doc", "fmt", "fuzz", "install", "run", "test"];
