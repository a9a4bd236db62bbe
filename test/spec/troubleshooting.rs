//! What `docs/troubleshooting.md` quotes is what the programs say.

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_message_that_is_explained_is_one_that_is_told() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/troubleshooting.md")).unwrap();
    let messages: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next())
        .filter(|said| !["it says", "---"].contains(said))
        .collect();
    assert!(messages.len() > 30, "{}", messages.len());
    let mut code = String::new();
    read_all(&root.join("src"), &mut code);
    for said in messages {
        assert!(code.contains(said), "nothing says {said:?}");
    }
}

fn read_all(folder: &Path, code: &mut String) {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = entries.partition(|path| path.is_dir());
    for file in files {
        *code += &fs::read_to_string(file).unwrap();
    }
    folders.iter().for_each(|folder| read_all(folder, code));
}
