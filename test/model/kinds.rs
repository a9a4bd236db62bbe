//! What a file is for is told by the end of its name.

use super::*;

#[test]
fn an_extension_says_the_kind_however_it_is_written() {
    use FileKind::*;
    let table = [
        ("koala.jpg", Image),
        ("koala.JPG", Image),
        ("koala.JpEg", Image),
        ("a.b.png", Image),
        ("東京.png", Image),
        ("scan.HEIC", Image),
        ("film.mkv", Video),
        ("m.m2ts", Video),
        ("song.mp3", Audio),
        ("song.flac", Audio),
        ("Jahresbericht_2025-final.PDF", Document),
        ("notes.md", Document),
        ("table.xlsx", Document),
        ("page.html", Document),
        ("backup.tar.gz", Archive),
        ("disk.iso", Archive),
        ("main.rs", Code),
        ("data.json", Code),
        ("setup.exe", Program),
        ("tool.AppImage", Program),
        ("photo.jpg.exe", Program),
        ("README", Other),
        ("Makefile", Other),
        (".png", Other),
        (".hidden.png", Image),
        ("png", Other),
        ("koala.", Other),
        ("koala.jpg ", Other),
        ("koala.jpg~", Other),
        ("koala.j pg", Other),
        ("koala.ｊｐｇ", Other),
        ("koala.appimages", Other),
        ("koala.jpg.", Other),
        ("koala.\u{202e}gpj", Other),
        ("", Other),
        (".", Other),
        ("..", Other),
    ];
    for (name, kind) in table {
        assert_eq!(FileKind::of(name), kind, "{name}");
    }
}

#[test]
fn every_kind_but_other_is_reached() {
    let found: Vec<_> =
        ["a.png", "a.mp4", "a.wav", "a.txt", "a.zip", "a.c", "a.dll", "a"].map(FileKind::of).into();
    assert_eq!(found, FileKind::ALL);
}

/// Numbers are on the wire, and names in stores: neither may change.
#[test]
fn numbers_and_names_are_these_for_ever() {
    let table: Vec<_> = FileKind::ALL.iter().map(|kind| (kind.number(), kind.name())).collect();
    let told = [
        (1, "image"),
        (2, "video"),
        (3, "audio"),
        (4, "document"),
        (5, "archive"),
        (6, "code"),
        (7, "program"),
        (8, "other"),
    ];
    assert_eq!(table, told);
    for number in 0..=255 {
        let kind = FileKind::from_number(number);
        assert_eq!(kind.map(FileKind::number), (1..=8).contains(&number).then_some(number));
    }
}

#[test]
fn a_kind_is_read_as_it_is_shown() {
    for kind in FileKind::ALL {
        assert_eq!(kind.to_string().parse(), Ok(kind));
        assert_eq!(kind.name().to_uppercase().parse(), Ok(kind));
    }
    assert_eq!(format!("[{:<6}]", FileKind::Code), "[code  ]");
    for wrong in ["", "images", " image", "jpg", "1"] {
        let error = refused(wrong.parse::<FileKind>());
        assert!(error.starts_with(&format!("{wrong} is not a kind of file: image, video")));
    }
    let names: Vec<_> = FileKind::ALL.iter().map(|kind| kind.name()).collect();
    let error = refused("x".parse::<FileKind>());
    assert!(error.ends_with(&names.join(", ").replace(", other", " or other")), "{error}");
    assert!(!refused("\u{1b}[2J".parse::<FileKind>()).contains('\u{1b}'));
}

#[test]
fn a_huge_name_is_no_trouble() {
    let start = Instant::now();
    for name in ["x".repeat(10 << 20), format!("x.{}", "J".repeat(10 << 20)), ".".repeat(10 << 20)]
    {
        assert_eq!(FileKind::of(&name), FileKind::Other);
    }
    assert!(start.elapsed() < Duration::from_secs(1), "took {:?}", start.elapsed());
}

proptest! {
    #[test]
    fn only_the_ending_counts(stem in "[^.]{1,9}", inner in any_text()) {
        let name = format!("{stem}{inner}.jpg");
        prop_assert_eq!(FileKind::of(&name), FileKind::Image);
    }
}
