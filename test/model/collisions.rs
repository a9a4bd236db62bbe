//! Paths that would be one file on another system are found, and no others.

use super::*;

#[test]
fn paths_that_would_be_one_file_elsewhere_collide() {
    let pairs = [
        ("A", "a"),
        ("ß", "ss"),
        ("ß", "SS"),
        ("ß", "ẞ"),
        ("straße.txt", "STRASSE.TXT"),
        ("é", "É"),
        ("σ", "ς"),
        ("ﬁ", "FI"),
        ("ŉ", "ʼN"),
        ("ΐ", "Ϊ\u{301}"),
        ("x", "x/y"),
        ("x", "x/y/z"),
        ("X", "x/y"),
        ("A/x", "a/y"),
        ("p/A/x", "p/a/y/z"),
        ("a/b", "a/b"),
        ("❤.txt", "❤\u{fe0f}.txt"),
    ];
    for (one, other) in pairs {
        for list in [[one, other], [other, one]] {
            let paths = list.map(path);
            let found = find_collision(&paths).unwrap_or_else(|| panic!("{one} and {other}"));
            let mut found = [found.0, found.1];
            let mut expected = paths;
            found.sort();
            expected.sort();
            assert_eq!(found, expected);
        }
    }
}

#[test]
fn paths_that_are_apart_everywhere_do_not_collide() {
    let lists: [&[&str]; 8] = [
        &[],
        &["a"],
        &["a", "b"],
        &["a/x", "a/y"],
        &["a/x", "b/X"],
        &["x", "x.y", "x y", "xy/z"],
        &["a/b", "a.b", "a b/c"],
        &["e", "é", "è", "I", "ı"],
    ];
    for list in lists {
        let paths: Vec<_> = list.iter().map(|text| path(text)).collect();
        assert_eq!(find_collision(&paths), None, "{list:?}");
    }
}

#[test]
fn names_of_which_one_would_sort_between_a_file_and_its_folder() {
    let paths = ["x", "x!", "x/y", "x-", "x.z/y"].map(path);
    assert_eq!(find_collision(&paths), Some(Collision(path("x"), path("x/y"))));
}

#[test]
fn a_collision_shows_both_paths() {
    let found = find_collision(&["B", "b"].map(path)).unwrap();
    assert_eq!(found.to_string(), "B and b would be one and the same on some systems");
}

#[test]
fn one_among_ten_thousand_is_found_wherever_it_stands() {
    let distinct: Vec<_> = (0..10_000).map(|n| path(&format!("d{}/f{n}", n % 97))).collect();
    assert_eq!(find_collision(&distinct), None);
    for (at, added) in [(0, "D3/new"), (5000, "d5"), (9999, "d96/F9990"), (77, "d1/f1/x")] {
        let mut paths = distinct.clone();
        paths.insert(at, path(added));
        let Collision(one, other) = find_collision(&paths).expect(added);
        assert!(collide(&one, &other), "{one} and {other}");
        assert!([&one, &other].iter().any(|p| p.to_string().starts_with(&added[..2])));
    }
}

#[test]
fn a_hundred_thousand_paths_are_compared_in_no_time() {
    let paths: Vec<_> =
        (0..100_000).map(|n| path(&format!("Some/Folder {}/File {n}.txt", n % 1000))).collect();
    let start = Instant::now();
    assert_eq!(find_collision(&paths), None);
    assert!(start.elapsed() < Duration::from_secs(2), "took {:?}", start.elapsed());
}

proptest! {
    #[test]
    fn exactly_what_a_comparison_of_all_pairs_finds(paths in few_paths()) {
        let expected = any_pair_collides(&paths);
        match find_collision(&paths) {
            None => prop_assert!(!expected, "{:?}", paths),
            Some(Collision(one, other)) => {
                prop_assert!(expected && collide(&one, &other), "{one} and {other}");
                let count = |path| paths.iter().filter(|p| *p == path).count();
                let both = if one == other { count(&one) >= 2 } else { count(&one) * count(&other) > 0 };
                prop_assert!(both, "{one} and {other} are not both in {paths:?}");
            }
        }
    }

    #[test]
    fn the_order_of_the_list_does_not_matter(
        (paths, shuffled) in few_paths().prop_flat_map(|p| (Just(p.clone()), Just(p).prop_shuffle())),
    ) {
        prop_assert_eq!(find_collision(&paths), find_collision(&shuffled));
    }
}

/// A few paths over so small an alphabet that about half of the lists collide.
fn few_paths() -> impl Strategy<Value = Vec<EntryPath>> {
    let name = prop::sample::select(NAMES.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    let path = proptest::collection::vec(name, 1..4).prop_map(|names| path(&names.join("/")));
    proptest::collection::vec(path, 0..6)
}

fn any_pair_collides(paths: &[EntryPath]) -> bool {
    let behind = |at: usize| &paths[at + 1..];
    (0..paths.len()).any(|at| behind(at).iter().any(|other| collide(&paths[at], other)))
}

/// The definition, word by word: as long as both go through one folder when case is ignored,
/// they must spell it the same, and neither may end there.
fn collide(one: &EntryPath, other: &EntryPath) -> bool {
    let (mut one, mut other) = (one.components(), other.components());
    loop {
        match (one.next(), other.next()) {
            (Some(a), Some(b)) if folded(a) != folded(b) => return false,
            (Some(a), Some(b)) if a != b => return true,
            (Some(_), Some(_)) => {}
            _ => return true,
        }
    }
}

fn folded(name: &str) -> String {
    let known = NAMES.iter().find(|(known, _)| *known == name);
    known.map_or_else(|| name.to_ascii_lowercase(), |(_, folded)| (*folded).to_owned())
}

const NAMES: [(&str, &str); 13] = [
    ("a", "a"),
    ("A", "a"),
    ("b", "b"),
    ("a-b", "a-b"),
    ("A-b", "a-b"),
    ("ß", "ss"),
    ("ẞ", "ss"),
    ("Ss", "ss"),
    ("é", "é"),
    ("É", "é"),
    ("ﬀ", "ff"),
    ("fF", "ff"),
    ("日", "日"),
];
