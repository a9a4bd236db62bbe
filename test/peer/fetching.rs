//! What is asked for and served arrives, whatever it is called and however long it is.

use crate::stage::{CHUNK, MIB, Stage, bytes_of, identity, wanted};
use waxwing::model::{Audience, Content};
use waxwing::peer::{FetchedFile, Landed};

#[tokio::test(flavor = "multi_thread")]
async fn files_of_all_sizes_and_names_arrive() {
    let long = format!("{}.bin", "n".repeat(251));
    let sizes = [
        ("empty", 0),
        ("one", 1),
        ("border-", CHUNK - 1),
        ("border", CHUNK),
        ("border+", CHUNK + 1),
        ("deep/er/still/leaf", 3 * MIB + 5),
        ("früchte/ä ö ü 日本語 🦜.txt", 70_000),
        (long.as_str(), 12),
    ];
    let mut stage = Stage::new().await;
    for (seed, (name, size)) in (1..).zip(sizes) {
        stage.make(name, &bytes_of(seed, size));
    }
    let published = stage.publish(Audience::Everyone);
    assert_eq!(published.len(), sizes.len());
    let fetched = stage.fetch(&sizes.map(|(name, _)| name)).await;
    assert!(fetched.stopped.is_none(), "{fetched:?}");
    assert_eq!(fetched.sender, identity("bob").fingerprint());
    assert!(fetched.files.iter().all(|file| matches!(file.landed, Ok(Landed::New))));
    assert_eq!(stage.tree("downloads"), stage.tree("share"));
    assert_eq!(stage.served().await.unwrap().landed.len(), sizes.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_comes_on_lanes_and_has_the_content_asked_for() {
    let mut stage = Stage::new().await;
    let bytes = bytes_of(1, 40 * MIB + 17);
    stage.make("large", &bytes);
    stage.publish(Audience::Everyone);
    let content = Content::of(&bytes);
    let fetched = stage.fetch_all(vec![wanted("large", Some(content))]).await;
    let [FetchedFile { landed: Ok(Landed::New), content: Some(found), .. }] = &fetched.files[..]
    else {
        panic!("{fetched:?}")
    };
    assert_eq!(*found, content);
    assert!(std::fs::read(stage.at("downloads/large")).unwrap() == bytes);
    assert_eq!(stage.served().await.unwrap().bytes, bytes.len() as u64);
}
