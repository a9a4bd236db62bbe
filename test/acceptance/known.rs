//! Which tests there are, by reading their files: `target::module::function`, as Cargo names them behind
//! the target. `unit` are the tests inside the library.

use super::page::{files, root, text};
use std::cell::OnceCell;

#[derive(Default)]
pub(super) struct Known {
    manifest: OnceCell<String>,
    library: OnceCell<String>,
}

impl Known {
    /// That there is such a test, and that it runs without being asked for.
    pub(super) fn find(&self, test: &str) -> Result<(), String> {
        let parts: Vec<_> = test.split("::").collect();
        let [target, modules @ .., function] = parts.as_slice() else {
            return Err("it names no function".to_owned());
        };
        let file = match (*target, modules) {
            ("unit", [module]) => self.unit(module)?,
            _ => self.file(target, modules)?,
        };
        is_run(&file, function)
    }

    /// The text of a file of the library's own tests.
    fn unit(&self, module: &str) -> Result<String, String> {
        let read = || files("src", ".rs").iter().map(|it| text(it.to_str().unwrap())).collect();
        let library = self.library.get_or_init(read);
        let path = format!("test/unit/{module}.rs");
        let is_taken_in = library.contains(&format!("/{path}\"]"));
        if is_taken_in { Ok(text(&path)) } else { Err(format!("no module {module}")) }
    }

    /// The text of the file in which the last of these modules of a target is.
    fn file(&self, target: &str, modules: &[&str]) -> Result<String, String> {
        let manifest = self.manifest.get_or_init(|| text("Cargo.toml"));
        let declared = format!("[[test]]\nname = \"{target}\"\npath = \"test/{target}.rs\"\n");
        if !manifest.contains(&declared) {
            return Err(format!("no target {target}"));
        }
        let (mut folder, mut file) = (format!("test/{target}"), text(&format!("test/{target}.rs")));
        for module in modules {
            let is_there =
                |with: &str| file.lines().any(|it| it.trim() == format!("mod {module}{with}"));
            if is_there(" {") {
                continue;
            }
            let places = [format!("{folder}/{module}.rs"), format!("{folder}/{module}/mod.rs")];
            let place = places.iter().find(|place| root().join(place).is_file());
            let place =
                place.filter(|_| is_there(";") || file.contains(&format!(" mod {module};")));
            file = text(place.ok_or_else(|| format!("no module {module}"))?);
            folder = format!("{folder}/{module}");
        }
        Ok(file)
    }
}

/// Whether a function is a test that runs by itself. Some are chapters of a story, each told to several
/// engines, which is what a list in the file says.
fn is_run(file: &str, function: &str) -> Result<(), String> {
    let is_chapter =
        |line: &str| line.starts_with("    ") && line.ends_with(&format!("::{function},"));
    if file.contains("\nstory! {\n") && file.lines().any(is_chapter) {
        return Ok(());
    }
    let begin = format!("fn {function}(");
    let lines: Vec<_> = file.lines().map(str::trim).collect();
    let at =
        lines.iter().position(|line| line.contains(&begin)).ok_or("there is no such function")?;
    let before = lines[..at].iter().rev();
    let before: Vec<_> =
        before.take_while(|it| it.starts_with("#[") || it.starts_with("//")).collect();
    let has = |attribute: &str| before.iter().any(|it| it.starts_with(attribute));
    match (has("#[test]") || has("#[tokio::test"), has("#[ignore")) {
        (false, _) => Err("it is no test".to_owned()),
        (true, true) => Err("it does not run by itself".to_owned()),
        (true, false) => Ok(()),
    }
}
