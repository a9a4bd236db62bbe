//! Words: what a name is taken apart into, what is asked for, and whether the two meet.

use super::*;
use std::collections::BTreeSet;
use unicode_normalization::{UnicodeNormalization, is_nfkc};

#[test]
fn names_are_taken_apart_as_people_read_them() {
    for (text, words) in WRITTEN {
        assert_eq!(written(text).join(" "), *words, "{text:?}");
    }
}

/// A name, and the words by which it is found.
const WRITTEN: &[(&str, &str)] = &[
    // Separators of all kinds.
    ("Jahresbericht_2025-final.PDF", "jahresbericht 2025 final pdf"),
    ("snake_case_name", "snake case name"),
    ("kebab-case-name", "kebab case name"),
    ("archive.tar.gz", "archive tar gz"),
    (".hidden", "hidden"),
    ("__init__.py", "init py"),
    ("file (1) [copy] {2}.txt", "file 1 copy 2 txt"),
    ("C++", "c"),
    ("a+b=c", "a b c"),
    ("foo@bar.example", "foo bar example"),
    ("C:\\Temp\\x", "c temp x"),
    ("photos/tree.jpg", "photos tree jpg"),
    ("tree\u{a0}of\u{3000}life\tand\nmore", "tree of life and more"),
    ("one—two…three·four", "one two three four"),
    ("¿Qué?¡Sí!", "que si"),
    ("5€ 100% #tag $HOME", "5 100 tag home"),
    ("007", "007"),
    ("tree tree TREE", "tree"),
    ("", ""),
    ("--- ... ***", ""),
    // Borders inside a run: the whole, letters apart from digits, then each part.
    ("CamelCase", "camelcase camel case"),
    ("camelCase", "camelcase camel case"),
    ("PDFReader", "pdfreader pdf reader"),
    ("getHTTPResponseCode", "gethttpresponsecode get http response code"),
    ("iPhone12Pro", "iphone12pro iphone 12 pro i phone"),
    ("MyTrip2024", "mytrip2024 mytrip 2024 my trip"),
    ("IMG20250101", "img20250101 img 20250101"),
    ("IMG_20250101.jpg", "img 20250101 jpg"),
    ("20250101T1200", "20250101t1200 20250101 t 1200"),
    ("v1.2.3", "v1 v 1 2 3"),
    ("mp3", "mp3 mp 3"),
    ("3D", "3d 3 d"),
    ("ABC", "abc"),
    ("aB", "ab a b"),
    ("ABc", "abc a bc"),
    ("ÄÖÜbung", "aoubung ao ubung"),
    ("éclairÉté", "eclairete eclair ete"),
    ("USB메모리", "usb메모리 usb 메모리"),
    // Apostrophes.
    ("O'Brien", "obrien o brien"),
    ("O’Brien", "obrien o brien"),
    ("OʼBrien", "obrien o brien"),
    ("don't", "dont don t"),
    ("L'été", "lete l ete"),
    ("rock'n'roll", "rocknroll rock n roll"),
    ("1'000", "1000 1 000"),
    ("'quoted' and ‘quoted’", "quoted and"),
    ("dogs' a''b", "dogs a b"),
    // Case, accents, strokes, ligatures, width.
    ("Straße", "strasse"),
    ("STRASSE ẞ", "strasse ss"),
    ("Größe", "grosse"),
    ("Gro\u{308}ße", "grosse"),
    ("Ångström", "angstrom"),
    ("naïve Œuvre Ærø", "naive oeuvre aero"),
    ("Łódź Đorđe Þór Ħal", "lodz dorde thor hal"),
    ("Việt Nam", "viet nam"),
    ("İstanbul ISTANBUL ıstanbul istanbul", "istanbul"),
    ("ﬁle ﬀ ſet", "file ff set"),
    ("Ｗｉｄｅ１２", "wide12 wide 12"),
    ("m² ½ ① Ⅳ ㎏ ª", "m2 m 2 1 iv kg a"),
    ("Z\u{336}a\u{489}\u{301}l\u{20dd}go", "zalgo"),
    ("Ελλάδα ΕΛΛΆΔΑ", "ελλαδα"),
    ("Ὀδυσσεύς ᾳ", "οδυσσευσ α"),
    ("Ёлка ёлка Йод", "елка иод"),
    // Marks that stay, and points that go.
    ("हिन्दी", "हिन्दी"),
    ("क़लम क\u{93c}लम", "क\u{93c}लम"),
    ("தமிழ்", "தமிழ்"),
    ("שָׁלוֹם", "שלום"),
    ("كِتَابٌ أحمد", "كتاب احمد"),
    ("محـــمد", "محمد"),
    ("한국어", "한국어"),
    ("\u{1112}\u{1161}\u{11ab}", "한"),
    ("٢٠٢٤ ۲۰۲۵ २०२६", "2024 2025 2026"),
    // Scripts without spaces: pairs, and at the end each by itself.
    ("東", "東"),
    ("東京タワー2024", "東京 京タ タワ ワー 2024 東 京 タ ワ ー"),
    ("第1回.pdf", "第 1 回 pdf"),
    ("私のiPhone", "私の iphone i phone 私 の"),
    ("人人人", "人人 人"),
    ("東'京", "東 京"),
    ("ﾊﾟﾝ パン ハ\u{309a}ン", "パン パ ン"),
    ("二〇二四", "二〇 〇二 二四 二 〇 四"),
    ("สวัสดี", "สวั วัส สดี ส วั ดี"),
    ("๒๕๖๗", "2567"),
    ("ພາສາລາວ", "ພາ າສ ສາ າລ ລາ າວ ພ າ ສ ລ ວ"),
    ("ខ្មែរ", "ខ្ម\u{17c2} ម\u{17c2}រ ខ្ ម\u{17c2} រ"),
    ("မြန်မာ", "မြန် န်မာ မြ န် မာ"),
    ("㍻ ㈱", "平成 株 平 成"),
    // What is not seen, and what is only seen.
    ("🐨koala🐨jpg🇩🇪", "koala jpg"),
    ("1\u{fe0f}\u{20e3} ❤\u{fe0f}", "1"),
    ("👩\u{200d}🚀", ""),
    ("\u{200f}שלום\u{200e}", "שלום"),
    ("gpj\u{202e}exe", "gpjexe"),
    ("Do\u{ad}nau zero\u{200b}width \u{feff}bom", "donau zerowidth bom"),
    ("a\0b\u{7f}c\u{85}d\u{2028}e\u{1b}[2Jf", "a b c d e 2jf 2 jf"),
    ("a\u{378}b\u{e000}c", "a b c"),
    ("\u{301}\u{93f}\u{93f}", ""),
];

#[test]
fn what_is_asked_is_found_however_it_is_written() {
    for (asked, name, expected) in ASKED {
        assert_eq!(is_found(asked, name), *expected, "{asked:?} in {name:?}");
    }
}

/// What is typed, a name, and whether it is found.
const ASKED: &[(&str, &str, bool)] = &[
    ("jahresbericht", "Jahresbericht_2025-final.PDF", true),
    ("pdf 2025 JAHRESBERICHT", "Jahresbericht_2025-final.PDF", true),
    ("Jahresbericht_2025-final.PDF", "Jahresbericht_2025-final.PDF", true),
    ("jahres", "Jahresbericht_2025-final.PDF", false),
    ("jahres*", "Jahresbericht_2025-final.PDF", true),
    ("bericht*", "Jahresbericht_2025-final.PDF", false),
    ("jahresbericht 2024", "Jahresbericht_2025-final.PDF", false),
    ("*.pdf", "Jahresbericht_2025-final.PDF", true),
    ("Jahr*2025*.pdf", "Jahresbericht_2025-final.PDF", true),
    ("camelcase", "CamelCase.java", true),
    ("camel", "CamelCase.java", true),
    ("camel case", "CamelCase.java", true),
    ("camel-case", "CamelCase.java", true),
    ("CamelCase", "camel_case.py", true),
    ("CamelCase", "camelcase.py", true),
    ("camelcase", "camel_case.py", false),
    ("CamelCa*", "camel_case.py", true),
    ("CamelCa*", "camelcase.py", true),
    ("camelca*", "CamelCase.java", true),
    ("CamelCase", "case.py", false),
    ("mytrip", "MyTrip2024.jpg", true),
    ("mytrip2024", "MyTrip_2024.jpg", true),
    ("MyTrip2024", "my trip 2024.jpg", true),
    ("my-trip-2024", "MyTrip2024.jpg", true),
    ("trip20*", "MyTrip2024.jpg", true),
    ("mytrip2*", "MyTrip2024.jpg", true),
    ("img2025*", "IMG_20250101.jpg", true),
    ("img_2025*", "IMG20250101.jpg", true),
    ("IMG_*.jpg", "IMG_20250101.jpg", true),
    ("pdf", "PDFReader.exe", true),
    ("v1.2", "app-v1.2.3.tar.gz", true),
    ("1.3", "app-v1.2.3.tar.gz", true), // Each number is a word by itself.
    ("7", "007.txt", false),
    ("ab1ab*", "1 abc", false),
    ("ab1ab*", "ab 1 abc", true),
    ("ab1a*", "ab 1", true),
    ("obrien", "O'Brien.txt", true),
    ("brien", "O'Brien.txt", true),
    ("O’Brien", "OBrien.txt", true),
    ("o'brien", "o brien.txt", true),
    ("o'brien", "obrien.txt", true),
    ("dont", "Don't look up.mkv", true),
    ("été", "L'Ete.txt", true),
    ("ete", "L’été.txt", true),
    ("strasse", "Straße.txt", true),
    ("STRAẞE", "strasse.txt", true),
    ("groesse", "Größe.txt", false),
    ("grosse", "Größe.txt", true),
    ("istanbul", "İSTANBUL.jpg", true),
    ("İSTANBUL", "istanbul.jpg", true),
    ("file", "ﬁle.txt", true),
    ("ＰＤＦ＊", "pdfs.txt", true),
    ("ελλασ", "ΕΛΛΆΣ.txt", true),
    ("елка", "Ёлка.jpg", true),
    ("शिव", "शिव.txt", true),
    ("शव", "शिव.txt", false),
    ("שלום", "שָׁלוֹם.txt", true),
    ("احمد", "أحمد.txt", true),
    ("2024", "تقرير ٢٠٢٤.pdf", true),
    ("京", "東京タワー2024.jpg", true),
    ("東京", "東京タワー2024.jpg", true),
    ("タワー", "東京タワー2024.jpg", true),
    ("ﾀﾜｰ", "東京タワー2024.jpg", true),
    ("東京タワー2024", "2024東京タワー.jpg", true),
    ("京東", "東京タワー2024.jpg", false),
    ("東タ", "東京タワー2024.jpg", false),
    ("東京タワー2025", "東京タワー2024.jpg", false),
    ("東京20*", "東京タワー2024.jpg", true),
    ("東*", "東京タワー2024.jpg", true),
    ("がく", "かく.jpg", false),
    ("สวัสดี", "คำสวัสดี.txt", true),
    ("สวัสด", "สวัสดี.txt", false),
    ("สวัสด*", "สวัสดี.txt", true),
    ("한국", "한국어.txt", false),
    ("한국*", "한국어.txt", true),
    ("koala AND tree", "koala tree.jpg", false),
    ("koala AND tree", "koala and tree.jpg", true),
    ("koala OR tree", "koala.jpg", false),
    ("NOT koala", "koala.jpg", false),
    ("-koala", "koala.jpg", true),
    ("name:koala", "koala name.jpg", true),
    ("\"koala\" (tree) ^x", "koala tree x", true),
    ("\"koala tree\"", "tree of a koala", true),
    ("\u{202e}koala\u{2069}", "koala.jpg", true),
    ("ko\u{ad}ala", "koala.jpg", true),
    ("½", "1.jpg", false),
    ("½", "1 of 2.jpg", true),
];

#[test]
fn a_word_says_how_it_is_found() {
    let table = [
        ("koala", "koala tree", Match::Exactly),
        ("koala", "koalas tree", Match::Nowhere),
        ("koala*", "koala koalas", Match::Exactly),
        ("koala*", "koalas koala", Match::Exactly),
        ("koala*", "koalas", Match::Beginning),
        ("koala*", "koal", Match::Nowhere),
        ("koala*", "", Match::Nowhere),
        ("CamelCa*", "camelcase", Match::Beginning),
        ("CamelCa*", "camel case", Match::Beginning),
        ("CamelCa*", "camelcase camel ca", Match::Exactly),
        ("CamelCase", "camel", Match::Nowhere),
        ("CamelCase", "case camel", Match::Exactly),
    ];
    for (typed, words, how) in table {
        let asked = asked(typed);
        assert_eq!(asked.words()[0].matches(words.split(' ')), how, "{typed} in {words}");
    }
    assert!(Match::Nowhere < Match::Beginning && Match::Beginning < Match::Exactly);
}

#[test]
fn one_typed_run_is_one_word_with_alternatives() {
    let table = [
        ("koala", "koala"),
        ("koal*", "koal*"),
        ("koal**", "koal*"),
        ("*koal", "koal"),
        ("koal *", "koal"),
        ("\"koal\"*", "koal"),
        ("CamelCa*", "camelca* | camel ca*"),
        ("O'Brien", "obrien | o brien"),
        ("myTrip2024", "mytrip2024 | mytrip 2024 | my trip 2024"),
        ("ab1ab", "ab1ab | ab 1"),
        ("ab1ab*", "ab1ab* | ab 1 ab*"),
        ("東", "東"),
        ("東京タワー", "東京 京タ タワ ワー"),
        ("東京2024*", "東京 2024*"),
        ("東京iPhone12", "東京 iphone12 | 東京 iphone 12 | 東京 i phone 12"),
        ("人人人*", "人人 人人*"),
        // What is left out at the end was not the end.
        (
            "一二三四五六七八九十百千万上下左右中*",
            "一二 二三 三四 四五 五六 六七 七八 八九 九十 十百 百千 千万 万上 上下 下左 左右",
        ),
    ];
    for (typed, expected) in table {
        let asked = asked(typed);
        let [word] = asked.words() else { panic!("{typed}: {asked:?}") };
        let lists = word.alternatives().iter().map(|terms| terms.iter().map(shown).collect());
        let lists: Vec<Vec<_>> = lists.collect();
        let lists: Vec<_> = lists.iter().map(|terms| terms.join(" ")).collect();
        assert_eq!(lists.join(" | "), expected, "{typed}");
    }
}

#[test]
fn a_search_has_one_to_ten_words_and_a_repeated_one_counts_once() {
    for text in
        ["", " ", "*", "\"\" - ( ) :", "🐨", "\u{202e}\u{200b}", "\0\u{1b}", "'", "ー\u{301}*"]
    {
        match text {
            "ー\u{301}*" => assert!(Asked::parse(text).is_ok()),
            _ => assert_eq!(Asked::parse(text), Err(Error::NoWord), "{text:?}"),
        }
    }
    let ten = "a b c d e f g h i j";
    assert_eq!(asked(ten).words().len(), 10);
    assert_eq!(Asked::parse(&format!("{ten} k")), Err(Error::ManyWords));
    assert_eq!(asked(&format!("{ten} A j Á ａ B {ten}")).words().len(), 10);
    assert_eq!(asked("koala koala* KOALA Koala* koala").words().len(), 2);
    assert_eq!(asked("camelcase CamelCase").words().len(), 2);
}

#[test]
fn the_reasons_are_words_for_people() {
    let told = "there is no word to search for: a word has a letter or a digit";
    assert_eq!(Error::NoWord.to_string(), told);
    let told = format!("a search has at most {} words", limits::ASKED_WORDS);
    assert_eq!(Error::ManyWords.to_string(), told);
}

#[test]
fn a_word_is_shown_as_it_was_typed_without_what_steers() {
    let table = [
        ("  Koal* ", "Koal*"),
        ("Été", "Été"),
        ("O’Brien'", "O’Brien"),
        ("ＰＤＦ＊", "ＰＤＦ＊"),
        ("東京タワー2024", "東京タワー2024"),
        ("ko\u{202e}a\u{ad}la\u{200b}", "koala"),
        ("½", "½"),
        ("(\"a\"", "a"),
    ];
    for (typed, shown) in table {
        assert_eq!(asked(typed).words()[0].to_string(), shown);
    }
    let long = "x".repeat(10_000);
    assert_eq!(asked(&long).words()[0].to_string(), format!("{}…", "x".repeat(64)));
    let marked = format!("e{}", "\u{301}".repeat(10_000));
    assert!(asked(&marked).words()[0].to_string().chars().count() < 1000);
}

#[test]
fn a_word_has_at_most_64_characters_and_what_follows_is_not_heeded() {
    for (letter, folded) in
        [("a", "a"), ("É", "e"), ("ह", "ह"), ("한", "한"), ("क\u{93c}", "क\u{93c}")]
    {
        let long: String = letter.repeat(65);
        let cut: String = folded.repeat(65).chars().take(64).collect();
        assert_eq!(written(&long), [cut.as_str()]);
        assert!(is_found(&long, &letter.repeat(1000)), "{letter}");
        assert!(is_found(&letter.repeat(2000), &letter.repeat(1000)), "{letter}");
        assert!(is_found(&format!("{}*", letter.repeat(900)), &letter.repeat(1000)), "{letter}");
    }
    let last = format!("{}ßx", "a".repeat(63));
    assert_eq!(written(&last), [format!("{}s", "a".repeat(63))]);
}

#[test]
fn no_more_words_are_given_than_asked_for_and_the_whole_comes_first() {
    let all = written("MyTrip2024_東京.jpg");
    for most in 0..all.len() + 2 {
        let words = words_of("MyTrip2024_東京.jpg", most);
        let texts: Vec<_> = words.iter().map(Word::as_str).collect();
        assert_eq!(texts, all[..most.min(all.len())]);
    }
    // Names that a machine made have more parts than an entry has words.
    let random = "aB3".repeat(85);
    let words = words_of(&random, limits::ENTRY_WORDS);
    assert!(words.len() <= limits::ENTRY_WORDS);
    assert!(meets(&asked(&random), words.iter().map(Word::as_str)));
}

#[test]
fn a_run_of_endless_parts_is_one_word_of_few_terms() {
    for text in
        ["aB".repeat(1 << 20), "東京".repeat(1 << 19), "a1".repeat(1 << 20), "ab'".repeat(1 << 19)]
    {
        let asked = asked(&text);
        assert_eq!(asked.words().len(), 1);
        let alternatives = asked.words()[0].alternatives();
        assert!((1..=3).contains(&alternatives.len()));
        assert!(alternatives.iter().all(|terms| (1..=16).contains(&terms.len())));
        assert!(meets(&asked, words_of(&text, 64).iter().map(Word::as_str)));
        assert!(is_found("koala tree", &format!("{text} koalaTree")));
    }
}

#[test]
fn huge_texts_take_moments_and_no_room() {
    const SIZE: usize = 1 << 20;
    let texts = [
        ("x".repeat(10 * SIZE), Ok(1), 1),
        ("\"*(".repeat(10 * SIZE / 3), Err(Error::NoWord), 0),
        ("aB".repeat(SIZE / 2), Ok(1), 3),
        ("É".repeat(SIZE / 2), Ok(1), 1),
        (format!("a{}", "\u{301}".repeat(SIZE / 2)), Ok(1), 1),
        (format!("क{}", "\u{93c}".repeat(SIZE / 3)), Ok(1), 1),
        ("東京".repeat(SIZE / 6), Ok(1), 4),
        (" ".repeat(SIZE), Err(Error::NoWord), 0),
        ("🐨".repeat(SIZE / 4), Err(Error::NoWord), 0),
        ("\u{202e}".repeat(SIZE / 3), Err(Error::NoWord), 0),
        ("koala ".repeat(SIZE / 6) + "tree", Ok(2), 2),
    ];
    let start = Instant::now();
    for (text, count, words) in &texts {
        let name: String = text.chars().take(8).collect();
        let (allocated, ()) = allocated_by(|| {
            assert_eq!(Asked::parse(text).map(|asked| asked.words().len()), *count, "{name}");
            let found = words_of(text, 64).len();
            assert_eq!(found, *words, "{name}");
        });
        assert!(allocated < SIZE, "{name}: {allocated} bytes");
    }
    // Were each character looked at for each other one, it would be days.
    assert!(start.elapsed() < Duration::from_secs(60), "took {:?}", start.elapsed());
}

#[test]
fn nothing_is_read_behind_the_last_word_that_counts() {
    let numbers: String = (0..1_000_000).map(|n| format!("{n:09} ")).collect();
    let is_quick = |_| {
        let start = Instant::now();
        assert_eq!(Asked::parse(&numbers), Err(Error::ManyWords));
        assert_eq!(words_of(&numbers, 64).len(), 64);
        start.elapsed() < Duration::from_millis(10)
    };
    // Whatever else the machine does, once in a while it does this.
    assert!((0..20).any(is_quick));
}

#[test]
fn a_hundred_thousand_names_are_taken_apart_in_no_time() {
    let names: Vec<_> = (0..100_000).map(|n| format!("Some_Report-{n} Größe.PDF")).collect();
    let start = Instant::now();
    let words: usize = names.iter().map(|name| words_of(name, 64).len()).sum();
    assert_eq!(words, 500_000);
    assert!(start.elapsed() < Duration::from_secs(5), "took {:?}", start.elapsed());
}

#[test]
fn every_character_gives_words_that_are_their_own_spelling() {
    for c in '\0'..=char::MAX {
        let words = words_of(&format!("a{c}{c}"), 64);
        words.iter().filter(|word| word.as_str() != "a").for_each(assert_is_word);
    }
}

#[test]
fn every_letter_is_found_in_its_other_case_and_spelling() {
    let fold = |text: &str| caseless::default_case_fold_str(text);
    for c in ('\0'..=char::MAX).filter(|c| c.is_alphanumeric()) {
        let name = format!("a{c}b");
        let lower = name.to_lowercase();
        // The table of case folding may be younger or older than Rust's.
        let lower = if fold(&lower) == fold(&name) { lower } else { name.clone() };
        for spelling in [lower, name.nfd().collect(), name.nfkc().collect()] {
            assert!(is_found(&spelling, &name), "{spelling:?} in {name:?}");
        }
    }
}

#[test]
fn only_what_is_a_word_is_taken_from_a_store() {
    let right = [
        "a",
        "0",
        "koala",
        "strasse",
        "a1",
        "हिन्दी",
        "한국어",
        "東",
        "東京",
        "สวั",
        "パン",
        "ελλασ",
    ];
    for text in right {
        let word = Word::from_stored(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!((word.as_str(), word.to_string()), (text, text.to_owned()));
    }
    let longest = ["a", "ह", "한"].map(|letter| letter.repeat(64));
    assert!(longest.iter().all(|text| Word::from_stored(text).is_some()));
    let too_long = ["a", "ह", "한"].map(|letter| letter.repeat(65));
    #[rustfmt::skip]
    let wrong = [
        "", " ", "A", "Koala", "a b", " a", "a ", "a\n", "a\0", "a\"", "a*", "a'b", "a’b", "o.k", "é",
        "e\u{301}", "ß", "ø", "ﬁ", "ａ", "٢", "²", "ハ\u{309a}", "\u{1112}\u{1161}", "\u{93f}", "東京タ",
        "a東", "東a", "שָׁ", "a\u{200d}", "\u{202e}a", "🐨", "a\u{fe0f}", "\u{378}", "Ꭰ\u{301}", "ς",
        &too_long[0], &too_long[1], &too_long[2],
    ];
    for text in wrong {
        assert_eq!(Word::from_stored(text), None, "{text:?}");
    }
}

#[test]
fn a_word_that_is_shown_does_not_spill() {
    let word = Word::from_stored(&format!("क{}", "\u{94d}".repeat(63))).unwrap();
    assert!(word.to_string().contains("\\u{94d}"), "{word}");
}

proptest! {
    #[test]
    fn words_of_any_text_are_words_and_each_comes_once(text in some_text(), most in 0usize..70) {
        let words = words_of(&text, most);
        prop_assert!(words.len() <= most);
        prop_assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), words.len());
        words.iter().for_each(assert_is_word);
    }

    #[test]
    fn fewer_words_are_some_of_all(text in some_text(), most in 0usize..20) {
        let all = words_of(&text, 10_000);
        let few = words_of(&text, most);
        prop_assert_eq!(few.len(), all.len().min(most));
        // Single letters give way to what stands further back.
        prop_assert!(few.iter().all(|word| all.contains(word)));
    }

    #[test]
    fn any_search_gives_words_or_a_reason(text in some_text()) {
        match Asked::parse(&text) {
            Err(error) => {
                let expected = if has_word(&text) { Error::ManyWords } else { Error::NoWord };
                prop_assert_eq!(error, expected);
            }
            Ok(asked) => {
                prop_assert!((1..=10).contains(&asked.words().len()));
                for word in asked.words() {
                    let shown = word.to_string();
                    prop_assert!(!shown.is_empty() && !shown.contains(steers), "{shown:?}");
                    for terms in word.alternatives() {
                        prop_assert!((1..=16).contains(&terms.len()));
                        terms.iter().for_each(|term| assert_is_word(term.word()));
                        let prefixes = terms.iter().filter(|term| matches!(term, Term::Prefix(_)));
                        prop_assert!(prefixes.count() <= usize::from(text.contains(['*', '＊', '﹡'])));
                    }
                }
            }
        }
    }

    #[test]
    fn a_name_is_found_by_the_whole_of_it(name in some_text()) {
        let asked = ten_words_of(&name);
        prop_assert!(asked.is_none_or(|asked| meets(&asked, written(&name).iter().map(|w| &**w))));
    }

    #[test]
    fn a_name_among_others_is_found_by_every_word_of_it(name in some_text(), other in some_text()) {
        let both = format!("{other} {name}.{other}");
        for part in name.split([' ', '-', '.', '_']).filter_map(|part| Asked::parse(part).ok()) {
            prop_assert!(meets(&part, written(&both).iter().map(|w| &**w)), "{part:?} in {both:?}");
        }
    }

    #[test]
    fn a_plain_word_is_found_by_its_beginning(
        words in proptest::collection::vec("[a-z]{1,70}|[а-я]{1,70}|[א-ת]{1,9}|[가-힣]{1,9}", 1..9),
        at in any::<prop::sample::Index>(),
        length in 1usize..70,
    ) {
        let word = at.get(&words);
        let beginning: String = word.chars().take(length).chain(['*']).collect();
        prop_assert!(is_found(&beginning, &words.join("_")), "{beginning}");
        prop_assert!(is_found(&beginning.to_uppercase(), &words.join("_")), "{beginning}");
    }

    #[test]
    fn case_and_spelling_do_not_matter(words in proptest::collection::vec("[a-zà-öø-ÿα-ω]{1,9}", 1..9)) {
        let name = words.join("-");
        let decomposed: String = name.nfd().collect();
        prop_assert_eq!(written(&name), written(&decomposed));
        prop_assert_eq!(written(&name), written(&name.to_uppercase()));
    }

    #[test]
    fn a_stored_text_is_a_word_exactly_if_it_is_its_own_first(text in some_text()) {
        let is_own = words_of(&text, 1).first().is_some_and(|word| word.as_str() == text);
        prop_assert_eq!(Word::from_stored(&text).is_some(), is_own);
    }

    #[test]
    fn a_word_is_found_exactly_where_all_terms_of_an_alternative_are(
        typed in "[ab]{1,3}([AB][ab]{0,2}|[12])?\\*?",
        words in proptest::collection::vec("[ab12]{1,4}", 0..6),
    ) {
        let asked = asked(&typed);
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let holds = |term: &Term| words.iter().any(|word| match term {
            Term::Exact(asked) => asked.as_str() == *word,
            Term::Prefix(asked) => word.starts_with(asked.as_str()),
        });
        let expected = asked.words()[0].alternatives().iter().any(|terms| terms.iter().all(holds));
        let how = asked.words()[0].matches(words.iter().copied());
        prop_assert_eq!(how != Match::Nowhere, expected);
        prop_assert!(how == Match::Exactly || !expected || typed.ends_with('*'));
    }
}

/// What every word obeys, said once more and otherwise than in the code.
fn assert_is_word(word: &Word) {
    let text = word.as_str();
    assert!((1..=64).contains(&text.chars().count()), "{text:?}");
    for c in text.chars() {
        let plain = c.is_ascii_lowercase() || c.is_ascii_digit();
        assert!(if c.is_ascii() { plain } else { !c.is_whitespace() && !steers(c) }, "{text:?}");
        let in_no_script = matches!(c, '\u{300}'..='\u{36f}' | '\u{fe00}'..='\u{fe0f}');
        assert!(!in_no_script && !matches!(c, '‘'..='‟' | 'ʼ' | '«' | '»' | '＂'), "{text:?}");
    }
    assert!(is_nfkc(text), "{text:?}");
    assert_eq!(words_of(text, 1), std::slice::from_ref(word), "{text:?}");
    assert_eq!(Word::from_stored(text).as_ref(), Some(word), "{text:?}");
    let asked = asked(text);
    assert_eq!(asked.words().len(), 1, "{text:?}");
    assert_eq!(asked.words()[0].matches([text].into_iter()), Match::Exactly, "{text:?}");
}

fn written(text: &str) -> Vec<String> {
    words_of(text, 10_000).iter().map(|word| word.as_str().to_owned()).collect()
}

fn has_word(text: &str) -> bool {
    !words_of(text, 1).is_empty()
}

fn asked(text: &str) -> Asked {
    Asked::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn is_found(query: &str, name: &str) -> bool {
    meets(&asked(query), written(name).iter().map(String::as_str))
}

fn meets<'a>(asked: &Asked, words: impl Iterator<Item = &'a str> + Clone) -> bool {
    asked.words().iter().all(|word| word.matches(words.clone()) != Match::Nowhere)
}

fn shown(term: &Term) -> String {
    match term {
        Term::Exact(word) => word.to_string(),
        Term::Prefix(word) => format!("{word}*"),
    }
}

/// A search for a name, or for as much of it as has ten words, cut where a run ends.
fn ten_words_of(name: &str) -> Option<Asked> {
    let ends = name.char_indices().rev().filter(|(_, c)| c.is_ascii_whitespace()).map(|(at, _)| at);
    let mut cuts = std::iter::once(name.len()).chain(ends);
    cuts.find_map(|end| Asked::parse(&name[..end]).ok())
}

/// Names as people give them, beside texts of every kind.
fn some_text() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(PIECES.to_vec()).prop_map(str::to_owned);
    let piece =
        prop_oneof![4 => piece, 1 => "\\PC{0,4}", 1 => any::<char>().prop_map(String::from)];
    let name = proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat());
    prop_oneof![2 => name, 1 => any_text(), 1 => any::<String>()]
}

#[rustfmt::skip]
const PIECES: [&str; 40] = [
    "koala", "Tree", "PDF", "x", "I", "2025", "7", "ß", "é", "e\u{301}", "İ", "ﬁ", "ø", "Σ", "ς", "Ё",
    "東", "京", "タワー", "ﾊﾟ", "ก", "ำ", "ดี", "ខ្", "हि", "\u{94d}", "한", "\u{1112}\u{1161}", "שָׁ", "أ",
    "_", "-", ".", " ", " ", "'", "’", "*", "\u{200d}", "½",
];
